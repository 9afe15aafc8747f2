"""Rows that belong together, because they have a text, a document or a value of a column in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.columns import missing


def tied(ties: Sequence[Sequence[Tie]]) -> list[list[int]]:
    """The numbers of the rows in parts that have no tie in common, each part in the order of the rows.

    Args:
        ties: of each row.
    """
    parts: dict[Any, list[int]] = {}
    if all(len(row_ties) == 1 for row_ties in ties):
        for row, (tie,) in enumerate(ties):
            parts.setdefault(tie, []).append(row)
        return list(parts.values())
    above = list(range(len(ties)))

    def top(row: int) -> int:
        while above[row] != row:
            above[row] = above[above[row]]
            row = above[row]
        return row

    first: dict[Tie, int] = {}
    for row, row_ties in enumerate(ties):
        for tie in row_ties:
            other = first.setdefault(tie, row)
            if other != row:
                one, two = top(other), top(row)
                above[max(one, two)] = min(one, two)
    for row in range(len(ties)):
        parts.setdefault(top(row), []).append(row)
    return list(parts.values())


def shared(ties: Iterable[Sequence[Tie]], known: Iterable[Sequence[Tie]]) -> list[str | None]:
    """For each row what it has in common with rows that are known, as ``document``; None if nothing.

    Args:
        ties: of each row.
        known: the ties of the rows that are known.
    """
    there = {tie for row in known for tie in row}
    return [next((tie.by for tie in row if tie in there), None) for row in ties]


def group_of(row: Row, column: str | None) -> str | None:
    """The value of the column that ``data.group`` names; None without such a column, or if the cell is empty."""
    value = row.values.get(column) if column is not None else None
    return None if value is None or not str(value).strip() else str(value)


def check_groups(rows: Iterable[Row], column: str, notes: Notes) -> None:
    """Report rows without the column that ``data.group`` names, as an error, and those without a value in it.

    Args:
        rows: of one split.
        column: the name of the column.
        notes: collects the faults.
    """
    for row in rows:
        if column not in row.values:
            missing(row, kinds.MISSING_GROUP, (column,), column=column).add_to(notes)
        elif group_of(row, column) is None:
            notes.add(kinds.WITHOUT_GROUP, row.where, column=column)
