"""The training loop: it consumes optimizer steps, and logs, validates and saves when that is due."""

from typing import Any

import numpy as np

from ftk.core.batch_source import BatchSource
from ftk.core.hardware import Hardware
from ftk.core.non_finite import NotFiniteError
from ftk.core.plan import Observer, Plan, StepInfo
from ftk.core.row_losses import RowLosses
from ftk.core.state import Progress, TrainState
from ftk.core.step import Stepper, steps
from ftk.core.world import World
from ftk.errors import DataError, Interrupted, RunError
from ftk.objectives import Objective
from ftk.system.signals import Stop


def train(
    state: TrainState,
    objective: Objective,
    source: BatchSource,
    plan: Plan,
    hardware: Hardware,
    world: World,
    observer: Observer,
    stop: Stop,
    losses: RowLosses | None = None,
) -> None:
    """Run the plan: after each step log, validate, keep the best model, save and stop, each when it is due.

    The losses of the rows of a step are in ``losses`` when the observer hears of the step.

    Raises:
        Interrupted: a signal came; the state has been saved.
        RunError: from ``steps``, or the validation loss is not finite.
        DataError: the model computes numbers that are not finite for rows of the validation split.
    """
    run = _Run(state, plan, observer, world, stop)
    if not run.validate():
        return
    info: StepInfo | None = None
    for info in steps(Stepper(state, objective, source, plan, hardware, world, observer.warned, losses)):
        observer.stepped(info)
        if info.step % plan.log_every == 0 or info.last:
            run.log(info)
        improving = run.validate_or_save()
        # Asked once: a signal that comes later must find a save before it ends the run.
        requested = world.any(stop.requested)
        if run.save_is_due() or info.last or not improving or requested:
            run.save()
        if requested:
            stop.check()
        if not improving:
            return
    if info is not None and not run.is_complete():  # the time ran out between two steps: in a validation or a save
        if state.progress.loss_count:
            run.log(info)
        run.validate_or_save()
        observer.save(state)
        stop.check()


class _Run:
    """What the loop does between two steps."""

    def __init__(self, state: TrainState, plan: Plan, observer: Observer, world: World, stop: Stop) -> None:
        self.state = state
        self.plan = plan
        self.observer = observer
        self.world = world
        self.stop = stop
        self.saved = state.progress.step

    def log(self, info: StepInfo) -> None:
        """Report the mean loss since the last line of metrics."""
        progress = self.state.progress
        self.observer.logged(
            {
                "step": info.step,
                "split": "train",
                "loss": progress.loss_sum / progress.loss_count if progress.loss_count else None,
                "lr": info.lr,
                "grad_norm": info.grad_norm,
                "tokens": progress.tokens,
                "seconds": round(progress.seconds, 3),
            }
        )
        progress.loss_sum, progress.loss_count = 0.0, 0

    def save(self) -> None:
        """Save the state."""
        progress = self.state.progress
        progress.save_marks = self.plan.save_every.times_due(progress, self.plan.limits)
        self.observer.save(self.state)
        self.saved = progress.step

    def save_is_due(self) -> bool:
        """Whether ``save_every`` asks for a save."""
        progress = self.state.progress
        return self.plan.save_every.times_due(progress, self.plan.limits) > progress.save_marks

    def is_complete(self) -> bool:
        """Whether the last step has been logged, validated and saved."""
        progress = self.state.progress
        return self.saved == progress.validated == progress.step and not progress.loss_count

    def validate_or_save(self) -> bool:
        """``validate``; if a signal interrupts it, the state is saved, and a resumed run begins with the validation."""
        try:
            return self.validate()
        except Interrupted:
            self.observer.save(self.state)
            raise

    def validate(self) -> bool:
        """Validate if that is due and not yet done for this step.

        Returns:
            False if the run is to end because its score no longer improves.
        """
        progress, plan = self.state.progress, self.plan
        times = plan.eval_every.times_due(progress, plan.limits)
        due = progress.step and (times > progress.eval_marks or plan.limits.reached(progress))
        if due and progress.validated < progress.step and not self.world.any(self.stop.requested):
            metrics = self._scores()
            if not np.isfinite(metrics.get("loss", 0.0)):
                raise RunError(
                    f"step {progress.step}: the validation loss is {metrics['loss']}; the model is lost. "
                    "Try a lower optimizer.lr, a longer schedule.warmup, or hardware.precision=fp32."
                )
            progress.eval_marks = times
            best = self._compare(metrics)
            self.observer.validated(self.state, metrics, best=best)
        return plan.patience is None or progress.without_gain < plan.patience

    def _scores(self) -> dict[str, Any]:
        """The scores of a validation.

        Raises:
            DataError: the model computes numbers that are not finite.
        """
        try:
            return self.observer.validate(self.state)
        except NotFiniteError as error:
            text = f"step {self.state.progress.step}, validation: {error}"
            raise DataError(text, findings=error.findings) from error

    def _compare(self, metrics: dict[str, Any]) -> bool:
        """Whether the model is the best so far; progress remembers its score."""
        progress = self.state.progress
        score = self.plan.score.value(metrics)
        if score is None and metrics.keys() - {"loss"}:
            self.observer.warned(
                f"step {progress.step}: validation has no {self.plan.score.name}; it is not compared with the others"
            )
        gain = self._improves(score, metrics)
        # Of two models with equal scores the one with the lower loss is kept; patience depends on the score alone.
        tie = score is not None and score == progress.best_score and _lower_loss(metrics, progress)
        progress.validated = progress.step
        if score is not None or progress.best_score is None:  # otherwise the two cannot be compared
            progress.without_gain = 0 if gain else progress.without_gain + 1
        if gain or tie:
            progress.best_score, progress.best_step, progress.best_metrics = score, progress.step, metrics
        return gain or tie

    def _improves(self, score: float | None, metrics: dict[str, Any]) -> bool:
        """Whether a validation is better than the best one: by its score, or by its loss if neither has a score."""
        progress = self.state.progress
        if not metrics or progress.best_step is None:
            return True
        if score is None:
            return progress.best_score is None and _lower_loss(metrics, progress)
        if progress.best_score is None:
            return True
        return self.plan.score.is_better(score, progress.best_score)


def _lower_loss(metrics: dict[str, Any], progress: Progress) -> bool:
    lower: bool = metrics.get("loss", 0.0) < progress.best_metrics.get("loss", 0.0)
    return lower
