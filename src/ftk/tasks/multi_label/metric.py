"""Scores for rows with any number of labels, computed by scikit-learn; and the best thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.tasks.shared.class_metric import areas

if TYPE_CHECKING:
    from ftk.contracts.values import Scores
    from ftk.data.examples.texts import TextExample


class LabelSetMetric:
    """F1 at given thresholds, and ranking measures that need none.

    Four bytes a label are kept for each row, because ranking needs the order of all scores.
    """

    def __init__(self, names: Sequence[str], thresholds: Sequence[float]) -> None:
        self.names = list(names)
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        self._known = {name: number for number, name in enumerate(names)}
        self._gold: list[tuple[int, ...]] = []
        self._scores: list[NDArray[np.float32]] = []

    def update(self, example: TextExample, prediction: Scores) -> None:
        """Count one row. A label that the model does not know counts as missed."""
        self.add(example.target, prediction.values)

    def add(self, gold: Sequence[str], scores: NDArray[np.float32]) -> None:
        """Count one row by its labels and its [labels] probabilities."""
        self._gold.append(tuple(self._known.setdefault(name, len(self._known)) for name in gold))
        self._scores.append(scores)

    def compute(self) -> dict[str, Any]:
        """``f1_micro``, ``f1_macro``, ``lrap``, ``mean_average_precision``, ``precision_micro``, ``recall_micro``,
        ``accuracy`` (all labels of a row right), ``roc_auc``, ``per_label``.

        Averages are over the labels that some row has; for areas, those that some but not all rows have. A ratio whose
        denominator is 0 is 0; a mean over nothing is None.
        """
        from sklearn.metrics import (
            accuracy_score,
            label_ranking_average_precision_score,
            precision_recall_fscore_support,
        )

        known = len(self.names)
        gold = np.zeros((len(self._gold), len(self._known)), dtype=bool)
        for row, labels in enumerate(self._gold):
            gold[row, list(labels)] = True
        scores = np.stack(self._scores)
        found = np.zeros_like(gold)
        found[:, :known] = scores >= self.thresholds
        seen = np.flatnonzero(gold.any(axis=0))
        each = precision_recall_fscore_support(gold, found, average=None, zero_division=0.0)
        micro = precision_recall_fscore_support(gold, found, average="micro", zero_division=0.0)
        names = list(self._known)
        curves = areas(gold[:, :known], scores)
        return {
            "f1_micro": float(micro[2]),
            "f1_macro": float(each[2][seen].mean()) if len(seen) else None,
            "lrap": float(label_ranking_average_precision_score(gold[:, :known], scores)),
            "mean_average_precision": curves["average_precision"],
            "precision_micro": float(micro[0]),
            "recall_micro": float(micro[1]),
            "accuracy": float(accuracy_score(gold, found)),
            "roc_auc": curves["roc_auc"],
            "per_label": {
                name: {
                    "precision": float(each[0][label]),
                    "recall": float(each[1][label]),
                    "f1": float(each[2][label]),
                    "support": int(each[3][label]),
                    **({"threshold": float(self.thresholds[label])} if label < known else {}),
                }
                for label, name in enumerate(names)
            },
        }


def best_thresholds(
    gold: Sequence[Sequence[str]], scores: Sequence[NDArray[np.float32]], names: Sequence[str]
) -> dict[str, float]:
    """For each label the threshold with the highest F1.

    The threshold lies half-way between two scores; among equally good ones it is the one nearest to one half. A label
    that no row has gets no threshold (Yang 2001, "A Study on Thresholding Strategies for Text Categorization", SCut).
    """
    table = np.stack(scores).astype(np.float64)
    found = {}
    for label, name in enumerate(names):
        present = np.array([name in labels for labels in gold])
        if not present.any():
            continue
        order = np.argsort(-table[:, label], kind="stable")
        values, right = table[order, label], np.cumsum(present[order])
        taken = np.arange(1, len(values) + 1)
        ends = np.append(values[1:] < values[:-1], True)  # rows with equal scores go together
        f1 = np.where(ends, 2 * right / (taken + present.sum()), -1.0)
        below = np.append(values[1:], 0.0)
        cuts = (values + below) / 2
        best = np.flatnonzero(f1 >= f1.max() - 1e-12)
        found[name] = round(float(cuts[best[np.argmin(np.abs(cuts[best] - 0.5))]]), 6)
    return found
