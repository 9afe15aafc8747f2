"""How many rows decide a difference, and how far one of them can move it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.effects import Scored

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
