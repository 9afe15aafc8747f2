"""The observer of a training run: progress bar, metrics file, validations, and saved models."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ftk.core.layouts import laid_out
from ftk.core.plan import StepInfo
from ftk.core.saving.background_save import Saver
from ftk.core.saving.checkpoint import Snapshot, save, snapshot_of_state
from ftk.core.saving.reload_check import check_reload
from ftk.core.state import TrainState
from ftk.errors import RunError
from ftk.report.cards.card import own_card
from ftk.report.console import StepProgress
from ftk.report.tables import scores_line
from ftk.training.dynamics import KeptLosses
from ftk.training.ending.hints import best_mark
from ftk.training.resuming import resume_hint
from ftk.training.run import Run
from ftk.training.tracking.tracked import TrackedMetrics


class RunObserver:
    """Shows, logs, validates and saves a run, as ``ftk.core.plan.Observer``.

    Args:
        run: that is observed.
        metrics: the file of its events.
        progress: the bar.
        saver: writes in the background.
        losses: keeps the losses of rows; None: the run keeps none.
    """

    def __init__(
        self, run: Run, metrics: TrackedMetrics, progress: StepProgress, saver: Saver, losses: KeptLosses | None = None
    ) -> None:
        self.run = run
        self.losses = losses
        self.metrics = metrics
        self.progress = progress
        self.saver = saver
        self._card = own_card(run.folder.best) if run.folder.resume else {}
        """A card that the user wrote for the best model so far, which stays when a better one takes its place."""
        self._saved: tuple[int, ...] = ()
        """Identifies the state that was saved last."""

    def stepped(self, info: StepInfo) -> None:
        """Move the progress bar, and stop the run if ``run.stop_after`` is reached."""
        if self.losses is not None:
            self.losses.stepped(info.step)
        share, left = self._share_and_left()
        loss = info.loss_sum / info.count if info.count else None
        self.progress.stepped(info.step, share, loss, info.lr, info.tokens / info.seconds, left)
        self.saver.check()
        after = self.run.config.run.stop_after
        self.run.stop.here = after is not None and info.step >= after and not info.last

    def warned(self, text: str) -> None:
        """Show a warning."""
        self.run.console.warn(text)

    def logged(self, event: dict[str, Any]) -> None:
        """Add an event to metrics.jsonl; training steps are shown, too, if there is no bar."""
        self.metrics.add(event)
        if event["split"] != "train":
            return
        _, left = self._share_and_left()
        speed = event["tokens"] / max(event["seconds"], 1e-9)
        epoch = self.run.order.epoch(event["step"])
        self.progress.logged(event["step"], epoch, event["loss"], event["lr"], speed, left)

    def _share_and_left(self) -> tuple[float, float]:
        """The share of the run that is done, and the seconds that the rest takes at the same pace."""
        progress = self.run.state.progress
        share = self.run.plan.limits.share(progress)
        return share, max(0.0, progress.elapsed * (1 - share) / max(share, 1e-9))

    def validate(self, state: TrainState) -> dict[str, Any]:
        """Score the validation split; empty if there is none."""
        run = self.run
        if "validation" not in run.prepared:
            return {}
        part = run.prepared["validation"]
        with run.stop.prompt(), run.publisher.published(state.model) as model:
            evaluator = run.evaluator(model)
            if not run.tuned:
                number = run.plan.eval_every.times_due(state.progress, run.plan.limits)
                rows = run.task.spec.scoring.rows_at(number, last=run.plan.limits.reached(state.progress))
                return evaluator.score(part.examples, part.features, rows=rows)
            run.task, metrics = evaluator.tuned(part.examples, part.features)
            return metrics

    def validated(self, state: TrainState, metrics: dict[str, Any], *, best: bool) -> None:
        """Show and log the scores; keep the model if it is the best."""
        step = state.progress.step
        if metrics:
            self.metrics.add({"step": step, "split": "validation", **metrics})
            score = self.run.plan.score
            mark = f"  {best_mark(score, metrics)}" if best else ""
            text = f"validation at step {step}  {scores_line(metrics, score.name)}{mark}"
            self.run.console.event("validation", text, {"step": step, "best": best, "metrics": metrics})
        if best:
            self._save_best(state)
            self.save(state)  # so that last/ is never older than best/

    def _save_best(self, state: TrainState) -> None:
        run = self.run
        with run.publisher.published(state.model) as model:
            taken = Snapshot(
                model=model,
                processor=run.source.processor,
                manifest=run.manifest(),
                beside=run.beside(),
                own=self._card,
            )
            self._write(partial(save, run.folder.best, taken))
            name = "validation" if "validation" in run.prepared else "train"
            features = run.prepared[name].features
            batch = laid_out(run.task.collate(features, [0], None), run.layout, features)
            # Compiling would take longer than the training between two saves.
            again = run.reload_best(fast=not run.config.hardware.compile)
            check_reload(run.task, model, again, batch.to(run.hardware.device), run.hardware, run.folder.best)

    def save(self, state: TrainState) -> None:
        """Save the state so that training can resume from it; it is written while training continues."""
        run = self.run
        now = (state.progress.step, state.progress.validated, state.progress.loss_count)
        if now == self._saved:
            return
        self._saved = now
        self.metrics.flush()
        if self.losses is not None:
            self.losses.flush()
        weights = run.publisher.resumable(state.model)
        taken = snapshot_of_state(state, weights, run.source.processor, run.manifest_of_state(), run.beside())
        self.saver.start(partial(self._write, partial(save, run.folder.last, taken, keep=run.folder.previous)))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except RunError as error:
            hint = resume_hint(self.run.folder, self.run.config.run)
            raise RunError(f"{error}. What was saved before is still there{hint}") from error
