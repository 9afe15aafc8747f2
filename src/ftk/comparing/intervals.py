"""Intervals of the score of one run: of all rows, of some, or of a label."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.units import freedom_of, influences, score_of, sums_of, units_of
from ftk.contracts.outcomes import RowStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Interval = tuple[float, float]
_NONE = (math.nan, math.nan)
_FEW = 10
"""With fewer degrees of freedom, few rows decide a correlation."""
_LEAST_ROWS = 3
"""If a correlation varies as much as one of fewer rows, nothing can be said."""


def interval(
    statistics: RowStatistics,
    groups: NDArray[Any] | None = None,
    level: float = 0.95,
    *,
    rows: Sequence[int] | NDArray[Any] | None = None,
) -> Interval:
    """The interval that holds the score of the model on all such rows, with this probability.

    The spread comes from leaving out each row or document once (the jackknife). A score between 0 and 1 has Wilson's
    interval for so many rows as give this spread (Wilson 1927; Korn and Graubard 1998), which does not leave the range
    and says something where all rows are right; a correlation has Fisher's, and where a few rows decide it Wilson's,
    stretched to its range; an error has that of its logarithm. The mean over labels counts for no more rows than
    give the spread of labels whose rows are drawn by themselves, because leaving out one of two may move nothing.

    Args:
        statistics: what the score is made of.
        groups: [rows] the document of each row; None: rows stand for themselves.
        level: of the interval.
        rows: numbers of the rows, or a mask, if it is the score of some of them. Not for ``spearman``: make the
            statistics of their records.

    Returns:
        The ends; NaN if the score does not exist, or so few rows or documents decide it that they would say nothing.
    """
    some = None if rows is None else _numbers(rows)
    values = statistics.values if some is None else statistics.values[some]
    number = values.shape[0]
    if number == 0:
        return _NONE
    group = np.arange(number) if groups is None else (groups if some is None else groups[some])
    sums = sums_of(values, units_of(group, values.shape[1]))
    used = sums[(sums != 0).any(axis=1)]
    score = score_of(dataclasses.replace(statistics, values=used)) if len(used) else math.nan
    if math.isnan(score):
        return _NONE
    moved = influences(used, statistics.of_sums) if len(used) > 1 else np.full(1, math.nan)
    deviation = math.sqrt(float((moved**2).sum()) * len(used) / max(1, len(used) - 1))
    if statistics.most is not None and statistics.least == 0:
        whole = len(np.unique(group)) == number
        reach = _quantile(level, None if whole else len(used) - 1)
        most = _rows_of_labels(statistics, used)
        low, high = _wilson(score / statistics.most, deviation / statistics.most, len(used), reach, most)
        return low * statistics.most, high * statistics.most
    free = freedom_of(moved)
    if statistics.most == 1 and statistics.least == -1 and (free < _FEW or abs(score) >= 1 - 1e-12):
        return _stretched(score, deviation, len(used), _quantile(level, None))
    if statistics.least is not None and statistics.most is None and free < 2:  # up to three rows decide
        return _NONE
    return _transformed(statistics, score, deviation, _quantile(level, free))


def _numbers(rows: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """Numbers of rows, of numbers or a mask."""
    given = np.asarray(rows)
    return np.flatnonzero(given) if given.dtype == bool else given.astype(np.int64)


def of_label(statistics: RowStatistics, label: str, score: str = "f1") -> RowStatistics:
    """What the score of one label is made of.

    Args:
        statistics: whose numbers count labels: it has ``labels``.
        label: one of them.
        score: f1, precision or recall.
    """
    at = 3 * list(statistics.labels).index(label)
    values = statistics.values[:, at : at + 3]
    dense = np.asarray(values if isinstance(values, np.ndarray) else values.toarray())
    return RowStatistics(score, True, dense, _LABEL_SCORES[score], labels=(label,))


def _share(above: NDArray[Any], below: NDArray[Any]) -> NDArray[Any]:
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


_LABEL_SCORES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "f1": lambda sums: _share(2 * sums[..., 0], sums[..., 1] + sums[..., 2]),
    "precision": lambda sums: _share(sums[..., 0], sums[..., 1]),
    "recall": lambda sums: _share(sums[..., 0], sums[..., 2]),
}


def _quantile(level: float, freedom: float | None) -> float:
    """How many deviations an interval reaches to each side: Student's quantile; None: the normal one."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    if freedom is not None and not freedom > 0:
        return math.nan
    return float(ndtri(tail) if freedom is None else stdtrit(freedom, tail))


def _transformed(statistics: RowStatistics, score: float, deviation: float, reach: float) -> Interval:
    """The interval on the scale on which the score is nearest to normal."""
    least, most = statistics.least, statistics.most
    half = reach * deviation
    if math.isnan(half):
        return _NONE
    if most == 1 and least == -1:
        middle, half = math.atanh(score), half / (1 - score**2)
        return math.tanh(middle - half), math.tanh(middle + half)
    if least == 0 and score > 0:
        return score * math.exp(-half / score), score * math.exp(half / score)
    return score - half, score + half


def _stretched(score: float, deviation: float, units: int, reach: float) -> Interval:
    """Wilson's interval for a score from -1 to 1, for no more rows than there are."""
    share = min(max((1 + score) / 2, 0.0), 1.0)
    rows = float(units)
    if deviation > 1e-9 and 0 < share < 1:
        rows = min(rows, 4 * share * (1 - share) / deviation**2)
    if math.isnan(deviation) or rows < _LEAST_ROWS:
        return _NONE
    low, high = _wilson(share, math.nan, units, reach, rows)
    return 2 * low - 1, 2 * high - 1


def _rows_of_labels(statistics: RowStatistics, used: NDArray[Any]) -> float:
    """For how many rows a mean over labels counts at most; infinite for another score.

    The share of a label with few rows is that of Laplace: one more of them is right, and one more is wrong.
    """
    if "_macro" not in statistics.score or not any(statistics.labels):
        return math.inf
    right, given, gold = (used[:, kind::3].sum(axis=0) for kind in range(3))
    seen = (given + gold) > 0
    kind = statistics.score.partition("_")[0]
    among = {"precision": given, "recall": gold}.get(kind, given + gold - right)[seen]
    share = (right[seen] + 1) / (among + 2)
    mean, variance = float(share.mean()), float((share * (1 - share) / (among + 3)).sum()) / len(share) ** 2
    return mean * (1 - mean) / variance


def _wilson(share: float, deviation: float, units: int, reach: float, most: float = math.inf) -> Interval:
    """Wilson's interval of a share for the number of rows that gives this deviation."""
    share = min(max(share, 0.0), 1.0)
    rows = float(units)
    if not math.isnan(deviation) and deviation > 1e-9 and 0 < share < 1:
        rows = share * (1 - share) / deviation**2
    rows = min(rows, most)
    square = reach**2 / rows
    middle = (share + square / 2) / (1 + square)
    half = reach / (1 + square) * math.sqrt(share * (1 - share) / rows + square / (4 * rows))
    return max(0.0, middle - half), min(1.0, middle + half)
