"""The learning rate as a function of the step: nothing to save, nothing to advance on resume."""

import math
from dataclasses import dataclass

from ftk.config.schema import Decay

_UNKNOWN = 1000
"""Steps of a run of which nothing can be told yet, which is so in the first step of one that is limited by time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The share of the peak rate that an optimizer step uses.

    Attributes:
        decay: the shape after the warm-up.
        warmup: length of the linear rise: below 1 a share of all steps, else steps.
        floor: the share that the decay ends at.
        cooldown: for wsd the share of all steps over which the rate falls at the end.
    """

    decay: Decay
    warmup: float
    floor: float
    cooldown: float

    def __call__(self, step: int, total: float) -> float:
        """The share for one step.

        Args:
            step: its number, counted from 0.
            total: steps of the whole run, or the best estimate of them where time or tokens limit the run.
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
