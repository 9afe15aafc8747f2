"""Entity-level precision, recall and F1, counted as seqeval counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ftk.tasks import finding_kinds as kinds
from ftk.tasks.shared.judging import note_without_rows

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes


class EntityMetric:
    """Entity scores in two modes, updated row by row; memory grows with the number of entity types alone.

    ``f1`` is strict IOB2: an entity counts if type, beginning and end are right, and a sequence that IOB2 does
    not allow is no entity (seqeval's ``mode="strict", scheme=IOB2``). ``f1_conlleval`` is lenient, as conlleval and
    seqeval's default: an I- that continues nothing begins an entity.
    """

    def __init__(self, types: Sequence[str]) -> None:
        self.types = list(types)
        self._strict = _Counts()
        self._lenient = _Counts()
        self._rows = 0

    def update(
        self,
        gold: Sequence[str],
        predicted: Sequence[str],
        raw: Sequence[str] | None = None,
        *,
        unmarked: Sequence[str] = (),
        overlapped: Collection[tuple[str, int, int]] = (),
        widened: Collection[tuple[str, int, int]] = (),
    ) -> None:
        """Count one row.

        Args:
            gold: its tags.
            predicted: the tags to score strictly.
            raw: the tags to score leniently, if they differ from ``predicted``: those of the model before decoding,
                which other tools score.
            unmarked: the labels of annotated entities that no tags can mark: they are in the support, as missed.
            overlapped: annotated entities that the gold tags leave out for longer ones; they are in the support, and
                right if they are predicted.
            widened: entities of the gold tags that are wider than annotated: they are not in it.
        """
        self._rows += 1
        for counts, read, found in (
            (self._strict, _strict, predicted),
            (self._lenient, lenient_entities, predicted if raw is None else raw),
        ):
            counts.add(read(gold).difference(widened).union(overlapped), read(found))
            counts.gold.update(unmarked)

    def compute(self) -> dict[str, Any]:
        """``precision``, ``recall``, ``f1``, ``f1_conlleval``, ``support``, ``per_label``, ``scheme``, ``mode``.

        A ratio whose denominator is 0 is 0, as in seqeval.
        """
        precision, recall, f1 = self._strict.scores()
        kinds = sorted({*self.types, *self._strict.gold, *self._strict.predicted})
        per_label = {}
        for kind in kinds:
            label_scores = self._strict.scores(kind)
            per_label[kind] = dict(zip(("precision", "recall", "f1"), label_scores, strict=True))
            per_label[kind]["support"] = self._strict.gold[kind]
        return {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "f1_conlleval": self._lenient.scores()[2],
            "support": sum(self._strict.gold.values()),
            "per_label": per_label,
            "scheme": "IOB2",
            "mode": "strict",
        }

    def judge(self, notes: Notes) -> None:
        """Report types of entities without a row, and a model that finds none."""
        gold, predicted = self._strict.gold, self._strict.predicted
        note_without_rows(notes, self.types, gold)
        if gold.total() and not predicted.total():
            notes.add(kinds.NOTHING_PREDICTED, what="entity", rows=self._rows, there=gold.total())


class _Counts:
    """Entities in the gold standard, predicted, and both, by type."""

    def __init__(self) -> None:
        self.gold: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.correct: Counter[str] = Counter()

    def add(self, gold: set[tuple[str, int, int]], predicted: set[tuple[str, int, int]]) -> None:
        self.gold.update(kind for kind, _, _ in gold)
        self.predicted.update(kind for kind, _, _ in predicted)
        self.correct.update(kind for kind, _, _ in gold & predicted)

    def scores(self, kind: str | None = None) -> tuple[float, float, float]:
        """Precision, recall and F1 of one type, or of all entities."""
        correct, predicted, gold = (
            counts.total() if kind is None else counts[kind] for counts in (self.correct, self.predicted, self.gold)
        )
        precision = correct / predicted if predicted else 0.0
        recall = correct / gold if gold else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return precision, recall, f1


def _strict(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    from seqeval.scheme import IOB2, Tokens

    return {(entity.tag, entity.start, entity.end) for entity in Tokens(list(tags), IOB2).entities}


def lenient_entities(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """The entities that conlleval reads in tags: type, first position, position after the last."""
    from seqeval.metrics.sequence_labeling import get_entities

    return {(kind, start, end + 1) for kind, start, end in get_entities(list(tags))}
