"""Whether scores say how often they are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.pages.blocks import Block, Cell, Chart, Charts, Facts, Section, Table
from ftk.pages.numbers import count_cell, number_cell, score
from ftk.pages.predictions import Form, Predictions
from ftk.pages.spans import RIGHT
from ftk.pages.svg import columns
from ftk.report.unsure import unsure_facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 10
_FIGURES = (
    ("ece", "ECE without the part that is chance"),
    ("ece_plain", "ECE, classes of equal size"),
    ("brier", "Brier score"),
    ("nll", "log loss"),
)
"""Names in ``metrics.json`` of how well scores are calibrated."""
_WHAT = {
    Form.label: "the score of the label that was given",
    Form.labels: "the score of each label, whether it was given or not",
    Form.spans: "the score of each span that was given",
    Form.answers: "the score of the answer that was given",
}


def calibration_section(predictions: Predictions, figures: Mapping[str, Any]) -> Section | None:
    """The reliability of the scores in the records; None if they have none.

    Args:
        predictions: of a split.
        figures: what the run found of the calibration of this split; empty if nothing.
    """
    if predictions.form not in _WHAT:
        return None
    sure, right = _scores(predictions)
    if not len(sure):
        return None
    found = reliability(sure, right)
    error = expected_error(found)
    names = [f"{at / _BINS:.1f}" for at in range(_BINS)]
    chart = columns(
        f"Reliability: the share of right ones by score, in {_BINS} classes",
        [share for _, _, share in found],
        names,
        x="score from",
        y="share that is right",
        y_range=(0.0, 1.0),
        diagonal=True,
    )
    counts = columns(
        "How many have which score", [float(number) for number, _, _ in found], names, x="score from", y="number"
    )
    note = f"Shown is {_WHAT[predictions.form]}. On the dashed line, scores are right as often as they say."
    facts = [("mean score", score(float(sure.mean()))), ("share that is right", score(float(right.mean())))]
    facts.append((f"ECE, {_BINS} classes of equal width", score(error)))
    facts += [*_of_run(figures), *unsure_facts(figures)]
    blocks: list[Block] = [Facts(facts), Charts([Chart("Reliability", chart, note=note), Chart("Scores", counts)])]
    by_label = _by_label(figures)
    return Section("calibration", "Calibration", [*blocks, *([by_label] if by_label else [])])


def _of_run(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, score(float(figures[key]))) for key, name in _FIGURES if isinstance(figures.get(key), (int, float))]


def _by_label(figures: Mapping[str, Any]) -> Table | None:
    """The calibration of each label, where the run says it."""
    found = figures.get("per_label")
    rows: list[list[Cell | str]] = [
        [name, count_cell(one["answers"]), *(number_cell(one.get(key)) for key in ("confidence", "accuracy", "ece"))]
        for name, one in (found.items() if isinstance(found, dict) else ())
        if isinstance(one, dict) and isinstance(one.get("answers"), int)
    ]
    columns = ["label", "answers", "mean score", "share that is right", "ECE without chance"]
    return Table("Calibration by label", columns, rows, sortable=True) if rows else None


def reliability(sure: NDArray[np.float64], right: NDArray[np.float64]) -> list[tuple[int, float | None, float | None]]:
    """For each tenth of the scores how many there are, their mean, and the share that is right; None for none."""
    places = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    bins: list[tuple[int, float | None, float | None]] = []
    for at in range(_BINS):
        inside = places == at
        number = int(inside.sum())
        bins.append((number, float(sure[inside].mean()), float(right[inside].mean())) if number else (0, None, None))
    return bins


def expected_error(bins: Sequence[tuple[int, float | None, float | None]]) -> float:
    """The expected calibration error (Naeini et al. 2015): how far scores are from what is right, on average."""
    total = sum(number for number, _, _ in bins)
    return sum(
        number / total * abs(mean - share) for number, mean, share in bins if mean is not None and share is not None
    )


def _scores(predictions: Predictions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The scores from 0 to 1 in the records, and whether each is right."""
    found: list[tuple[float, bool]] = []
    rows = predictions.row_scores if predictions.form is Form.answers else None
    for at, record in enumerate(predictions.records):
        if predictions.form is Form.label:
            if record.get("gold_label") is not None:
                found.append((record.get("score"), record.get("gold_label") == record.get("label")))  # type: ignore[arg-type]
        elif predictions.form is Form.labels:
            gold = set(map(str, record.get("gold_labels") or ()))
            found += [(value, name in gold) for name, value in (record.get("scores") or {}).items()]
        elif predictions.form is Form.spans:
            found += [(one.given.score, one.cause == RIGHT) for one in predictions.pairs[at] or () if one.given]  # type: ignore[misc]
        elif isinstance(answer := record.get("answer"), dict) and rows is not None:
            found.append((answer.get("score"), bool(rows[at] == 1)))  # type: ignore[arg-type]
    known = [(value, right) for value, right in found if isinstance(value, (int, float)) and 0 <= value <= 1]
    table = np.array(known, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
