"""The table of how well the probabilities of a model are calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.report.tables import TextTable

_MOST_TYPES, _LEAST_ANSWERS = 20, 20
"""Types of entities that the table shows, and answers of each; metrics.json has all."""


def calibration_table(by_split: Mapping[str, Mapping[str, Any]]) -> TextTable | None:
    """One row for each split, and for each type of entity in the last one; None if there is nothing to show.

    Args:
        by_split: what ``ftk.calibration.figures.Reliability`` computes, by split.
    """
    there = {split: found for split, found in by_split.items() if found.get("answers")}
    if not there:
        return None
    rows = [[split, *_cells(found)] for split, found in there.items()]
    split, last = list(there.items())[-1]
    kinds = last.get("per_label", {})
    if 1 < len(kinds) <= _MOST_TYPES:
        shown = {name: found for name, found in kinds.items() if found["answers"] >= _LEAST_ANSWERS}
        rows += [[f"{split}, {name}", *_cells(found)] for name, found in shown.items()]
    columns = ["calibration", "answers", "score", "right", "error %", "Brier", "log loss"]
    return TextTable("mean score, share that is right, and the expected error of scores", columns, rows, numbers=True)


def _cells(found: Mapping[str, Any]) -> list[str]:
    further = [f"{found[name]:.4f}" if name in found else "" for name in ("brier", "nll")]
    return [
        f"{found['answers']:,}",
        f"{found['confidence']:.4f}",
        f"{found['accuracy']:.4f}",
        f"{100 * found['ece']:.2f}",
        *further,
    ]
