"""Which column of a row plays a role: the one that the config names, else the first of the names people use."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.paths import kind_of_name
from ftk.data.rows.cells import RowFault

TEXT = ("text", "sentence", "text_a", "sentence1", "premise", "question1")
PAIR = ("pair", "text_b", "sentence2", "hypothesis", "question2")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_LONG = 40
"""Characters that hardly a column's name has, but a text may."""


def find_column(
    row: Row, role: str, columns: Mapping[str, Any], names: Sequence[str], *, needed: bool = True
) -> str | None:
    """The name of the column that plays a role in a row; None where no name is given and none is found.

    Args:
        row: any.
        role: a key of ``data.columns``.
        columns: ``data.columns``: a name, a number for a file without a header, or None.
        names: what is tried where that is None.
        needed: whether a column that is named has to be there.

    Raises:
        RowFault: the column that the config names is not in the row.
    """
    wanted = columns.get(role)
    if wanted is None:
        return next((name for name in names if name in row.values), None)
    if str(wanted) in row.values:
        return str(wanted)
    if not needed:
        return None
    raise not_there(row, role, wanted)


def not_there(row: Row, role: str, wanted: Any) -> RowFault:
    """The fault of a row that lacks the column that the config names."""
    return missing(row, f"row|rows without the column '{wanted}'", f"data.columns.{role} names it.", (str(wanted),))


def missing(row: Row, what: str, advice: str, names: Sequence[str] = ()) -> RowFault:
    """The fault of a row that lacks a column, with the columns that it has, and what may have been meant.

    Args:
        row: the row.
        what: it lacks.
        advice: what to do.
        names: of the column, any of which would do.
    """
    found = [str(name) for name in row.values]
    near = _nearest(names, found)
    if near is not None:
        advice += f" Did you mean '{near}'?"
    elif _has_no_header(row, found, names):
        advice += " If the first line is a row and no header: data.header=false, and columns by number, from 0."
    shown = ", ".join(name if len(name) <= _LONG else f"{name[: _LONG - 1]}…" for name in found)
    return RowFault(what, advice, f"{row.where} has {shown or 'no column'}", alike=(row.file, *found))


def _nearest(names: Sequence[str], found: Sequence[str]) -> str | None:
    """The column whose name is one of these but for case, spaces or a letter or two."""
    plain = {name.strip().casefold(): name for name in reversed(found) if name not in names}
    wanted = [name.strip().casefold() for name in names]
    same = next((plain[name] for name in wanted if name in plain), None)
    if same is not None:
        return same
    for name in wanted:
        near = difflib.get_close_matches(name, plain, n=1, cutoff=0.75)
        if near:
            return plain[near[0]]
    return None


def _has_no_header(row: Row, found: Sequence[str], names: Sequence[str]) -> bool:
    """Whether what names the columns of a file is more likely its first row."""
    if kind_of_name(row.file) not in ("csv", None) or list(found) == [str(number) for number in range(len(found))]:
        return False
    return any(name.isdigit() for name in names) or any(
        _NUMBER.fullmatch(name) is not None or len(name) > _LONG or len(name.split()) > 3 for name in found
    )


def string_of(row: Row, column: str, role: str) -> str:
    """A column as text.

    Raises:
        RowFault: it holds something else.
    """
    value = row.values[column]
    if not isinstance(value, str):
        raise not_a_string(row, column, role)
    return value


def not_a_string(row: Row, column: str, role: str) -> RowFault:
    """The fault of a row whose column should be a text."""
    return RowFault(
        f"row|rows whose {role} is not a string",
        'A text stands in quotes in JSON, "…", an empty one as "".',
        f"{row.where}: {column}={row.values[column]!r}"[:200],
    )


def number_of(row: Row, column: str) -> float:
    """A column as a finite number; a cell of a CSV file may spell it.

    Raises:
        RowFault: it is none.
    """
    value = row.values[column]
    number = finite(value)
    if number is None:
        raise RowFault(
            "row|rows with something else than a finite number",
            "A number is written as 3, 3.5 or -1e-2, with a point.",
            f"{row.where}: {column}={value!r}"[:200],
        )
    return number


def finite(value: Any) -> float | None:
    """The finite number that a value is, or that a text spells; None where it is none, as are true and false."""
    try:
        # Python takes 1_0 for 10, and digits of all scripts.
        spelled = isinstance(value, str) and _NUMBER.fullmatch(value) is not None
        is_number = spelled or (isinstance(value, (int, float)) and not isinstance(value, bool))
        number = float(value) if is_number else float("nan")
    except OverflowError:
        return None
    return number if abs(number) < float("inf") else None


def weight_of(row: Row, columns: Mapping[str, Any], *, needed: bool) -> float:
    """How often a row is drawn beside the others, from the column that the config names; 1 where it names none.

    Raises:
        RowFault: it holds something else than a number, or a negative one; or it is needed and not there.
    """
    column = find_column(row, "weight", columns, (), needed=needed)
    weight = number_of(row, column) if column is not None else 1.0
    if weight < 0:
        raise RowFault("row|rows with a negative weight", "A weight is 0 or more.", f"{row.where}: {weight}")
    return weight


def say_columns(notes: Notes, found: Mapping[str, str | None], columns: Mapping[str, Any]) -> None:
    """Say which columns were found by name, where the config leaves it open."""
    guessed = [f"{role} is '{name}'" for role, name in found.items() if name is not None and columns.get(role) is None]
    if guessed:
        notes.say(f"columns found by name: {', '.join(guessed)}.")
