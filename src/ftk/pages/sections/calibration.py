"""Whether scores say how often they are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.pages.blocks import Block, Chart, Charts, Facts, Section
from ftk.pages.numbers import score
from ftk.pages.predictions import Form, Predictions
from ftk.pages.spans import RIGHT
from ftk.pages.svg import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 10
_WHAT = {
    Form.label: "the score of the label that was given",
    Form.labels: "the score of each label, whether it was given or not",
    Form.spans: "the score of each span that was given",
    Form.answers: "the score of the answer that was given",
}


def calibration_section(predictions: Predictions, metrics: Mapping[str, Any]) -> Section | None:
    """The reliability of the scores in the records; None if they have none.

    Args:
        predictions: of a split.
        metrics: of this split; what they say of calibration is shown, too.
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
    facts += [(name.replace("_", " "), score(value)) for name, value in _of_metrics(metrics)]
    blocks: list[Block] = [Facts(facts), Charts([Chart("Reliability", chart, note=note), Chart("Scores", counts)])]
    return Section("calibration", "Calibration", blocks)


def _of_metrics(metrics: Mapping[str, Any]) -> list[tuple[str, float]]:
    found = metrics.get("calibration")
    values = found.items() if isinstance(found, dict) else ()
    return [(f"calibration: {name}", float(value)) for name, value in values if isinstance(value, (int, float))]


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
