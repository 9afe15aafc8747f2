"""What the scores of relations are made of, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ftk.data.examples.entities.marks import names_of
from ftk.tasks.relation.metric import RelationMetric
from ftk.tasks.shared.statistics import label_counts as of
from ftk.tasks.shared.statistics.classes import right, rows_of
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics


def relation_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``f1_semeval``, ``accuracy``, ``f1_macro``, ``f1_micro``, as ``RelationMetric`` computes them.

    Args:
        records: with ``gold_label`` and ``label``.
        fields: of the task; ``head_mark``, ``tail_mark`` and ``no_relation`` say what directions are called, and which
            label says that there is no relation.
    """
    gold, found = values_of(records, "gold_label"), values_of(records, "label")
    no_relation = fields.get("no_relation")
    marks = names_of((fields["head_mark"], fields["tail_mark"]))
    name = RelationMetric(marks=marks, no_relation=no_relation).relation

    def related(labels: Iterable[str]) -> list[str]:
        return [label for label in labels if label != no_relation]

    rows = rows_of(gold, found)
    relations = [(map(name, both), map(name, given), related(map(name, there))) for both, given, there in rows]
    [semeval] = of.counted_statistics(relations, {"f1_semeval": of.f1_macro_of_gold})
    some = [(related(both), related(given), related(there)) for both, given, there in rows]
    [micro] = of.counted_statistics(some, {"f1_micro": of.f1_micro})
    [macro] = of.counted_statistics(rows, {"f1_macro": of.f1_macro})
    return by_name([semeval, mean_of("accuracy", right(gold, found)), macro, micro])
