"""What a run is to do, what a step reports, and who receives the reports."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ftk.contracts.score import Score
from ftk.core.anomalies import LossGuard
from ftk.core.limits import Interval, RunLimits
from ftk.core.state import TrainState


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is optimised, for how long, and when it is validated, saved and logged.

    Attributes:
        limits: where the run ends.
        seed: of the run.
        batch_size: windows of an optimizer step, on all ranks together.
        max_grad_norm: gradients with a larger norm are scaled down to it; None: never.
        micro_batch: windows computed at once; None: the whole batch.
        guard: decides about losses and gradients that are not finite, and about spikes.
        schedule: the learning rate of a step, as a share of the peak rate, by its number and that of all steps.
        eval_every: when to validate.
        save_every: when to save.
        log_every: steps between two lines of metrics.
        patience: validations without improvement after which the run ends; None: never.
        score: the metric that chooses the best model.
    """

    limits: RunLimits
    seed: int
    batch_size: int
    max_grad_norm: float | None
    micro_batch: int | None
    guard: LossGuard
    schedule: Callable[[int, float], float]
    eval_every: Interval
    save_every: Interval
    log_every: int
    patience: int | None
    score: Score


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What one optimizer step reports.

    Attributes:
        step: steps done, this one included.
        loss_sum: the loss, summed over ``count`` targets.
        count: targets of the step; 0 if its update was skipped.
        lr: the learning rate of the first parameter group.
        grad_norm: before clipping.
        tokens: real tokens.
        padding: padding computed on top.
        seconds: the step took.
        last: whether the run ends with this step.
    """

    step: int
    loss_sum: float
    count: int
    lr: float
    grad_norm: float
    tokens: int
    padding: int
    seconds: float
    last: bool


class Observer(Protocol):
    """Acts on what happens in a run: shows it, validates, and keeps models and states."""

    def stepped(self, info: StepInfo) -> None:
        """Take note of a finished optimizer step."""
        ...

    def logged(self, event: dict[str, Any]) -> None:
        """Write a line of metrics."""
        ...

    def warned(self, text: str) -> None:
        """Tell the user that something runs differently from what was asked for."""
        ...

    def validate(self, state: TrainState) -> dict[str, Any]:
        """Return the metrics of the validation split; empty if there is none."""
        ...

    def validated(self, state: TrainState, metrics: dict[str, Any], *, best: bool) -> None:
        """Take note of a validation, and keep the model if it is the best so far."""
        ...

    def save(self, state: TrainState) -> None:
        """Save the state so that training can resume from it."""
        ...
