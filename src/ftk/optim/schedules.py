"""Learning-rate schedules as functions of the step, without state to save or restore."""

import math
from dataclasses import dataclass

from ftk.config.choices import Decay

_UNKNOWN = 1000
"""Assumed length of a run in steps while it cannot be estimated: in the first step of a run limited by time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Computes the share of the peak learning rate for each optimizer step.

    Attributes:
        decay: shape after the warm-up.
        warmup: length of the linear warm-up: a share of all steps if below 1, else a number of steps.
        floor: share of the peak rate at the end of the decay.
        cooldown: for ``wsd``, the share of all steps over which the rate decays at the end.
    """

    decay: Decay
    warmup: float
    floor: float
    cooldown: float

    def __call__(self, step: int, total: float) -> float:
        """Share of the peak rate for one step.

        Args:
            step: number of the step, counted from 0.
            total: number of steps of the whole run, or its estimate if time or tokens limit the run.
        """
        rise = self.warmup * (total if math.isfinite(total) else _UNKNOWN) if 0 < self.warmup < 1 else self.warmup
        if step < rise:
            return (step + 1) / (rise + 1)
        if self.decay is Decay.constant or math.isinf(total):
            return 1.0
        begin = rise if self.decay is not Decay.wsd else max(rise, total * (1 - self.cooldown))
        if step < begin or total <= begin:
            return 1.0
        progress = min(1.0, (step - begin) / (total - begin))
        if self.decay is Decay.cosine:
            return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * progress)) / 2
        return self.floor + (1 - self.floor) * (1 - progress)
