"""How many rows decide a difference, and how far one of them can move it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.effects import Of, Scored, effect_of
from ftk.comparing.units import influences, score_of, sums_of, units_of
from ftk.comparing.verdict import Judged, judged

if TYPE_CHECKING:
    from ftk.contracts.outcomes import RowStatistics


_ROUNDING = 1e-9


def with_rows(scored: Scored, statistics: Sequence[RowStatistics], documents: NDArray[Any]) -> Scored:
    """The same, with what is known of rows on which no run differs from another.

    A row moves a share by 1 / n at most, whatever it is a share of. How far one can move a correlation or an error is
    not known beforehand; there it is taken to be as far as rows usually do.

    Args:
        scored: the scores of runs.
        statistics: of each run.
        documents: [rows] the document of each.
    """
    first = statistics[0]
    counted = np.any([_counted(each.values) for each in statistics], axis=0)
    number = len(np.unique(documents[counted]))
    bounded = first.most is not None and first.least is not None
    widest = float(first.most - first.least) if first.most is not None and first.least is not None else math.inf
    usual = math.sqrt(number * float((scored.influences**2).sum(axis=1).mean()))
    reach = widest if bounded and (first.least == 0 or usual < _ROUNDING) else usual
    alone = number == int(counted.sum()) and len(np.unique(documents)) == len(documents)
    whole = alone and all(_right_or_wrong(each) for each in statistics)
    return dataclasses.replace(scored, decide=number, reach=reach, whole=whole, widest=widest)


def difference_of(
    statistics: Sequence[RowStatistics], groups: NDArray[Any], first: int, level: float, of: Of = Of.models
) -> Judged:
    """What can be said of the mean score of some runs less that of the first ones, in units of the score.

    The spread over rows comes from leaving out each row or document once.

    Args:
        statistics: of each run, with their rows in one order.
        groups: [rows] the document of each.
        first: so many runs are those before.
        level: of the interval.
        of: whether models or recipes are compared.
    """
    units = units_of(groups, sum(one.values.shape[1] for one in statistics))
    moved = np.array([np.nan_to_num(influences(sums_of(one.values, units), one.of_sums)) for one in statistics])
    number = moved.shape[1]
    covariance = moved @ moved.T * number / max(1, number - 1)
    scored = Scored(np.array([score_of(one) for one in statistics]), covariance, moved)
    sides = range(first), range(first, len(statistics))
    [found] = judged([effect_of(of, with_rows(scored, statistics, groups), *sides, 1)], level=level, margin=0)
    return found


def _counted(values: Any) -> NDArray[np.bool_]:
    """[rows] whether any number of a row is not 0: only such a row is part of the score."""
    if isinstance(values, np.ndarray):
        return np.asarray((values != 0).any(axis=1))
    return np.asarray((values != 0).sum(axis=1) > 0).ravel()


def _right_or_wrong(statistics: RowStatistics) -> bool:
    """Whether the score is the share of rows that are right."""
    values = statistics.values
    if not isinstance(values, np.ndarray) or values.shape[1] != 2 or statistics.most is None:
        return False
    right, rows = values[:, 0], values[:, 1]
    return bool(np.isin(rows, (0, 1)).all() and ((right == 0) | (right == statistics.most * rows)).all())
