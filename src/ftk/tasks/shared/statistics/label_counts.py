"""Scores that are made of counts: how often each label is right, given and gold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics
from ftk.tasks.shared.statistics.row_values import ratio

_DENSE = 64
"""Up to so many numbers a row, counts are an array."""
RowCounts = tuple[Iterable[str], Iterable[str], Iterable[str]]
"""The labels of a row that are right, given, and gold; a label stands there as often as it counts."""


def counted_statistics(rows: Sequence[RowCounts], scores: Mapping[str, Any]) -> list[RowStatistics]:
    """What scores are made of that count labels.

    Args:
        rows: the labels of each row.
        scores: by the name of a score its function of counts, one of this module.
    """
    names: dict[str, int] = {}
    at: list[int] = []
    columns: list[int] = []
    for number, kinds in enumerate(rows):
        for kind, labels in enumerate(kinds):
            for label in labels:
                columns.append(3 * names.setdefault(label, len(names)) + kind)
                at.append(number)
    values = _table(at, columns, (len(rows), 3 * max(1, len(names))))
    labels = tuple(names) or ("",)
    return [RowStatistics(score, True, values, of_sums, 1.0, 0.0, labels) for score, of_sums in scores.items()]


def _table(rows: Sequence[int], columns: Sequence[int], shape: tuple[int, int]) -> Any:
    from scipy.sparse import coo_array

    table = coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    return table.toarray() if shape[1] <= _DENSE else table


def _counts(sums: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """[..., labels] right, given and gold ones."""
    return sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]


def accuracy(sums: NDArray[Any]) -> NDArray[Any]:
    """The share of gold labels that are right."""
    right, _, gold = _counts(sums)
    return ratio(right.sum(-1), gold.sum(-1))


recall_micro = accuracy


def precision_micro(sums: NDArray[Any]) -> NDArray[Any]:
    """The share of given labels that are right."""
    right, given, _ = _counts(sums)
    return ratio(right.sum(-1), given.sum(-1))


def f1_micro(sums: NDArray[Any]) -> NDArray[Any]:
    """F1 of all labels together."""
    right, given, gold = _counts(sums)
    return ratio(2 * right.sum(-1), given.sum(-1) + gold.sum(-1))


def f1_macro(sums: NDArray[Any]) -> NDArray[Any]:
    """The mean F1 of the labels that are gold or given."""
    right, given, gold = _counts(sums)
    return _mean_of_seen(ratio(2 * right, given + gold), given + gold)


def f1_macro_of_gold(sums: NDArray[Any]) -> NDArray[Any]:
    """The mean F1 of the labels that are gold."""
    right, given, gold = _counts(sums)
    return _mean_of_seen(ratio(2 * right, given + gold), gold)


def f1_weighted(sums: NDArray[Any]) -> NDArray[Any]:
    """The mean F1 of gold labels, each as often as it is gold."""
    right, given, gold = _counts(sums)
    return ratio((gold * ratio(2 * right, given + gold)).sum(-1), gold.sum(-1))


def precision_macro(sums: NDArray[Any]) -> NDArray[Any]:
    """The mean precision of the labels that are gold or given."""
    right, given, gold = _counts(sums)
    return _mean_of_seen(ratio(right, given), given + gold)


def recall_macro(sums: NDArray[Any]) -> NDArray[Any]:
    """The mean recall of the labels that are gold or given."""
    right, given, gold = _counts(sums)
    return _mean_of_seen(ratio(right, gold), given + gold)


def matthews(sums: NDArray[Any]) -> NDArray[Any]:
    """Matthews' correlation, where each row has one gold and one given label; NaN with a single label."""
    right, given, gold = _counts(sums)
    rows = gold.sum(-1)
    together = right.sum(-1) * rows - (gold * given).sum(-1)
    spread = (rows**2 - (given**2).sum(-1)) * (rows**2 - (gold**2).sum(-1))
    found = np.divide(together, np.sqrt(np.abs(spread)), out=np.zeros(rows.shape), where=spread > 0)
    return np.where(((given + gold) > 0).sum(-1) > 1, found, np.nan)


def _mean_of_seen(values: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
    seen = counts > 0
    return ratio((values * seen).sum(-1), seen.sum(-1))
