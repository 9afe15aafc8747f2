"""The predictions of a split, and which of the forms of records they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.comparing.intervals import interval
from ftk.comparing.opened import open_outcomes
from ftk.contracts.outcomes import RowStatistics
from ftk.errors import FtkError
from ftk.pages.record_values import pairs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.comparing.opened import Outcomes
    from ftk.pages.numbers import Interval
    from ftk.pages.spans import Match


class Form(Enum):
    """What a record answers."""

    label = "label"
    labels = "labels"
    spans = "spans"
    tags = "tags"
    numbers = "numbers"
    answers = "answers"
    ranking = "ranking"
    texts = "texts"
    other = "other"


_KEYS = (
    (Form.spans, {"entities"}, {"gold_entities", "gold_tags"}),
    (Form.tags, {"tags"}, {"gold_tags"}),
    (Form.label, {"label"}, {"gold_label"}),
    (Form.labels, {"labels"}, {"gold_labels"}),
    (Form.answers, {"question", "candidates"}, {"gold_answers"}),
    (Form.numbers, {"value"}, {"gold_value"}),
    (Form.numbers, {"values"}, {"gold_values"}),
    (Form.ranking, {"query", "candidates"}, {"gold_labels"}),
    (Form.ranking, {"query", "score"}, {"gold_label", "rank"}),
    (Form.texts, {"target"}, {"gold_target"}),
)
"""By form, keys that a record has all of, and keys that it has one of."""


def form_of(record: Mapping[str, Any]) -> Form:
    """The form of a record."""
    for form, all_of, one_of in _KEYS:
        if all_of <= record.keys() and one_of & record.keys():
            return form
    return Form.other


@dataclass(frozen=True)
class Predictions:
    """The records of one split of one run, and what its scores are made of."""

    split: str
    outcomes: Outcomes

    @classmethod
    def open(cls, run: Path, split: str) -> Predictions:
        """Read the predictions of a split.

        Raises:
            RunError: they cannot be read.
            DataError: a line is no record.
        """
        return cls(split, open_outcomes(run, split))

    @property
    def records(self) -> Sequence[Mapping[str, Any]]:
        """One for each row."""
        return self.outcomes.records

    @property
    def groups(self) -> NDArray[np.int64]:
        """[rows] the number of the document of each; each row is one of its own where nothing joins rows."""
        return self.outcomes.groups

    @cached_property
    def form(self) -> Form:
        """The form of the records."""
        found = (form_of(record) for record in self.records)
        return next((form for form in found if form is not Form.other), Form.other)

    @cached_property
    def pairs(self) -> Sequence[Sequence[Match] | None]:
        """[rows] the spans of each record with their causes; None for one that does not say which are right."""
        return [pairs_of(record) for record in self.records]

    @cached_property
    def scores(self) -> Mapping[str, RowStatistics]:
        """What each score is made of, by its name; empty where the task's scores are not made of rows."""
        try:
            return self.outcomes.scores
        except FtkError:
            return {}

    @cached_property
    def statistics(self) -> RowStatistics | None:
        """What the score is made of that chose the model; None if it is not made of rows."""
        return self.scores.get(self.outcomes.facts.metric or "")

    @cached_property
    def value(self) -> float | None:
        """The score that chose the model; None if it has no value."""
        return None if self.statistics is None else value_of(self.statistics)

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """The 95 % interval of each score that has one."""
        return {name: interval_of(one, self.groups) for name, one in self.scores.items()}

    def score_of(self, rows: NDArray[Any]) -> tuple[float | None, Interval]:
        """The score of some rows, and its interval.

        Args:
            rows: their numbers.
        """
        statistics = self.statistics
        if statistics is None:
            return None, None
        if statistics.score == "spearman":  # ranks are those among these rows
            statistics = self.outcomes.of_rows(rows).statistics
            groups = self.groups[rows]
        else:
            from dataclasses import replace

            statistics, groups = replace(statistics, values=statistics.values[rows]), self.groups[rows]
        return value_of(statistics), interval_of(statistics, groups)

    @cached_property
    def row_scores(self) -> NDArray[np.float64] | None:
        """[rows] the score of each row alone; NaN where it has none, None if the score is not made of rows."""
        if self.statistics is None:
            return None
        values = self.statistics.values
        parts = []
        for begin in range(0, len(self.records), _AT_ONCE):
            part = values[begin : begin + _AT_ONCE]
            dense = part.toarray() if hasattr(part, "toarray") else np.asarray(part)
            with np.errstate(all="ignore"):
                parts.append(np.asarray(self.statistics.of_sums(dense.astype(np.float64)), dtype=np.float64))
        return np.concatenate(parts)


_AT_ONCE = 4096


def value_of(statistics: RowStatistics) -> float | None:
    """The score of all rows of these statistics; None if it has none."""
    sums = np.asarray(statistics.values.sum(axis=0), dtype=np.float64).reshape(1, -1)
    with np.errstate(all="ignore"):
        found = float(statistics.of_sums(sums)[0])
    return found if np.isfinite(found) else None


def interval_of(statistics: RowStatistics, groups: NDArray[Any]) -> Interval:
    """The 95 % interval of a score; None if it has none."""
    with np.errstate(all="ignore"):
        low, high = interval(statistics, groups)
    return (low, high) if np.isfinite(low) and np.isfinite(high) else None


def share_interval(part: NDArray[Any], whole: NDArray[Any], groups: NDArray[Any]) -> Interval:
    """The 95 % interval of a share.

    Args:
        part: [rows] how many of those of each row.
        whole: [rows] of how many.
        groups: [rows] the document of each row.
    """
    if not whole.any():
        return None
    return interval_of(RowStatistics("share", True, np.stack([part, whole], axis=1).astype(float), _share), groups)


def f1_interval(values: NDArray[Any], groups: NDArray[Any]) -> Interval:
    """The 95 % interval of an F1.

    Args:
        values: [rows, 3] how many were right, were given wrongly, and were missed.
        groups: [rows] the document of each row.
    """
    return interval_of(RowStatistics("f1", True, values.astype(float), _f1), groups) if values.any() else None


def _share(sums: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _f1(sums: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.asarray(2 * sums[..., 0] / (2 * sums[..., 0] + sums[..., 1] + sums[..., 2]))
