"""Scores for rows with any number of labels, computed by scikit-learn; and the best thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.tasks.shared.curve_areas import KeptScores, areas

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ftk.contracts.values import Scores
    from ftk.data.examples.texts import TextExample

_MANY_LABELS = 1000
"""With more labels, ``per_label`` has only those that occur in the rows or among the predictions."""
_AT_ONCE = 1 << 24
"""Scores that are in memory at once while thresholds are chosen."""


class LabelSetMetric:
    """F1 at given thresholds, and ranking measures that need none.

    Up to ``MOST_SCORES``, four bytes a label are kept for each row, because curves need the order of all scores.
    """

    def __init__(self, names: Sequence[str], thresholds: Sequence[float]) -> None:
        self.names = list(names)
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        self._known = {name: number for number, name in enumerate(names)}
        self._gold: list[NDArray[np.int64]] = []
        self._found: list[NDArray[np.int64]] = []
        self._ranking: list[float] = []
        """The average precision of each row, over the ranks of its labels."""
        self._scores = KeptScores()

    def update(self, example: TextExample, prediction: Scores) -> None:
        """Count one row. A label that the model does not know counts as missed."""
        self.add(example.target, prediction.values)

    def add(self, gold: Sequence[str], scores: NDArray[np.float32]) -> None:
        """Count one row by its labels and its [labels] probabilities."""
        numbers = np.unique([self._known.setdefault(name, len(self._known)) for name in gold]).astype(np.int64)
        self._gold.append(numbers)
        self._found.append(np.flatnonzero(scores >= self.thresholds))
        self._ranking.append(_ranking(numbers[numbers < len(self.names)], scores))
        self._scores.add(scores)

    def compute(self) -> dict[str, Any]:
        """``f1_micro``, ``f1_macro``, ``lrap``, ``mean_average_precision``, ``precision_micro``, ``recall_micro``,
        ``accuracy`` (all labels of a row right), ``roc_auc``, ``per_label``.

        Averages are over the labels that some row has; for areas, those that some but not all rows have. A ratio whose
        denominator is 0 is 0; a mean over nothing is None, and so are areas over more than ``MOST_SCORES`` scores.
        """
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support

        names, known = list(self._known), len(self.names)
        gold, found = _table(self._gold, len(names)), _table(self._found, len(names))
        support, given = gold.sum(axis=0), found.sum(axis=0)
        if len(names) == 1:  # scikit-learn takes no sparse table of one column
            gold, found = gold.toarray().astype(bool), found.toarray().astype(bool)
        each = precision_recall_fscore_support(gold, found, average=None, zero_division=0.0)
        micro = precision_recall_fscore_support(gold, found, average="micro", zero_division=0.0)
        seen = np.flatnonzero(support)
        labels = seen[seen < known]
        curves = areas(_table(self._gold, len(names))[:, labels].toarray() > 0, self._scores.of(labels))
        shown: Iterable[int] = range(len(names))
        if len(names) > _MANY_LABELS:
            shown = np.flatnonzero(support + given).tolist()
        return {
            "f1_micro": float(micro[2]),
            "f1_macro": float(each[2][seen].mean()) if len(seen) else None,
            "lrap": float(np.cumsum(self._ranking)[-1] / len(self._ranking)),
            "mean_average_precision": curves["average_precision"],
            "precision_micro": float(micro[0]),
            "recall_micro": float(micro[1]),
            "accuracy": float(accuracy_score(gold, found)),
            "roc_auc": curves["roc_auc"],
            "per_label": {
                names[label]: {
                    "precision": float(each[0][label]),
                    "recall": float(each[1][label]),
                    "f1": float(each[2][label]),
                    "support": int(each[3][label]),
                    **({"threshold": float(self.thresholds[label])} if label < known else {}),
                }
                for label in shown
            },
        }


def _table(rows: Sequence[NDArray[np.int64]], labels: int) -> csr_array:
    """[rows, labels] 1 for each label that a row has."""
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *map(len, rows)])
    places = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return csr_array((np.ones(len(places), dtype=np.int64), places, ends), shape=(len(rows), labels))


def _ranking(right: NDArray[np.int64], scores: NDArray[np.float32]) -> float:
    """The mean over the labels of a row of the share of its labels among those with this score or a higher one.

    It is the label ranking average precision of one row, as scikit-learn has it; without labels, or with all, it is 1.
    """
    if len(right) in (0, len(scores)):
        return 1.0
    own = scores[right]
    above = np.array([np.count_nonzero(scores >= score) for score in own])
    among = (own[None] >= own[:, None]).sum(axis=1)
    return float((among / above).mean())


def best_thresholds(
    gold: Sequence[Sequence[str]], scores: Sequence[NDArray[np.float32]], names: Sequence[str]
) -> dict[str, float]:
    """For each label the threshold with the highest F1.

    The threshold lies half-way between two scores; among equally good ones it is the one nearest to one half. A label
    that no row has gets no threshold (Yang 2001, "A Study on Thresholding Strategies for Text Categorization", SCut).
    """
    rows: dict[str, list[int]] = {}
    for row, labels in enumerate(gold):
        for name in set(labels):
            rows.setdefault(name, []).append(row)
    wanted = [(label, name) for label, name in enumerate(names) if name in rows]
    step = max(1, _AT_ONCE // max(1, len(scores)))
    found = {}
    for begin in range(0, len(wanted), step):
        part = wanted[begin : begin + step]
        columns = np.array([label for label, _ in part])
        table = np.stack([one[columns] for one in scores]).astype(np.float64)
        for at, (_, name) in enumerate(part):
            present = np.zeros(len(scores), dtype=bool)
            present[rows[name]] = True
            found[name] = _best_threshold(table[:, at], present)
    return found


def _best_threshold(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> float:
    """The threshold of one label: [rows] its scores, and whether a row has it."""
    order = np.argsort(-scores, kind="stable")
    values, right = scores[order], np.cumsum(present[order])
    taken = np.arange(1, len(values) + 1)
    ends = np.append(values[1:] < values[:-1], True)  # rows with equal scores go together
    f1 = np.where(ends, 2 * right / (taken + present.sum()), -1.0)
    below = np.append(values[1:], 0.0)
    cuts = (values + below) / 2
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return round(float(cuts[best[np.argmin(np.abs(cuts[best] - 0.5))]]), 6)
