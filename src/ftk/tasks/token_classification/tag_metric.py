"""Scores of tags of single tokens, computed by scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ftk.data.rows.label_names import in_order
from ftk.tasks.shared.averages import averaged_over
from ftk.tasks.shared.judging import judge_labels

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes


class TagMetric:
    """Accuracy and F1 over tokens, updated row by row; memory grows with the number of tags alone."""

    def __init__(self, known: Sequence[str] = ()) -> None:
        """
        Args:
            known: the tags of the model.
        """
        self.known = list(known)
        self._pairs: Counter[tuple[str, str | None]] = Counter()
        self._rows = self._right = 0

    def update(self, gold: Sequence[str], predicted: Sequence[str | None]) -> None:
        """Count one row.

        Args:
            gold: its tags.
            predicted: as many; None is always wrong.
        """
        self._pairs.update(zip(gold, predicted, strict=True))
        self._rows += len(gold) > 0
        self._right += len(gold) > 0 and list(gold) == list(predicted)

    def compute(self) -> dict[str, Any]:
        """``accuracy``, ``f1_macro``, ``f1_weighted``, ``sentence_accuracy``, ``macro_labels``, ``absent_labels``,
        ``per_label``.

        Averages are over the tags that occur, in the rows or among the predictions, as scikit-learn takes them.
        ``sentence_accuracy`` is the share of rows whose tags are all right, among those that have any. A ratio whose
        denominator is 0 is 0.
        """
        if not self._pairs:
            scores = ("accuracy", "f1_macro", "f1_weighted", "sentence_accuracy")
            return {**dict.fromkeys(scores, 0.0), **averaged_over(self.known, ()), "per_label": {}}
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support

        names = in_order(name for pair in self._pairs for name in pair if name is not None)
        number: dict[str | None, int] = {None: -1, **{name: at for at, name in enumerate(names)}}
        gold = [number[name] for name, _ in self._pairs]
        found = [number[name] for _, name in self._pairs]
        times = list(self._pairs.values())
        # Each pair of tags counts as often as it occurs.
        counted = {"labels": list(range(len(names))), "sample_weight": times, "zero_division": 0.0}
        each = precision_recall_fscore_support(gold, found, average=None, **counted)
        per_label = {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": round(float(s))}
            for name, p, r, f, s in zip(names, *each, strict=True)
        }
        return {
            "accuracy": float(accuracy_score(gold, found, sample_weight=times)),
            "f1_macro": float(precision_recall_fscore_support(gold, found, average="macro", **counted)[2]),
            "f1_weighted": float(precision_recall_fscore_support(gold, found, average="weighted", **counted)[2]),
            "sentence_accuracy": self._right / self._rows,
            **averaged_over(self.known, per_label),
            "per_label": per_label,
        }

    def judge(self, notes: Notes) -> None:
        """Report tags without a token, and one tag for all tokens."""
        support: Counter[str] = Counter()
        given: Counter[str] = Counter()
        for (gold, found), tokens in self._pairs.items():
            support[gold] += tokens
            if found is not None:
                given[found] += tokens
        judge_labels(notes, known=self.known, support=support, given=given, what="tokens")
