"""Values of records, and scores that are means of a value of each row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics
from ftk.errors import DataError

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def values_of(records: Records, name: str) -> list[Any]:
    """The values of a key of all records.

    Raises:
        DataError: a record does not have it.
    """
    try:
        return [record[name] for record in records]
    except KeyError:
        line = next(number for number, record in enumerate(records, 1) if name not in record)
        has = ", ".join(records[line - 1]) or "no key"
        raise DataError(f"line {line}: the record has no '{name}'; it has {has}.") from None


def mean_of(
    score: str,
    values: Sequence[float] | NDArray[Any],
    counted: Sequence[bool] | NDArray[Any] | None = None,
    *,
    higher_is_better: bool = True,
    most: float | None = 1.0,
) -> RowStatistics:
    """A score that is the mean of a value of each row.

    Args:
        score: its name.
        values: [rows] of the rows.
        counted: [rows] which rows count; None: all.
        higher_is_better: whether a higher score is better.
        most: the highest score that there can be.
    """
    each = np.asarray(values, dtype=np.float64)
    counts = np.ones(len(each)) if counted is None else np.asarray(counted, dtype=np.float64)
    return RowStatistics(score, higher_is_better, np.stack([each * counts, counts], axis=-1), ratio_of_two, most)


def ratio_of_two(sums: NDArray[Any]) -> NDArray[Any]:
    """[..., 2] -> [...] the first number divided by the second; NaN where that is 0."""
    return ratio(sums[..., 0], sums[..., 1], empty=math.nan)


def ratio(above: NDArray[Any], below: NDArray[Any], empty: float = 0.0) -> NDArray[Any]:
    """One array divided by another; ``empty`` where that is 0."""
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    return np.divide(above, below, out=np.full(below.shape, empty), where=below > 0)


def by_name(statistics: Sequence[RowStatistics]) -> Mapping[str, RowStatistics]:
    """The statistics by the names of their scores."""
    return {each.score: each for each in statistics}
