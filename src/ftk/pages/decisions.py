"""What a model decided about each label in each row, whatever the form of its records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.pages.predictions import Form, Predictions, f1_interval
from ftk.pages.spans import RIGHT, Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.pages.numbers import Interval

HAS_LABELS = (Form.label, Form.labels, Form.spans, Form.tags)
"""The forms of records that have labels."""


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """The decisions about one label.

    Attributes:
        values: [rows, 3] how often it was given rightly, was given wrongly, and was missed, in each row that has it.
        groups: [rows] the documents of these rows.
    """

    values: NDArray[np.float64]
    groups: NDArray[np.int64]

    @property
    def support(self) -> int:
        """How often the label is gold."""
        return int(self.values[:, 0].sum() + self.values[:, 2].sum())

    @property
    def precision(self) -> float | None:
        """The share of right ones among those that were given; None if it never was."""
        right, wrong, _ = self.values.sum(axis=0)
        return float(right / (right + wrong)) if right + wrong else None

    @property
    def recall(self) -> float | None:
        """The share of gold ones that were given; None if there are none."""
        right, _, missed = self.values.sum(axis=0)
        return float(right / (right + missed)) if right + missed else None

    def f1(self) -> tuple[float, Interval]:
        """Their harmonic mean, with its interval."""
        right, wrong, missed = self.values.sum(axis=0)
        return float(2 * right / (2 * right + wrong + missed)), f1_interval(self.values, self.groups)


def label_counts(predictions: Predictions) -> dict[str, LabelCounts]:
    """The decisions about each label, by its name, in the order of the names."""
    found: dict[str, dict[int, list[float]]] = defaultdict(dict)
    of_spans = predictions.form is Form.spans
    for row, record in enumerate(predictions.records):
        for label, *numbers in _decisions(record, predictions.form, predictions.pairs[row] if of_spans else None):
            counts = found[label].setdefault(row, [0.0, 0.0, 0.0])
            for at, number in enumerate(numbers):
                counts[at] += number
    return {
        label: LabelCounts(np.array(list(by_row.values())), predictions.groups[list(by_row)])
        for label, by_row in sorted(found.items())
    }


def _decisions(
    record: Mapping[str, Any], form: Form, spans: Sequence[Match] | None
) -> Iterator[tuple[str, float, float, float]]:
    """By label how often it was given rightly, given wrongly, and missed."""
    if form is Form.label:
        pairs = [(record.get("gold_label"), record.get("label"))]
    elif form is Form.tags:
        pairs = list(zip(record.get("gold_tags") or (), record.get("tags") or (), strict=False))
    else:
        if form is Form.labels:
            gold, given = set(map(str, record.get("gold_labels") or ())), set(map(str, record.get("labels") or ()))
            yield from ((label, 1.0, 0.0, 0.0) for label in gold & given)
            yield from ((label, 0.0, 1.0, 0.0) for label in given - gold)
            yield from ((label, 0.0, 0.0, 1.0) for label in gold - given)
            return
        for gold_span, given_span, cause in spans or ():
            if cause == RIGHT and gold_span is not None:
                yield gold_span.label, 1.0, 0.0, 0.0
                continue
            if gold_span is not None:
                yield gold_span.label, 0.0, 0.0, 1.0
            if given_span is not None:
                yield given_span.label, 0.0, 1.0, 0.0
        return
    for gold_label, label in pairs:
        if gold_label is None:
            continue
        if gold_label == label:
            yield str(gold_label), 1.0, 0.0, 0.0
            continue
        yield str(gold_label), 0.0, 0.0, 1.0
        if label is not None:
            yield str(label), 0.0, 1.0, 0.0


def confusions(predictions: Predictions) -> dict[tuple[str, str], int]:
    """How often each label was given for each gold one, by both names; only of forms with one label at a place."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for record in predictions.records:
        if predictions.form is Form.label:
            pairs = [(record.get("gold_label"), record.get("label"))]
        else:
            pairs = list(zip(record.get("gold_tags") or (), record.get("tags") or (), strict=False))
        for gold, given in pairs:
            if gold is not None:
                found[str(gold), str(given) if given is not None else "(none)"] += 1
    return dict(found)
