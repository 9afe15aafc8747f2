"""What the course of a training says about how to get a better model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.score import Score

if TYPE_CHECKING:
    from ftk.training.run import Run

_VALIDATIONS = 3
"""Validations without which there is no course to speak of."""


def still_improving(run: Run) -> str | None:
    """A sentence if the last validation of a run is its best one, so that a longer training may give a better model."""
    progress = run.state.progress
    if "validation" not in run.prepared or not progress.step or progress.best_step != progress.step:
        return None
    events = map(json.loads, (run.folder.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    values = [run.plan.score.value(event) for event in events if event["split"] == "validation"]
    gain = readable_gain([value for value in values if value is not None], run.plan.score)
    if gain is None:
        return None
    return (
        f"validation was still improving at the end: {run.plan.score.name} {gain[0]} -> {gain[1]} at the last "
        "validation. A longer training (train.epochs, train.max_steps) may give a better model."
    )


def note_patience(run: Run) -> None:
    """Report that a run ended because its score did not improve."""
    progress, plan = run.state.progress, run.plan
    ended = plan.patience is not None and progress.without_gain >= plan.patience
    if not ended or plan.limits.reached(progress):
        return
    notes, score, best = Notes(), plan.score, progress.best_score
    notes.add(
        kinds.PATIENCE_ENDED,
        step=progress.step,
        of=f" of {plan.limits.steps:,}" if plan.limits.steps is not None else "",
        times=progress.without_gain,
        score=score.name if best is not None else "loss",
        best=f"{progress.best_metrics.get('loss', 0.0) if best is None else best:.4f}",
        best_step=progress.best_step,
        patience=plan.patience,
    )
    run.console.report(notes.drain())


def readable_gain(values: Sequence[float], score: Score) -> tuple[str, str] | None:
    """The best value before the last one, and the last one, as they are shown, if that is better and can still improve.

    Args:
        values: of all validations.
        score: which of them is better.
    """
    if len(values) < _VALIDATIONS:
        return None
    before = max(values[:-1]) if score.higher_is_better else min(values[:-1])
    shown = f"{before:.4f}", f"{values[-1]:.4f}"
    perfect = ("1.0000", "100.0000") if score.higher_is_better else ("0.0000",)
    if not score.is_better(float(shown[1]), float(shown[0])) or shown[1] in perfect:
        return None
    return shown


def best_mark(score: Score, metrics: Mapping[str, Any]) -> str:
    """What the line of the best validation so far ends with. Where all validations score 0, one of them is the best."""
    if score.higher_is_better and score.value(metrics) == 0:
        return f"(best, although {score.name} is 0)"
    return "(best)"
