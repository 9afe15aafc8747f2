"""Rows of ``ftk predict`` that cannot be used: kept as records with an ``error`` and without a prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Predictor
from ftk.contracts.row import Row, UnreadRow
from ftk.contracts.task_checks import check_examples
from ftk.errors import DataError, LineError

WAY_OUT = "With data.bad_rows=keep, such a row gets a record with 'error' and without a prediction."
_PREDICTED = frozenset(
    {"label", "score", "scores", "labels", "value", "values", "tags", "entities", "answer", "target", "masks"}
)
"""The keys of predictions. A bad row's own column of such a name is its gold standard."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used.

    Attributes:
        row: as it was read.
        error: why, in words, with file and line.
    """

    row: Row
    error: str

    def record(self) -> dict[str, Any]:
        """The columns of the row, and ``error``; a column with the name of a prediction is called ``gold_…``."""
        columns = {f"gold_{name}" if name in _PREDICTED else name: value for name, value in self.row.values.items()}
        return {**columns, "error": self.error}


def read_or_keep(predictor: Predictor, rows: Sequence[Row], reading: Reading) -> list[Any]:
    """An example for each row, and a ``BadRow`` for each that cannot be used, in their order.

    The rows are read together; only if one of them is bad, each is read by itself.

    Args:
        predictor: reads them.
        rows: some consecutive rows.
        reading: how they are read; its notes collect what the user should know, the number of bad rows among it.

    Raises:
        RunError: the task left rows out without an error about them.
    """
    usable = [row for row in rows if not isinstance(row, UnreadRow)]
    if len(usable) < len(rows):
        others = iter(read_or_keep(predictor, usable, reading) if usable else ())
        return [
            bad_row(row, DataError(row.fault), reading.notes) if isinstance(row, UnreadRow) else next(others)
            for row in rows
        ]
    own = Notes()
    try:
        return _read(predictor, rows, reading, own)
    except DataError:
        # What all rows together have shown is true of each.
        reading.notes.extend(one for one in own if one.severity != "error" and not one.kind.counted)
        found: list[Any] = []
        for row in rows:
            try:
                found += _read(predictor, [row], reading, Notes())
            except DataError as error:
                found.append(bad_row(row, error, reading.notes))
        return found


def raise_with_way_out(notes: Notes, *, others: bool) -> None:
    """Stop if there are findings that stop the run.

    Args:
        notes: have the findings.
        others: whether other rows can be used, so that the bad ones can be kept.

    Raises:
        DataError: with all findings, and what to do if only some rows are bad.
    """
    try:
        notes.raise_errors()
    except DataError as error:
        if not others:
            raise
        raise DataError(f"{error}\n{WAY_OUT}", findings=error.findings) from error


def next_rows(take: Callable[[int], list[Row]], number: int) -> list[Row]:
    """The next rows; where one cannot be read, the error says how it can be kept.

    Args:
        take: gives up to a number of them.
        number: of rows.

    Raises:
        DataError: a row cannot be read.
    """
    try:
        return take(number)
    except LineError as error:
        raise DataError(f"{error}\n{WAY_OUT}") from error


def refuse_unread_rows(rows: Sequence[Row]) -> None:
    """Stop at the first row that cannot be read.

    Raises:
        DataError: there is one.
    """
    for row in rows:
        if isinstance(row, UnreadRow):
            raise DataError(row.fault)


def bad_row(row: Row, error: DataError, notes: Notes) -> BadRow:
    """A row that cannot be used, counted."""
    notes.add(kinds.BAD_ROW, row.where)
    return BadRow(row, " ".join(str(error).split()))


def _read(predictor: Predictor, rows: Sequence[Row], reading: Reading, own: Notes) -> list[Any]:
    """Read rows, with notes of their own that count only if all rows can be read."""
    found = predictor.read(rows, replace(reading, notes=own))
    own.raise_errors()
    check_examples(predictor, rows, found)
    reading.notes.extend(own)
    return found
