"""Which column of a row plays a role: the one that the config names, else the first of the names people use."""

from collections.abc import Mapping, Sequence
from typing import Any

from ftk.data.cells import RowFault
from ftk.data.rows import Notes, Row

TEXT = ("text", "sentence", "text_a", "sentence1", "premise", "question1")
PAIR = ("pair", "text_b", "sentence2", "hypothesis", "question2")


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
    hint = " Files without a header need data.header=false." if str(wanted).isdigit() else ""
    raise missing(row, f"row|rows without the column '{wanted}'", f"data.columns.{role} names it.{hint}")


def missing(row: Row, what: str, advice: str) -> RowFault:
    """The fault of a row that lacks a column, with the columns that it has."""
    return RowFault(what, advice, f"{row.where} has {', '.join(map(str, row.values)) or 'no column'}")


def string_of(row: Row, column: str, role: str) -> str:
    """A column as text.

    Raises:
        RowFault: it holds something else.
    """
    value = row.values[column]
    if not isinstance(value, str):
        raise RowFault(f"row|rows whose {role} is not a string", "", f"{row.where}: {column}={value!r}"[:200])
    return value


def number_of(row: Row, column: str) -> float:
    """A column as a finite number; a cell of a CSV file may spell it.

    Raises:
        RowFault: it is none.
    """
    value = row.values[column]
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else float("nan")
    except (ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise RowFault(
            "row|rows with something else than a finite number",
            "A number is written as 3, 3.5 or -1e-2, with a point.",
            f"{row.where}: {column}={value!r}"[:200],
        )
    return number


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
