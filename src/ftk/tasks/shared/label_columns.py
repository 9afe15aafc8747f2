"""Columns that stand for one label each, with 0 or 1 in each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as common
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault
from ftk.data.rows.label_names import IGNORED, NO_CLASS
from ftk.tasks import finding_kinds as kinds

_PRESENT = {"1": True, "0": False, "true": True, "false": False}
_WORDS = {"yes": True, "no": False, "y": True, "n": False, "t": True, "f": False}
"""What else a column of one label may say."""


def truth_of(value: Any) -> bool | None:
    """The truth value that 0 or 1, or a text for one of them, stands for; None for anything else."""
    if isinstance(value, (list, tuple, dict)):
        return None
    return _PRESENT.get(_plain(value))


def labels_of_columns(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    """The labels of a row: the names of the columns that say that it has them.

    Raises:
        RowFault: a column says neither, or the row has no label.
    """
    values = {name: _plain(row.values[name]) for name in columns}
    said = {name: _PRESENT.get(value, _WORDS.get(value)) for name, value in values.items()}
    wrong = next((name for name, there in said.items() if there is None), None)
    if wrong is None:
        return tuple(name for name, there in said.items() if there)
    given = set(values.values())
    if given in ({NO_CLASS}, {IGNORED}):
        raise RowFault(common.UNLABELLED_ROW, row.where, label=given.pop())
    if given <= {"", "none", "nan"}:
        raise RowFault(common.EMPTY_LABEL, row.where, column=columns[0])
    value = row.values[wrong]
    shown = f"{wrong}={value!r}" if values[wrong] and value is not None else f"{wrong} is empty"
    raise RowFault(kinds.NOT_ZERO_OR_ONE, f"{row.where}: {shown}"[:200])


def refuse_columns(
    rows: Sequence[Row], columns: Mapping[str, Any], usual: Sequence[str], notes: Notes, *, least: int = 1
) -> bool:
    """Whether rows have no column of labels, but columns of 0 and 1 instead; these are named in a fault.

    Args:
        rows: of one split.
        columns: ``data.columns``.
        usual: the usual names of columns of labels.
        notes: collects the fault.
        least: the number of columns of 0 and 1 from which they are meant.
    """
    if columns.get("label") is not None or any(name in row.values for row in rows for name in usual):
        return False
    found = _columns_of_truth(rows, columns)
    if len(found) >= least:
        notes.add(kinds.LABELS_IN_COLUMNS, *found[:SHOWN], number=len(found), listed=pasted(found))
    return len(found) >= least


def _columns_of_truth(rows: Sequence[Row], columns: Mapping[str, Any]) -> list[str]:
    """The columns that hold nothing but 0 and 1, or true and false, in all rows."""
    taken = {str(column) for column in columns.values() if column is not None}
    names = [name for name in (rows[0].values if rows else ()) if name not in taken]
    for row in rows:
        names = [name for name in names if truth_of(row.values.get(name)) is not None]
        if not names:
            return []
    return names


def _plain(value: Any) -> str:
    return str(value).strip().lower().removesuffix(".0").removesuffix(".")
