"""Scores of relations between two entities, where a relation may have a direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.tasks.shared.averages import averaged_over
from ftk.tasks.shared.judging import judge_labels

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import Scores
    from ftk.data.examples.relations import RelationExample


class RelationMetric:
    """Accuracy and F1 of labels, and the official F1 of SemEval-2010 Task 8, which is about relations.

    A label ``NAME(e1,e2)`` or ``NAME(e2,e1)`` is the relation NAME in one direction; any other label is a relation.
    Memory grows with the number of different pairs of labels alone.

    Args:
        marks: what head and tail are called in labels: ``("e1", "e2")``.
        no_relation: the label that says that there is no relation; None if there is no such label.
        known: the labels of the model.
    """

    def __init__(self, *, marks: tuple[str, str], no_relation: str | None, known: Sequence[str] = ()) -> None:
        self.known = list(known)
        self.no_relation = no_relation
        self._directions = tuple(f"({one},{other})" for one, other in (marks, marks[::-1]))
        self._pairs: Counter[tuple[str, str]] = Counter()

    def update(self, example: RelationExample, prediction: Scores) -> None:
        """Count one row. A label that the model does not know counts as missed."""
        assert example.target is not None
        self.add(example.target, prediction.names[prediction.best])

    def add(self, gold: str, found: str) -> None:
        """Count one row by its label and the one that was predicted."""
        self._pairs[gold, found] += 1

    def compute(self) -> dict[str, Any]:
        """``accuracy``, ``f1_macro``, ``f1_micro``, ``f1_semeval``, ``macro_labels``, ``absent_labels``,
        ``per_label``.

        ``f1_macro`` is over the labels that occur in the rows or among the predictions; ``f1_micro`` leaves out
        the label for no relation, in the rows and among the predictions. A ratio whose denominator is 0 is 0.
        """
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support

        seen = sorted({label for pair in self._pairs for label in pair})
        number = {label: at for at, label in enumerate(seen)}
        gold, found = (np.array([number[pair[side]] for pair in self._pairs]) for side in (0, 1))
        rows = {"sample_weight": np.array(list(self._pairs.values()))}
        each = precision_recall_fscore_support(
            gold, found, labels=np.arange(len(seen)), average=None, zero_division=0.0, **rows
        )
        related = [number[label] for label in seen if label != self.no_relation]
        micro = 0.0
        if related:
            micro = precision_recall_fscore_support(
                gold, found, labels=related, average="micro", zero_division=0.0, **rows
            )[2]
        per_label = {
            label: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for label, p, r, f, s in zip(seen, *each, strict=True)
        }
        return {
            "accuracy": float(accuracy_score(gold, found, **rows)),
            "f1_macro": float(np.mean(each[2])),
            "f1_micro": float(micro),
            "f1_semeval": self._semeval(),
            **averaged_over(self.known, per_label),
            "per_label": per_label,
        }

    def judge(self, notes: Notes) -> None:
        """Report labels without rows, and one label for all rows."""
        support: Counter[str] = Counter()
        given: Counter[str] = Counter()
        for (gold, found), rows in self._pairs.items():
            support[gold] += rows
            given[found] += rows
        judge_labels(notes, known=self.known, support=support, given=given)

    def _semeval(self) -> float:
        """The mean F1 over the relations of the gold standard without the one for none: (9+1)-way, with directions.

        A relation is right only in its direction. Its precision is over all rows predicted as this relation in either
        direction, its recall over all rows that have it in either direction (Hendrickx et al. 2010, and the scorer of
        that task, version 1.2).
        """
        right: Counter[str] = Counter()
        given: Counter[str] = Counter()
        there: Counter[str] = Counter()
        for (gold, found), rows in self._pairs.items():
            right[self.relation(gold)] += rows * (gold == found)
            given[self.relation(found)] += rows
            there[self.relation(gold)] += rows
        # 2 P R / (P + R), written with the counts.
        scores = [2 * right[name] / (given[name] + there[name]) for name in there if name != self.no_relation]
        return float(np.mean(scores)) if scores else 0.0

    def relation(self, label: str) -> str:
        """A label without its direction."""
        for direction in self._directions:
            label = label.removesuffix(direction)
        return label
