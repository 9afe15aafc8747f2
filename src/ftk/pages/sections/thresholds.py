"""ROC and precision-recall curves of labels against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ftk.pages.blocks import Chart, Charts, Section, Text
from ftk.pages.predictions import Form, Predictions
from ftk.pages.svg import COLOURS, Series, lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 200
"""So many places of each axis can be told apart."""


def thresholds_section(predictions: Predictions) -> Section | None:
    """A curve for each of a few labels; None where the records have no scores of all labels."""
    table = _scores(predictions)
    if table is None:
        return None
    names, scores, present = table
    both = [at for at in range(len(names)) if 0 < present[:, at].sum() < len(present)]
    if not both:
        return None
    support = present.sum(axis=0)
    single = predictions.form is Form.label and len(names) == 2
    chosen = sorted(both, key=lambda at: (support[at] if single else -support[at], at))[: 1 if single else COLOURS]
    roc, precision = [], []
    for at in chosen:
        false, true, under = roc_curve(scores[:, at], present[:, at])
        recall, found, average = precision_curve(scores[:, at], present[:, at])
        roc.append(Series(f"{names[at]} (AUC {under:.3f})", list(zip(false, true, strict=True))))
        precision.append(Series(f"{names[at]} (AP {average:.3f})", list(zip(recall, found, strict=True))))
    unit = (0.0, 1.0)
    charts = [
        Chart(
            "ROC",
            lines(
                "ROC curves",
                roc,
                x="false positive rate",
                y="true positive rate",
                x_range=unit,
                y_range=unit,
                diagonal=True,
            ),
            [one.name for one in roc],
        ),
        Chart(
            "Precision and recall",
            lines("Precision-recall curves", precision, x="recall", y="precision", x_range=unit, y_range=unit),
            [one.name for one in precision],
        ),
    ]
    blocks: list[Charts | Text] = [Charts(charts)]
    if single:
        blocks.insert(0, Text(f"The rarer label, {names[chosen[0]]}, against the other one."))
    elif len(chosen) < len(both):
        blocks.insert(0, Text(f"The {len(chosen)} labels with the most rows, of {len(both)}; each against the rest."))
    return Section("thresholds", "Thresholds", blocks)


def _scores(predictions: Predictions) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]] | None:
    """The labels, [rows, labels] their scores, and whether a row has them; None if a record lacks some."""
    if predictions.form not in (Form.label, Form.labels):
        return None
    key = "gold_label" if predictions.form is Form.label else "gold_labels"
    records = [one for one in predictions.records if one.get(key) is not None and isinstance(one.get("scores"), dict)]
    if not records or len(records) * len(records[0]["scores"]) > 1 << 26:
        return None
    names = list(records[0]["scores"])
    try:
        scores = np.array([[record["scores"][name] for name in names] for record in records], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        return None  # only the highest ones are written
    if any(len(record["scores"]) != len(names) for record in records):
        return None
    number = {name: at for at, name in enumerate(names)}
    present = np.zeros(scores.shape, dtype=bool)
    for row, record in enumerate(records):
        for name in [record[key]] if predictions.form is Form.label else record[key]:
            if str(name) in number:
                present[row, number[str(name)]] = True
    return names, scores, present


def roc_curve(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> tuple[list[float], list[float], float]:
    """False and true positive rates by falling threshold, and the area under the curve."""
    wrong, right = _counts(scores, present)
    false, true = np.append(0.0, wrong / wrong[-1]), np.append(0.0, right / right[-1])
    return *_thinned(false, true), float((np.diff(false) * (true[1:] + true[:-1])).sum() / 2)


def precision_curve(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> tuple[list[float], list[float], float]:
    """Recall and precision by falling threshold, and the average precision."""
    wrong, right = _counts(scores, present)
    recall, precision = right / right[-1], right / (right + wrong)
    average = float((precision * np.diff(recall, prepend=0.0)).sum())
    return *_thinned(np.append(0.0, recall), np.append(precision[0], precision)), average


def _counts(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many wrong and right ones lie at or above each score, from the highest on, each score once."""
    order = np.argsort(-scores, kind="stable")
    values, right = scores[order], np.cumsum(present[order], dtype=np.float64)
    ends = np.append(values[1:] < values[:-1], True)
    return (np.arange(1, len(values) + 1) - right)[ends], right[ends]


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """The points of a curve that can be told apart on a chart, and the last one."""
    places = np.stack([np.round(x * _STEPS), np.round(y * _STEPS)])
    kept = np.append(True, (np.diff(places) != 0).any(axis=0))
    kept[-1] = True
    return x[kept].tolist(), y[kept].tolist()
