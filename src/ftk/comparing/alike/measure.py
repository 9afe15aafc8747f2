"""A measure of how alike models are, as numbers of questions that add up.

So it has an interval, by resampling rows or documents, as a score has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics

_FEW_NUMBERS = 64
"""So many numbers a row are no longer held as a sparse table."""
KAPPA = (-1.0, 1.0)
"""The lowest and the highest value of an agreement beyond chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A measure of how alike models are.

    Attributes:
        columns: [questions, numbers] an array, or a sparse one of scipy.
        of_sums: [..., numbers] -> [...] the measure, given sums over questions; NaN where it does not exist.
        least: the lowest value that there can be; None if there is no lowest one.
        most: the highest value that there can be; None if there is no highest one.
    """

    columns: Any
    of_sums: Callable[[NDArray[Any]], NDArray[Any]]
    least: float | None = 0.0
    most: float | None = 1.0

    @property
    def value(self) -> float | None:
        """The measure over all questions; None if it does not exist."""
        return number_or_none(self.of_sums(np.asarray(self.columns.sum(axis=0)).reshape(1, -1))[0])

    def by_rows(self, rows: NDArray[np.int64], number: int) -> RowStatistics:
        """The same, with the sums over the questions of each row.

        Args:
            rows: [questions] the number of the row of each.
            number: how many rows there are.
        """
        from scipy.sparse import csr_array, issparse

        columns = self.columns
        if len(rows) != number or not np.array_equal(rows, np.arange(number)):
            owners = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(number, len(rows)))
            columns = owners @ columns
        if issparse(columns) and columns.shape[1] < _FEW_NUMBERS:
            columns = columns.toarray()
        return RowStatistics("", True, columns, self.of_sums, self.most, self.least)


def mean_of(measures: Sequence[Measure]) -> Measure:
    """The mean of a measure over several pairs of models; pairs for which it does not exist do not count."""
    from scipy.sparse import hstack, issparse

    ends = np.cumsum([measure.columns.shape[1] for measure in measures])

    def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
        parts = np.split(sums, ends[:-1], axis=-1)
        each = np.stack([measure.of_sums(part) for measure, part in zip(measures, parts, strict=True)])
        known = np.isfinite(each)
        return ratio(np.where(known, each, 0).sum(axis=0), known.sum(axis=0))

    columns = [measure.columns for measure in measures]
    joined = hstack(columns, format="csr") if any(map(issparse, columns)) else np.concatenate(columns, axis=1)
    return Measure(joined, of_sums, measures[0].least, measures[0].most)


def ratio(upper: NDArray[Any], lower: NDArray[Any]) -> NDArray[Any]:
    """One divided by the other; NaN where that is not above 0."""
    upper, lower = np.broadcast_arrays(np.asarray(upper, dtype=np.float64), np.asarray(lower, dtype=np.float64))
    return np.divide(upper, lower, out=np.full(lower.shape, np.nan), where=lower > 0)


def adjusted(observed: NDArray[Any], expected: NDArray[Any]) -> NDArray[Any]:
    """Agreement beyond chance: (observed - expected) / (1 - expected)."""
    return ratio(observed - expected, 1 - expected)


def table(*columns: Any) -> NDArray[np.float64]:
    """[questions, numbers] of columns."""
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def number_or_none(value: Any) -> float | None:
    """A number as JSON has it; None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
