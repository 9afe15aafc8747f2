"""Scores for rows with one label, computed by scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.tasks.shared.averages import averaged_over
from ftk.tasks.shared.curve_areas import KeptScores, areas
from ftk.tasks.shared.judging import judge_labels

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import Scores
    from ftk.data.examples.texts import TextExample


class ClassMetric:
    """Accuracy, F1, Matthews' correlation, and areas under curves, one label against the rest.

    Up to ``MOST_SCORES``, four bytes a label are kept for each row, because curves need the order of all scores.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._known = {name: number for number, name in enumerate(names)}
        self._gold: list[int] = []
        self._found: list[int] = []
        self._scores = KeptScores()

    def update(self, example: TextExample, prediction: Scores) -> None:
        """Count one row. A label that the model does not know counts as missed."""
        self.add(example.target, prediction.values, prediction.best)

    def add(self, gold: str, scores: NDArray[np.float32], found: int | None = None) -> None:
        """Count one row by its label and its [labels] scores; ``found``: the one that is given, by default the best."""
        self._gold.append(self._known.setdefault(gold, len(self._known)))
        self._found.append(int(scores.argmax()) if found is None else found)
        self._scores.add(scores)

    def compute(self) -> dict[str, Any]:
        """``accuracy``, ``f1_macro``, ``mcc``, ``roc_auc``, ``average_precision``, ``f1_micro``, ``f1_weighted``,
        ``precision_macro``, ``recall_macro``, ``macro_labels``, ``absent_labels``, ``per_label``.

        Averages are over the labels that occur, as scikit-learn takes them: for F1, in the rows or among the
        predictions; for the areas, in some rows but not in all. A ratio whose denominator is 0 is 0. Matthews'
        correlation and areas do not exist with a single label, and are None; so are areas over more than
        ``MOST_SCORES`` scores.
        """
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support

        gold, found = np.array(self._gold), np.array(self._found)
        names = list(self._known)
        seen = np.union1d(gold, found)
        counted = {"labels": seen, "zero_division": 0.0}
        each = precision_recall_fscore_support(gold, found, average=None, **counted)
        macro = precision_recall_fscore_support(gold, found, average="macro", **counted)
        per_label = {
            names[label]: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for label, p, r, f, s in zip(seen, *each, strict=True)
        }
        present = np.unique(gold[gold < len(self.names)])
        return {
            "accuracy": float(accuracy_score(gold, found)),
            "f1_macro": float(macro[2]),
            "mcc": _correlation(gold, found) if len(seen) > 1 else None,
            **areas(present == gold[:, None], self._scores.of(present)),
            "f1_micro": float(precision_recall_fscore_support(gold, found, average="micro", **counted)[2]),
            "f1_weighted": float(precision_recall_fscore_support(gold, found, average="weighted", **counted)[2]),
            "precision_macro": float(macro[0]),
            "recall_macro": float(macro[1]),
            **averaged_over(self.names, per_label),
            "per_label": per_label,
        }

    def judge(self, notes: Notes) -> None:
        """Report labels without rows, one label for all rows, and areas that are not there."""
        names = list(self._known)
        support, given = (
            {names[label]: number for label, number in Counter(found).items()} for found in (self._gold, self._found)
        )
        judge_labels(notes, known=self.names, support=support, given=given)
        self._scores.judge(notes, "roc_auc", "average_precision")


def _correlation(gold: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Matthews' correlation, to the digit as scikit-learn computes it, which makes a table of labels by labels."""
    labels = int(max(gold.max(), found.max())) + 1
    there, predicted = (np.bincount(numbers, minlength=labels).astype(np.float64) for numbers in (gold, found))
    right, rows = float(np.count_nonzero(gold == found)), float(len(gold))
    together = right * rows - np.dot(there, predicted)
    spread = (rows**2 - np.dot(predicted, predicted)) * (rows**2 - np.dot(there, there))
    return float(together / np.sqrt(spread)) if spread else 0.0
