"""What the scores of one label a row are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ftk.tasks.shared.statistics import label_counts as of
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics

_SCORES = {
    "f1_macro": of.f1_macro,
    "f1_micro": of.f1_micro,
    "f1_weighted": of.f1_weighted,
    "precision_macro": of.precision_macro,
    "recall_macro": of.recall_macro,
}


def class_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``accuracy``, the scores of ``ClassMetric`` that are made of counts by label, and ``mcc``."""
    gold, found = values_of(records, "gold_label"), values_of(records, "label")
    counted = of.counted_statistics(rows_of(gold, found), {**_SCORES, "mcc": of.matthews})
    scores = [mean_of("accuracy", right(gold, found)), *counted]
    return {**by_name(scores), "mcc": dataclasses.replace(counted[-1], least=-1.0)}


def right(gold: list[Any], found: list[Any]) -> list[bool]:
    """[rows] whether the label is the gold one."""
    return [str(one) == str(other) for one, other in zip(gold, found, strict=True)]


def rows_of(gold: list[Any], found: list[Any]) -> list[of.RowCounts]:
    """The labels of each row that are right, given and gold."""
    pairs = [(str(one), str(other)) for one, other in zip(gold, found, strict=True)]
    return [((one,) if one == other else (), (other,), (one,)) for one, other in pairs]
