"""Rows that belong together, because they have a text, a document or a value of a column in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.columns import missing, value_of
from ftk.data.rows.documents import DOCUMENT_TIE


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows in parts that have no tie in common.

    Attributes:
        of_row: [rows] the number of the part of each row.
        least: the least first tie of the rows of each part.
    """

    of_row: NDArray[np.int64]
    least: Sequence[Tie]

    def __len__(self) -> int:
        return len(self.least)

    def largest(self) -> int:
        """The number of rows in the largest part."""
        return int(np.bincount(self.of_row).max())

    def in_order(self) -> list[int]:
        """The numbers of the parts in the order of their ties, whatever the order of the rows."""
        sorts: dict[str, list[int]] = defaultdict(list)
        for number, tie in enumerate(self.least):
            sorts[tie.by].append(number)
        values = [tie.value for tie in self.least]  # strings alone are compared much faster than ties
        return [at for by in sorted(sorts) for at in sorted(sorts[by], key=values.__getitem__)]


def tied(ties: Sequence[Sequence[Tie]], number: int) -> Parts:
    """The rows in parts that have no tie in common.

    Args:
        ties: of each row.
        number: how many of the ties of each row count, the first ones.
    """
    numbers: dict[Any, int] = {}
    if number == 1:
        of_row = np.array([numbers.setdefault(own[0], len(numbers)) for own in ties], dtype=np.int64)
        return Parts(of_row, list(numbers))
    above = list(range(len(ties)))

    def top(row: int) -> int:
        while above[row] != row:
            above[row] = above[above[row]]
            row = above[row]
        return row

    first: dict[Tie, int] = {}
    for row, own in enumerate(ties):
        for tie in own[:number]:
            other = first.setdefault(tie, row)
            if other != row:
                one, two = top(other), top(row)
                above[max(one, two)] = min(one, two)
    parts = [numbers.setdefault(top(row), len(numbers)) for row in range(len(ties))]
    least = [ties[row][0] for row in numbers]
    for part, own in zip(parts, ties, strict=True):
        if own[0] < least[part]:
            least[part] = own[0]
    return Parts(np.array(parts, dtype=np.int64), least)


def plain(text: str) -> str:
    """A text without what writers vary: in small letters, with single blanks."""
    return " ".join(text.casefold().split())


def with_variants(ties: list[tuple[Tie, ...]]) -> list[tuple[Tie, ...]]:
    """The ties of each row, and a second one for a row whose first one differs from others by case or blanks alone.

    Args:
        ties: of each row, at least one.
    """
    values = [own[0].value for own in ties]
    plains = [
        # The texts of a pair are in the order of their letters, in which capitals come first.
        "\n".join(sorted(map(plain, own[0].value.split("\n")))) if own[0].by == "pair" else plain(own[0].value)
        for own in ties
    ]
    if len(set(plains)) == len(set(values)):
        return ties
    written: dict[str, set[str]] = defaultdict(set)
    for value, form in zip(values, plains, strict=True):
        written[form].add(value)
    return [
        (own[0], Tie(f"{own[0].by} (but for case and blanks)", form), *own[1:]) if len(written[form]) > 1 else own
        for own, form in zip(ties, plains, strict=True)
    ]


def without_common_document(ties: Sequence[Sequence[Tie]]) -> list[tuple[Tie, ...]]:
    """The ties of each row, without a document that all rows are in: it says nothing about which belong together."""
    found = [tuple(row) for row in ties]
    documents = {next((tie for tie in row if tie.by == DOCUMENT_TIE), None) for row in found}
    if len(documents) != 1 or None in documents:
        return found
    return [row[:1] + tuple(tie for tie in row[1:] if tie not in documents) for row in found]


def shared(ties: Iterable[Sequence[Tie]], known: Iterable[Sequence[Tie]]) -> list[str | None]:
    """For each row what it has in common with rows that are known, as ``document``; None if nothing.

    Args:
        ties: of each row.
        known: the ties of the rows that are known.
    """
    there = {tie for row in known for tie in row}
    return [next((tie.by for tie in row if tie in there), None) for row in ties]


def group_of(row: Row, column: str | None) -> str | None:
    """The value of the column or path that ``data.group`` names; None if there is none, or if it is empty."""
    value = value_of(row, column) if column is not None else None
    if isinstance(value, float) and value.is_integer():  # as tables give whole numbers beside empty cells
        value = int(value)
    return None if value is None else str(value).strip() or None


def check_groups(rows: Iterable[Row], column: str, notes: Notes) -> None:
    """Report rows without the column that ``data.group`` names, as an error, and those without a value in it.

    Args:
        rows: of one split.
        column: the name of the column, or the path of a key inside of one.
        notes: collects the faults.
    """
    for row in rows:
        if group_of(row, column) is not None:
            continue
        if column in row.values or value_of(row, column) is not None:
            notes.add(kinds.WITHOUT_GROUP, row.where, column=column)
        else:
            missing(row, kinds.MISSING_GROUP, (column,), column=column).add_to(notes)
