"""Everything that changes during training, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch
from torch import nn

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one update was made of; ``count`` is 0 if it was skipped."""

    loss_sum: float
    count: int
    grad_norm: float
    tokens: int
    padding: int
    overflowed: bool


@dataclass(slots=True)
class Progress:
    """The counters and scores of a run: plain numbers, saved as JSON."""

    step: int = 0
    """Optimizer steps done."""
    tokens: int = 0
    """Real tokens seen, padding not counted."""
    padding: int = 0
    """Padding positions that were computed."""
    seconds: float = 0.0
    """Time spent in optimizer steps."""
    elapsed: float = 0.0
    """Wall-clock time since the first step, validations and saves included."""
    first_step: float = 0.0
    """The value of ``elapsed`` after the first step."""
    validated: int = 0
    """The step of the last validation."""
    eval_marks: int = 0
    """How many times a validation was due."""
    save_marks: int = 0
    """How many times a save was due."""
    best_score: float | None = None
    best_step: int | None = None
    best_metrics: dict[str, Any] = field(default_factory=dict)
    without_gain: int = 0
    """Validations since the best one."""
    skipped: int = 0
    """Steps that the loss scaler skipped because a gradient overflowed fp16."""
    loss_sum: float = 0.0
    """The loss since the last line of metrics, summed over ``loss_count`` targets."""
    loss_count: int = 0
    micro_batch: int | None = None
    """Windows computed at once, if what the config asks for did not fit into memory."""
    left_out: int = 0
    """Updates skipped because of a number that was not finite, or a loss spike."""
    left_out_in_a_row: int = 0
    overflows_in_a_row: int = 0
    spikes: int = 0
    """Losses far above their running mean, whether or not the update was skipped."""
    usual_loss: float = 0.0
    """The running mean of the loss, times ``usual_weight``."""
    usual_weight: float = 0.0
    usual_steps: int = 0

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Progress:
        """Read a progress that was saved as JSON.

        Raises:
            ValueError: a value has another type than the one ftk writes.
        """
        fresh = cls()
        for name, value in saved.items():
            usual = getattr(fresh, name, _NOTHING)
            kinds: tuple[type, ...] = (
                (int, float) if usual is None or isinstance(usual, (int, float)) else (type(usual),)
            )
            if usual is _NOTHING or not (isinstance(value, kinds) or (usual is None and value is None)):
                raise ValueError(f"progress.{name}={value!r} is not what ftk writes")
        return cls(**saved)

    def add_step(self, report: StepReport, *, seconds: float, elapsed: float) -> None:
        """Count a step.

        Args:
            report: of the step.
            seconds: the step took.
            elapsed: since the first step of the run.
        """
        self.step += 1
        self.tokens += report.tokens
        self.padding += report.padding
        self.seconds += seconds
        self.loss_sum += report.loss_sum
        self.loss_count += report.count
        self.skipped += report.overflowed
        self.elapsed = elapsed
        if self.step == 1:
            self.first_step = elapsed


class Stateful(Protocol):
    """Anything else that changes during training: averaged weights, running statistics, …"""

    def tensors(self) -> dict[str, torch.Tensor]:
        """Its tensors by name. They are copied before training continues."""
        ...

    def numbers(self) -> dict[str, Any]:
        """Everything else, as JSON values."""
        ...

    def restore(self, tensors: dict[str, torch.Tensor], numbers: dict[str, Any]) -> None:
        """Return to a saved state. The model and the optimizer have been restored before.

        Raises:
            ValueError: the saved state does not fit.
        """
        ...


@dataclass(slots=True)
class TrainState:
    """Model, optimizer, loss scaler, progress and further parts; saved and restored as a whole.

    It holds no random state: before each step the generators are seeded with (seed, step), and the order of the data
    is a function of (seed, epoch).

    Attributes:
        model: in training, on its device.
        optimizer: of the model's trainable parameters.
        scaler: of the loss, for fp16.
        progress: counters and scores.
        parts: whatever else changes during training, by a name that is not a number; saved and restored under it.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    progress: Progress = field(default_factory=Progress)
    parts: dict[str, Stateful] = field(default_factory=dict)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The optimizer's tensors as ``<number of the parameter>.<name>``, those of the parts as ``<part>.<name>``."""
        found = {
            f"{number}.{name}": value
            for number, values in self.optimizer.state_dict()["state"].items()
            for name, value in values.items()
            if isinstance(value, torch.Tensor)
        }
        for part, stateful in self.parts.items():
            found |= {f"{part}.{name}": value for name, value in stateful.tensors().items()}
        return found

    def numbers(self) -> dict[str, Any]:
        """Everything else but the parameters, as JSON values."""
        packed = self.optimizer.state_dict()
        plain = {
            str(number): {name: value for name, value in values.items() if not isinstance(value, torch.Tensor)}
            for number, values in packed["state"].items()
        }
        return {
            "progress": asdict(self.progress),
            "scaler": self.scaler.state_dict(),
            "optimizer": {"state": plain, "param_groups": packed["param_groups"]},
            "parts": {name: stateful.numbers() for name, stateful in self.parts.items()},
        }

    def restore(
        self, tensors: Mapping[str, torch.Tensor], numbers: Mapping[str, Any], *, optimizer: bool = True
    ) -> None:
        """Return to a saved state; the model's parameters are restored with the model.

        The optimizer's settings stay those of the config.

        Args:
            tensors: from ``tensors``.
            numbers: from ``numbers``.
            optimizer: whether to restore the optimizer and the parts; without them only progress and scaler are.

        Raises:
            ValueError: the saved state does not belong to such a run.
        """
        self.progress = Progress.of(numbers["progress"])
        if numbers["scaler"]:
            self.scaler.load_state_dict(numbers["scaler"])
        if not optimizer:
            return
        by_owner: dict[str, dict[str, torch.Tensor]] = {}
        for name, tensor in tensors.items():
            owner, _, key = name.partition(".")
            by_owner.setdefault(owner, {})[key] = tensor
        parts = {name: by_owner.pop(name) for name in list(by_owner) if not name.isdecimal()}
        saved = {*parts, *numbers.get("parts", {})}
        if saved != {*self.parts}:
            raise ValueError(f"it has the parts {sorted(saved)}, this run has {sorted(self.parts)}")
        self._restore_optimizer(by_owner, numbers["optimizer"])
        for name, stateful in self.parts.items():
            stateful.restore(parts.get(name, {}), numbers.get("parts", {}).get(name, {}))
        self._check_shapes()

    def _restore_optimizer(self, tensors: Mapping[str, dict[str, torch.Tensor]], saved: Mapping[str, Any]) -> None:
        groups = self.optimizer.state_dict()["param_groups"]
        if [group["params"] for group in groups] != [group["params"] for group in saved["param_groups"]]:
            raise ValueError("its optimizer has other parameters")
        state: dict[int, dict[str, Any]] = {int(number): dict(values) for number, values in saved["state"].items()}
        for number, values in tensors.items():
            state.setdefault(int(number), {}).update(values)
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})

    def _check_shapes(self) -> None:
        for parameter, values in self.optimizer.state.items():
            for name, value in values.items():
                if isinstance(value, torch.Tensor) and value.ndim and value.shape != parameter.shape:
                    raise ValueError(f"{name} has the shape {tuple(value.shape)}, its parameter another one")
