"""What a resumed run says of what is left to it: its size, its schedule, and whether its best score still counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.core.fit import FittedModel
from ftk.core.non_finite import NotFiniteError
from ftk.core.saving.checkpoint import save, snapshot_of_state
from ftk.errors import DataError
from ftk.models.loading.verified_folder import verify_folder
from ftk.training.building.learned import task_saved_with
from ftk.training.building.planning import length_of
from ftk.training.run import Run

_SAME_RATE = 0.01
"""Learning rates that differ by less than this share of the peak are no jump."""
_NOT_VALIDATION = ("data.train", "data.test", "data.max_length", "data.stride")
"""Keys that leave the rows of validation as they are, if its files and those of training are the same."""


def refuse_fitted_once(run: Run) -> None:
    """Refuse to go on with a model that was fitted to other rows, or in another way.

    Raises:
        DataError: so it was.
    """
    folder, notes = run.folder, Notes()
    if not isinstance(run.state.model, FittedModel) or run.state.progress.best_step is None:
        return
    keys = sorted(key for key in folder.changed if key.startswith(("data.", "task.")))
    keys = [key for key in keys if key not in ("data.test", "data.validation")]
    splits = ["the rows of data.train have"] if "train" in folder.changed_splits else []
    if keys or splits:
        what = " and ".join([*splits, *([f"{', '.join(keys)} {'has' if len(keys) == 1 else 'have'}"] if keys else [])])
        notes.add(kinds.FITTED_ONCE, what=what)
        notes.raise_errors()


def note_sizes(run: Run, saved: Mapping[str, Any], notes: Notes) -> None:
    """Report splits with more or fewer rows than before, and where a step then is in the data.

    Args:
        run: with its state restored.
        saved: the number of rows by split, from ``environment.json``; empty for a run that did not write it.
        notes: collects what differs.
    """
    for split, rows in rows_of(run).items():
        before = saved.get(split)
        if isinstance(before, int) and before != rows:
            notes.add(kinds.OTHER_SIZE, part=split, before=before, now=rows)
    before, now = saved.get("train"), rows_of(run)["train"]
    step = run.state.progress.step
    if isinstance(before, int) and before != now and step:
        epoch = run.order.epoch(step)
        notes.add(kinds.OTHER_EPOCH, step=step, now=epoch, before=epoch * now / max(1, before))


def rows_of(run: Run) -> dict[str, int]:
    """The number of rows by split."""
    return {split: len(part.examples) for split, part in run.prepared.items()}


def note_rate(run: Run, numbers: Mapping[str, Any], notes: Notes) -> None:
    """Report a learning rate that is not where the schedule so far had brought it.

    Args:
        run: with its state restored.
        numbers: of the saved state.
        notes: collects the jump.
    """
    plan, progress = run.plan, run.state.progress
    group = run.state.optimizer.param_groups[0]
    if not progress.step or plan.limits.reached(progress):
        return
    before = float(numbers["optimizer"]["param_groups"][0]["lr"])
    total = plan.limits.total(progress)
    same_step = group["peak_lr"] * plan.schedule(progress.step - 1, total)
    if abs(same_step - before) > _SAME_RATE * max(group["peak_lr"], before):
        now = group["peak_lr"] * plan.schedule(progress.step, total)
        notes.add(kinds.RATE_JUMPS, step=progress.step, before=before, now=now)


def note_nothing_left(run: Run, notes: Notes) -> None:
    """Report a run that has done all its steps already."""
    progress = run.state.progress
    if progress.step and run.plan.limits.reached(progress):
        asked = length_of(run.plan, run.order, run.config.train)
        notes.add(kinds.NOTHING_LEFT, done=progress.step, asked=asked)


def has_other_validation(run: Run) -> bool:
    """Whether the rows of validation may be others than those of the best score."""
    folder = run.folder
    keys = {key for key in folder.changed if key.startswith("data.") and key not in _NOT_VALIDATION}
    return "validation" in folder.changed_splits or bool(keys)


def reset_best_score(run: Run, notes: Notes) -> None:
    """Score the best model on the present validation rows, so that the next ones are compared with that.

    The state is saved, so that a run that is killed and resumed knows it.

    Raises:
        DataError: the model computes numbers that are not finite.
    """
    progress, score = run.state.progress, run.plan.score
    if progress.best_step is None or "validation" not in run.prepared:
        return
    before = score.value(progress.best_metrics)
    task = task_saved_with(run.task, verify_folder(run.folder.best))
    part, scoring = run.prepared["validation"], run.task.spec.scoring
    evaluator = dataclasses.replace(run, task=task).evaluator(run.reload_best(fast=not run.config.hardware.compile))
    try:
        metrics = evaluator.score(part.examples, part.features, rows=scoring.rows_at(scoring.every or 1, last=False))
    except NotFiniteError as error:
        raise DataError(f"best/, validation: {error}", findings=error.findings) from error
    progress.best_metrics, progress.best_score, progress.without_gain = metrics, score.value(metrics), 0
    name = score.name if progress.best_score is not None else "loss"
    after = progress.best_score if progress.best_score is not None else metrics.get("loss")
    words = ["no score" if value is None else f"{value:.4f}" for value in (before, after)]
    notes.add(kinds.BEST_SCORE_RESET, step=progress.best_step, score=name, before=words[0], now=words[1])


def save_state(run: Run) -> None:
    """Write the state as it is now to ``last/``."""
    weights = run.publisher.resumable(run.state.model)
    taken = snapshot_of_state(run.state, weights, run.source.processor, run.manifest_of_state(), run.beside())
    save(run.folder.last, taken, keep=run.folder.previous)
