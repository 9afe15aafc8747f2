"""Sums over what is resampled: rows, or documents where rows belong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ftk.contracts.outcomes import RowStatistics

MOST_UNITS = 4096
"""Beyond so many rows or documents, some are joined at random: what is resampled are then parts of the data of about
equal size, and the spread of a score over resamples stays the same but for some 1 % of itself."""
_NUMBERS_AT_ONCE = 1 << 24
"""Numbers in one array of sums, 128 MB."""


def units_of(groups: NDArray[Any], numbers: int, *, most: int = MOST_UNITS) -> NDArray[np.int64]:
    """[rows] the unit of each row: its group, or a part of the data in which some groups are joined at random.

    Args:
        groups: [rows] from 0, or any numbers.
        numbers: how many numbers each unit will have; with many, there are fewer units.
        most: the largest number of units.
    """
    _, group = np.unique(groups, return_inverse=True)
    found = int(group.max()) + 1 if len(group) else 0
    most = max(256, min(most, _NUMBERS_AT_ONCE // max(1, numbers)))
    if found <= most:
        return np.asarray(group, dtype=np.int64)
    # The same rows are joined in all runs that are compared: the seed is fixed.
    dealt = np.random.default_rng(found).permutation(found) % most
    return np.asarray(dealt[group], dtype=np.int64)


def sums_of(values: Any, units: NDArray[np.int64]) -> NDArray[np.float64]:
    """[units, numbers] the sums of the [rows, numbers] values of each unit."""
    from scipy.sparse import csr_array, issparse

    rows, number = len(units), int(units.max()) + 1 if len(units) else 0
    member = csr_array((np.ones(rows), (units, np.arange(rows))), shape=(number, rows))
    sums = member @ values
    return np.asarray(sums.toarray() if issparse(sums) else sums, dtype=np.float64)


def score_of(statistics: RowStatistics) -> float:
    """The score of all rows."""
    return float(statistics.of_sums(np.asarray(statistics.values.sum(axis=0)).reshape(1, -1))[0])


def jackknifed(sums: NDArray[Any], of_sums: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.float64]:
    """[units] the score without each of the units.

    Args:
        sums: [units, numbers].
        of_sums: makes scores of sums.
    """
    total = sums.sum(axis=0)
    at_once = max(1, _NUMBERS_AT_ONCE // max(1, sums.shape[1]))
    parts = [of_sums(total - sums[begin : begin + at_once]) for begin in range(0, len(sums), at_once)]
    return np.concatenate(parts) if parts else np.zeros(0)


def influences(sums: NDArray[Any], of_sums: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.float64]:
    """[units] how far each unit moves the score, of mean 0: the sum of their squares, times n / (n - 1), is the
    variance of the score (the jackknife: Efron and Stein 1981). NaN where the score does not exist without a unit."""
    without = jackknifed(sums, of_sums)
    number = len(without)
    return (number - 1) / number * (without.mean() - without) if number else without


def freedom_of(moved: NDArray[np.float64]) -> float:
    """How many degrees of freedom the variance of these influences has: fewer where few units decide it.

    A variance estimated from n values has the relative variance (k - 1) / n, where k is their kurtosis; that of a
    normal distribution with f degrees of freedom has 2 / f (Satterthwaite 1946).
    """
    square = float((moved**2).sum())
    if not square > 0:
        return 0.0
    kurtosis = len(moved) * float((moved**4).sum()) / square**2
    return max(1.0, min(len(moved) - 1.0, 2 * len(moved) / max(kurtosis - 1, 1e-9) - 1))
