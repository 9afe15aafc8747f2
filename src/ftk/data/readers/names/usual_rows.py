"""Rows of any file as tasks expect them: of no tool, with known names of columns, and sentences of their tokens."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from ftk.config.schema import DataConfig
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.names.usual_names import usual_names
from ftk.data.readers.tagged.token_rows import by_sentence
from ftk.data.rows.exports.recognising import SEEN, plain_rows
from ftk.data.rows.exports.wanted import Wanted
from ftk.data.rows.spelled_names import with_known_names
from ftk.errors import DataError


def usual_rows(
    rows: Iterable[Row],
    data: DataConfig,
    wanted: Wanted,
    notes: Notes,
    *,
    tagged: bool | None,
    paused: Callable[[], bool] | None = None,
) -> Iterator[Row]:
    """The rows of one file, or of a dataset, as tasks expect them.

    Args:
        rows: as they were read.
        data: says how they are read.
        wanted: what the task reads: the usual names of its roles are found whatever their case.
        notes: collects what was found.
        tagged: whether rows of single tokens become sentences.
        paused: whether no further row has come, of a pipe whose rows are given as they come; None for a file.
    """
    rows = plain_rows(rows, wanted, notes) if paused is None else _plain(rows, wanted, notes, paused)
    rows = with_known_names(rows, {**data.columns, "group": data.group}, usual_names(wanted.roles), notes)
    return by_sentence(rows, data.columns, notes) if tagged else rows


def _plain(rows: Iterable[Row], wanted: Wanted, notes: Notes, paused: Callable[[], bool]) -> Iterator[Row]:
    """The rows as plain rows, recognised by those of the first ones that have come."""
    rows, first, fault = iter(rows), list[Row](), None
    while len(first) < SEEN and not (first and paused()):
        try:
            row = next(rows, None)
        except DataError as error:  # the rows before it can be used
            fault = error
            break
        if row is None:
            break
        first.append(row)
    yield from plain_rows(chain(first, rows if fault is None else _failing(fault)), wanted, notes, seen=len(first))


def _failing(fault: DataError) -> Iterator[Row]:
    raise fault
    yield
