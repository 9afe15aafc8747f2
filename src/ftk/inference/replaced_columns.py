"""Columns of rows that predictions replace in their records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

if TYPE_CHECKING:
    from ftk.contracts.row import Row


def note_replaced(example: Any, record: dict[str, Any], notes: Notes) -> None:
    """Count the rows with a column that the prediction's record replaces, and keeps under no other name."""
    row: Row = example.row
    for name, value in getattr(example, "columns", row.values).items():
        if name in record and record[name] != value and f"gold_{name}" not in record:
            notes.add(kinds.REPLACED_COLUMN, row.where, column=name)
