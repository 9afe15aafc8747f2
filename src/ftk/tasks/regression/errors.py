"""The errors in records of predicted numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import Errors
from ftk.data.rows.label_names import in_order

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def number_errors(records: Records, fields: Mapping[str, Any]) -> Errors:
    """The right and the predicted numbers of each row; a single target is called ``value``."""
    several = any("values" in record for record in records)
    keys = ("gold_values", "values") if several else ("gold_value", "value")
    names = list(in_order(name for record in records for name in record["values"])) if several else ["value"]
    tables = [np.full((len(records), len(names)), np.nan) for _ in keys]
    for table, key in zip(tables, keys, strict=True):
        for at, record in enumerate(records):
            value = record.get(key)
            numbers = [value.get(name) for name in names] if isinstance(value, Mapping) else [value]
            if all(isinstance(number, (int, float)) for number in numbers) and len(numbers) == len(names):
                table[at] = numbers
    gold, given = tables
    return Errors(names, gold, given)
