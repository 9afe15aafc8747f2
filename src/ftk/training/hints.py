"""What the course of a training says about how to get a better model."""

import json

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
    known = [value for value in values if value is not None]
    if len(known) < _VALIDATIONS:
        return None
    return (
        f"validation was still improving at the end: {run.plan.score.name} {known[-2]:.4f} -> {known[-1]:.4f} at the "
        "last validation. A longer training (train.epochs, train.max_steps) may give a better model."
    )
