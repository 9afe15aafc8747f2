"""The fast ways of a run: proved when it begins, and part of its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ftk.config.schema import TrainingConfig
from ftk.contracts.notes import Notes
from ftk.core.hardware import Hardware
from ftk.kernels import install_allowed, training_ways, use_fast_kernels
from ftk.kernels.proof import Verdict, conditions, proven
from ftk.kernels.ways import Way
from ftk.report.console import Console


@dataclass(frozen=True, slots=True)
class FastWays:
    """Which fast ways the model of a run uses on the CPU.

    A proof compares rounded numbers with limits, so another proof, with weights that were trained since, may end
    otherwise. The best model and a run that resumes have to compute as the run began: they take its verdict.

    Attributes:
        verdict: in the precision that the model computes in.
        unfit: why the model computes in fp32, although the run has another precision; None if it does not.
        conditions: the versions, the processor and the precision that the verdict is for.
        mixed_lengths: whether rows of any length share a batch.
    """

    verdict: Verdict
    unfit: str | None
    conditions: str
    mixed_lengths: bool = False

    @classmethod
    def proved(
        cls, model: nn.Module, hardware: Hardware, config: TrainingConfig, *, mixed_lengths: bool = False
    ) -> FastWays:
        """Try the ways on a model with plain modules, or read the verdict on its architecture from the cache."""
        cache_dir, ways = config.data.cache_dir, training_ways(mixed_lengths=mixed_lengths)
        asked = conditions(ways, hardware.dtype)
        verdict = proven(model, ways, hardware.dtype, training=True, cache_dir=cache_dir)
        if verdict.unfit is None:
            return cls(verdict, None, asked, mixed_lengths)
        in_fp32 = proven(model, ways, torch.float32, training=True, cache_dir=cache_dir)
        return cls(in_fp32, verdict.unfit, asked, mixed_lengths)

    @classmethod
    def saved_in(cls, manifest: dict[str, Any] | None, hardware: Hardware) -> FastWays | None:
        """Those in a manifest of ``last/``; None if there are none, or if they are for other conditions."""
        try:
            saved = (manifest or {})["fast_ways"]
            unfit = saved["unfit"]
            unfit = None if unfit is None else str(unfit)
            mixed = bool(saved.get("mixed_lengths", False))
            found = cls(Verdict.of(saved["refusals"]), unfit, str(saved["conditions"]), mixed)
        except (KeyError, TypeError, ValueError):  # an earlier release wrote it, or a run on a GPU
            return None
        return found if found.conditions == conditions(found.ways, hardware.dtype) else None

    @property
    def ways(self) -> tuple[Way, ...]:
        """Those that were tried."""
        return training_ways(mixed_lengths=self.mixed_lengths)

    def to_json(self) -> dict[str, Any]:
        """The ways for the manifest of ``last/``."""
        mixed = {"mixed_lengths": True} if self.mixed_lengths else {}
        return {"refusals": self.verdict.to_json(), "unfit": self.unfit, "conditions": self.conditions, **mixed}

    def install(self, model: nn.Module, notes: Notes) -> None:
        """Install them in a model with plain modules; notes receive those that are not used."""
        install_allowed(model, self.ways, self.verdict, notes)


def on_device(
    model: nn.Module,
    hardware: Hardware,
    config: TrainingConfig,
    console: Console,
    saved: dict[str, Any] | None,
    *,
    mixed_lengths: bool = False,
) -> tuple[Hardware, FastWays | None]:
    """Move the model of a run to its device, and install the fast kernels.

    Args:
        model: with plain modules.
        hardware: device and precision.
        config: of the run.
        console: shows the fast ways that do not fit the model, and another precision.
        saved: the manifest of the state that the run resumes from.
        mixed_lengths: whether rows of any length share a batch.

    Returns:
        The hardware, with the precision that the model can be run in; and the fast ways, None if it has none.

    Raises:
        ModelError: the model cannot be run in the precision that the user asks for.
    """
    model.to(hardware.device)
    if config.hardware.compile or hardware.device.type != "cpu":
        use_fast_kernels(model, compiled=config.hardware.compile)
        return hardware, None
    ways = FastWays.saved_in(saved, hardware)
    if ways is None:
        ways = FastWays.proved(model, hardware, config, mixed_lengths=mixed_lengths)
    if ways.unfit is not None:
        hardware = hardware.for_fp32_model(config.hardware, type(model).__name__, ways.unfit)
        console.say(hardware.why)
    notes = Notes()
    ways.install(model, notes)
    console.report(notes.drain())
    return hardware, ways
