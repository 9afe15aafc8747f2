"""Areas under curves, one label against the rest: for a few labels by scikit-learn, for many all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ftk.tasks import finding_kinds as kinds

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes

MOST_SCORES = 1 << 28
"""The most scores, of all labels of all rows, that are kept for areas: a gigabyte."""
_MANY_LABELS = 200
"""scikit-learn takes some 20 ms for each label."""
_AT_ONCE = 1 << 20


class KeptScores:
    """The scores of all labels for each row, as long as there are at most ``MOST_SCORES`` of them."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []
        self._number = 0

    def add(self, scores: NDArray[np.float32]) -> None:
        """Keep the [labels] scores of a row."""
        self._number += len(scores)
        if self._number <= MOST_SCORES:
            self._rows.append(scores)
        else:
            self._rows.clear()

    def judge(self, notes: Notes, *names: str) -> None:
        """Report areas that are not there, because there were too many scores to keep.

        Args:
            notes: collects it.
            names: of the areas.
        """
        if self._number > MOST_SCORES:
            notes.add(kinds.WITHOUT_AREAS, names=" and ".join(names), scores=self._number, most=MOST_SCORES)

    def of(self, labels: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """[rows, labels] the scores of some labels; None if there were too many to keep."""
        if self._number > MOST_SCORES:
            return None
        return np.stack([scores[labels] for scores in self._rows])


def areas(present: NDArray[np.bool_], scores: NDArray[np.float32] | None) -> dict[str, float | None]:
    """``roc_auc`` and ``average_precision``, each the mean over labels, one against the rest.

    Args:
        present: [rows, labels] whether a row has a label.
        scores: [rows, labels]; None: there is none of the two.
    """
    both = present.any(axis=0) & ~present.all(axis=0)
    if scores is None or not both.any():
        return {"roc_auc": None, "average_precision": None}
    present, scores = present[:, both], scores[:, both]
    if present.shape[1] > _MANY_LABELS:
        under, precision = _of_many(present, scores)
        return {"roc_auc": float(under.mean()), "average_precision": float(precision.mean())}
    from sklearn.metrics import average_precision_score, roc_auc_score

    return {
        "roc_auc": float(roc_auc_score(present, scores, average="macro")),
        "average_precision": float(average_precision_score(present, scores, average="macro")),
    }


def _of_many(
    present: NDArray[np.bool_], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[labels] the area under the ROC curve, and the average precision, of each label."""
    step = max(1, _AT_ONCE // len(scores))
    parts = [
        _of_some(present[:, begin : begin + step], scores[:, begin : begin + step])
        for begin in range(0, scores.shape[1], step)
    ]
    under, precision = (np.concatenate(found) for found in zip(*parts, strict=True))
    return under, precision


def _of_some(
    present: NDArray[np.bool_], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(-scores, axis=0, kind="stable")
    values = np.take_along_axis(scores, order, axis=0)
    right = np.cumsum(np.take_along_axis(present, order, axis=0), axis=0, dtype=np.float64)
    taken = np.arange(1, len(scores) + 1, dtype=np.float64)[:, None]
    ends = np.ones(scores.shape, dtype=bool)  # rows with equal scores are taken together
    ends[:-1] = values[1:] < values[:-1]
    before, taken_before = _before(right, ends), _before(np.broadcast_to(taken, scores.shape), ends)
    wrong = (taken - right) - (taken_before - before)
    there, rest = right[-1], len(scores) - right[-1]
    under = np.where(ends, wrong * (right + before) / 2, 0).sum(axis=0) / (there * rest)
    precision = np.where(ends, right / taken * (right - before), 0).sum(axis=0) / there
    return under, precision


def _before(counts: NDArray[np.float64], ends: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[rows, labels] the count at the end before each row, 0 before the first one."""
    found = np.zeros(counts.shape)
    found[1:] = np.maximum.accumulate(np.where(ends, counts, 0), axis=0)[:-1]
    return found
