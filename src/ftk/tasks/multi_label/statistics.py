"""What the scores of rows with any number of labels are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ftk.errors import DataError
from ftk.tasks.shared.statistics import label_counts as of
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics

_SCORES = {
    "f1_micro": of.f1_micro,
    "f1_macro": of.f1_macro,
    "precision_micro": of.precision_micro,
    "recall_micro": of.recall_micro,
}


def label_set_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """F1, precision and recall over all labels, F1 over labels, and ``accuracy``: all labels of a row right."""
    gold, found = _sets(records, "gold_labels"), _sets(records, "labels")
    rows = [(one & other, other, one) for one, other in zip(gold, found, strict=True)]
    right = [one == other for one, other in zip(gold, found, strict=True)]
    return by_name([*of.counted_statistics(rows, _SCORES), mean_of("accuracy", right)])


def _sets(records: Records, name: str) -> list[set[str]]:
    values = values_of(records, name)
    for line, value in enumerate(values, 1):
        if not isinstance(value, list):
            raise DataError(f"line {line}: '{name}' must be a list of labels; it is {value!r}.")
    return [set(map(str, value)) for value in values]
