"""Scores for rows with any number of labels, computed by scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.tasks import finding_kinds as kinds
from ftk.tasks.multi_label.thresholds import FEW_ROWS, LEAST_F1, LEAST_ROWS, LOW_F1, LOWER_MICRO, TUNED
from ftk.tasks.shared.averages import averaged_over
from ftk.tasks.shared.curve_areas import KeptScores, areas
from ftk.tasks.shared.judging import listed, note_without_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ftk.contracts.notes import Notes
    from ftk.contracts.values import Scores
    from ftk.data.examples.texts import TextExample

_MANY_LABELS = 1000
"""With more labels, ``per_label`` has only those that occur in the rows or among the predictions."""


class LabelSetMetric:
    """F1 at given thresholds, and ranking measures that need none.

    Up to ``MOST_SCORES``, four bytes a label are kept for each row, because curves need the order of all scores.
    """

    def __init__(
        self, names: Sequence[str], thresholds: Sequence[float], untuned: Mapping[str, str] | None = None
    ) -> None:
        """
        Args:
            names: of the labels of the model.
            thresholds: of each.
            untuned: why the threshold of a label was not tuned; None if none was.
        """
        self.names = list(names)
        self._untuned = untuned
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        self._known = {name: number for number, name in enumerate(names)}
        self._gold: list[NDArray[np.int64]] = []
        self._found: list[NDArray[np.int64]] = []
        self._ranking: list[float] = []
        """The average precision of each row, over the ranks of its labels."""
        self._scores = KeptScores()

    def update(self, example: TextExample, prediction: Scores) -> None:
        """Count one row. A label that the model does not know counts as missed."""
        self.add(example.target, prediction.values, prediction.deciding)

    def add(
        self, gold: Sequence[str], scores: NDArray[np.float32], deciding: NDArray[np.floating[Any]] | None = None
    ) -> None:
        """Count one row by its labels and its [labels] probabilities; ``deciding``: those that thresholds are for."""
        numbers = np.unique([self._known.setdefault(name, len(self._known)) for name in gold]).astype(np.int64)
        self._gold.append(numbers)
        self._found.append(np.flatnonzero((scores if deciding is None else deciding) >= self.thresholds))
        self._ranking.append(_ranking(numbers[numbers < len(self.names)], scores))
        self._scores.add(scores)

    def compute(self) -> dict[str, Any]:
        """``f1_micro``, ``f1_macro``, ``lrap``, ``mean_average_precision``, ``precision_micro``, ``recall_micro``,
        ``accuracy`` (all labels of a row right), ``roc_auc``, ``support_per_row`` and ``given_per_row`` (labels),
        ``macro_labels``, ``absent_labels``, ``per_label``.

        Averages are over the labels that occur, in the rows or among the predictions; for areas, those that some but
        not all rows have. A ratio whose denominator is 0 is 0; a mean over nothing is None, and so are areas over more
        than ``MOST_SCORES`` scores.
        """
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support

        names, known = list(self._known), len(self.names)
        gold, found = _table(self._gold, len(names)), _table(self._found, len(names))
        support, given = gold.sum(axis=0), found.sum(axis=0)
        if len(names) == 1:  # scikit-learn takes no sparse table of one column
            gold, found = gold.toarray().astype(bool), found.toarray().astype(bool)
        each = precision_recall_fscore_support(gold, found, average=None, zero_division=0.0)
        micro = precision_recall_fscore_support(gold, found, average="micro", zero_division=0.0)
        seen, occurring = np.flatnonzero(support), np.flatnonzero(support + given)
        labels = seen[seen < known]
        curves = areas(_table(self._gold, len(names))[:, labels].toarray() > 0, self._scores.of(labels))
        shown: Iterable[int] = range(len(names))
        if len(names) > _MANY_LABELS:
            shown = occurring.tolist()
        return {
            "f1_micro": float(micro[2]),
            "f1_macro": float(each[2][occurring].mean()) if len(occurring) else None,
            "lrap": float(np.cumsum(self._ranking)[-1] / len(self._ranking)),
            "mean_average_precision": curves["average_precision"],
            "precision_micro": float(micro[0]),
            "recall_micro": float(micro[1]),
            "accuracy": float(accuracy_score(gold, found)),
            "roc_auc": curves["roc_auc"],
            "support_per_row": float(support.sum() / len(self._gold)),
            "given_per_row": float(given.sum() / len(self._found)),
            **averaged_over(self.names, {names[label] for label in occurring}),
            "per_label": {
                names[label]: {
                    "precision": float(each[0][label]),
                    "recall": float(each[1][label]),
                    "f1": float(each[2][label]),
                    "support": int(each[3][label]),
                    "given": int(given[label]),
                    **(self._threshold(label) if label < known else {}),
                }
                for label in shown
            },
        }

    def judge(self, notes: Notes) -> None:
        """Report labels without rows or without a threshold of their own, one set of labels for all rows, and missing
        areas."""
        names, rows = list(self._known), len(self._gold)
        support, given = (
            {names[label]: int(number) for label, number in Counter(chain.from_iterable(found)).items()}
            for found in (self._gold, self._found)
        )
        note_without_rows(notes, self.names, support, given)
        self._scores.judge(notes, "roc_auc", "mean_average_precision")
        there, sets = sum(support.values()), {tuple(row) for row in self._found}
        if there and not given:
            notes.add(kinds.NOTHING_PREDICTED, what="label", rows=rows, there=there)
        elif len(sets) == 1 and len({tuple(row) for row in self._gold}) > 1:
            notes.add(kinds.ONE_ANSWER, what="labels", rows=rows, value=listed([names[at] for at in sets.pop()]))
        for reason, least in ((FEW_ROWS, LEAST_ROWS), (LOW_F1, LEAST_F1), (LOWER_MICRO, 0)):
            untuned = [name for name, why in (self._untuned or {}).items() if why == reason]
            if untuned:
                values = {"names": listed(untuned), "least": least}
                notes.add(kinds.UNTUNED_LABEL, number=len(untuned), policy=reason.replace(" ", "_"), **values)

    def _threshold(self, label: int) -> dict[str, Any]:
        """The threshold of a label, and whether it was tuned."""
        found: dict[str, Any] = {"threshold": float(self.thresholds[label])}
        if self._untuned is not None:
            found["tuned"] = self._untuned.get(self.names[label], TUNED)
        return found


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
