"""Which column of a row has a role: the one that the config names, else the first of some usual names."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.lists import list_or_value
from ftk.system.spelling import folded

TEXT = ("text", "sentence", "text_a", "sentence1", "premise", "question1")
PAIR = ("pair", "text_b", "sentence2", "hypothesis", "question2")
FIRST_OF = {
    "pair": "text",
    "text_b": "text_a",
    "sentence2": "sentence1",
    "hypothesis": "premise",
    "question2": "question1",
}
"""The usual name of the first text beside that of the second one."""
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_ABSENT = object()
_MOST_PATHS = 200
_MOST_NAMES = 1000
"""Columns of a row among which one that may have been meant is looked for."""
_SHOWN = 50
"""Columns of a row that a message has."""
_BETWEEN = re.compile(r"[_\s.\-]+")
_LONG = 40
"""Characters from which a name is more likely a text than the name of a column."""


def find_column(
    row: Row, role: str, columns: Mapping[str, Any], names: Sequence[str], *, needed: bool = True
) -> str | None:
    """The name of the column that has a role in a row; None if the config names none and none is found.

    Args:
        row: any row.
        role: a key of ``data.columns``.
        columns: ``data.columns``: a name, the path of a key inside of a column, a number for a file without a header,
            or None.
        names: the names to try if it is None.
        needed: whether a column that the config names must exist.

    Raises:
        RowFault: the column that the config names is not in the row.
    """
    wanted = columns.get(role)
    if wanted is None:
        return next((name for name in names if name in row.values), None)
    if has_column(row, str(wanted)):
        return str(wanted)
    if not needed:
        return None
    raise missing_configured(row, role, wanted)


def has_column(row: Row, name: str) -> bool:
    """Whether a row has a column, or a key inside of one; such a key becomes a column of the row, called by its path.

    Args:
        row: any row.
        name: of a column, or the path of a key: ``data.text``, ``answers.0.start``. A cell may spell what is inside;
            ``labels.name`` of a list of objects is the list of their names.
    """
    if name in row.values:
        return True
    found = _value_at(row, name)
    if found is _ABSENT:
        return False
    row.values[name] = found
    return True


def value_of(row: Row, name: str) -> Any:
    """The value of a column, or of a key inside of one, as ``has_column`` finds it; None if there is none."""
    found = _value_at(row, name)
    return None if found is _ABSENT else found


def _value_at(row: Row, name: str) -> Any:
    if name in row.values:
        return row.values[name]
    return _inside(row.values, name) if "." in name else _ABSENT


def _inside(value: Any, path: str) -> Any:
    """The value at a path of keys and of numbers of items; a key of objects in a list gives the list of its values."""
    value = list_or_value(value)
    if isinstance(value, Mapping):
        if path in value:
            return value[path]
        for dot in (at for at, char in enumerate(path) if char == "."):  # a key may have a dot itself
            if path[:dot] in value and (found := _inside(value[path[:dot]], path[dot + 1 :])) is not _ABSENT:
                return found
    elif isinstance(value, (list, tuple)):
        key, dot_after, rest = path.partition(".")
        if re.fullmatch(r"-?[0-9]{1,9}", key) and -len(value) <= int(key) < len(value):
            return _inside(value[int(key)], rest) if dot_after else value[int(key)]
        found = [_inside(item, path) for item in value if isinstance(item, Mapping)]
        if len(found) == len(value) and not any(item is _ABSENT for item in found):
            return found
    return _ABSENT


def missing_configured(row: Row, role: str, wanted: Any) -> RowFault:
    """The fault of a row that lacks the column that the config names."""
    return missing(row, kinds.MISSING_COLUMN, (str(wanted),), role=role, column=wanted)


def missing(row: Row, kind: FindingKind, names: Sequence[str] = (), **values: Any) -> RowFault:
    """The fault of a row that lacks a column, with the columns that it has, and what may have been meant.

    Args:
        row: the row.
        kind: of the fault; its advice has a place for a ``{hint}``.
        names: of the column, any of which would do.
        values: used by the texts of the kind.
    """
    found = [str(name) for name in row.values]
    near = _nearest(names, found[:_MOST_NAMES]) or _nested(names, row.values)
    hint = ""
    if near is not None:
        hint = f" Did you mean '{near}'?"
    elif (
        row.cells and len(found) == 1 and any(sign in found[0] and sign in str(row.values[found[0]]) for sign in ",;\t")
    ):
        hint = (
            " Each line is one cell: it has quotation marks around it that do not belong there, or another separator."
        )
    elif _has_no_header(row, found, names):
        hint = " If the first line is a row and no header: data.header=false, and columns by number, from 0."
    first = found[:_SHOWN]
    shown = ", ".join(name if len(name) <= _LONG else f"{name[: _LONG - 1]}…" for name in first)
    if len(found) > _SHOWN:
        shown += f" and {len(found) - _SHOWN:,} more"
    place = f"{row.where} has {shown or 'no column'}"
    return RowFault(kind, place, alike=(row.file, *found), hint=hint, **values)


def missing_role(row: Row, role: str, what: str, names: Sequence[str] = (), *, example: str = "…") -> RowFault:
    """The fault of a row without a column for a role: ``what`` is the role with its article, as in ``a label``."""
    return missing(row, kinds.MISSING, names, what=what, role=role, example=example)


def _nearest(names: Sequence[str], found: Sequence[str]) -> str | None:
    """The column whose name differs from one of these in case, spaces or a letter or two, or has it for a part."""
    plain = {folded(name): name for name in reversed(found) if name not in names}
    wanted = [folded(name) for name in names]
    same = next((plain[name] for name in wanted if name in plain), None)
    if same is not None:
        return same
    parted = next((plain[whole] for name in wanted for whole in plain if name in _BETWEEN.split(whole)), None)
    if parted is not None:
        return parted
    for name in wanted:
        near = difflib.get_close_matches(name, plain, n=len(plain) or 1, cutoff=0.75)
        if near:
            # Of text1 and text2, which are equally near, the first in the file.
            best = difflib.SequenceMatcher(None, near[0], name).ratio()
            alike = [one for one in near if difflib.SequenceMatcher(None, one, name).ratio() == best]
            return plain[next(one for one in reversed(plain) if one in alike)]
    return None


def _nested(names: Sequence[str], values: Mapping[str, Any]) -> str | None:
    """The path of a key inside of a column that is called like one of these, or whose path is."""
    paths = list(islice(_paths(values, ""), _MOST_PATHS))
    leaves = {folded(path.rpartition(".")[2]): path for path in reversed(paths)}
    same = next((leaves[leaf] for name in names if (leaf := folded(name.rpartition(".")[2])) in leaves), None)
    near = difflib.get_close_matches(names[0], paths, n=1, cutoff=0.75) if names and same is None else []
    return near[0] if near else same


def _paths(values: Mapping[str, Any], above: str) -> Iterator[str]:
    """The paths of texts and numbers inside of objects; items of lists are not what a column is called."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{name}.")
        elif above and isinstance(value, (str, int, float)):
            yield f"{above}{name}"


def _has_no_header(row: Row, found: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the header of a table is more likely its first row."""
    if not row.cells or list(found) == [str(number) for number in range(len(found))]:
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
    return RowFault(kinds.NOT_A_STRING, place_of(row, column), role=role)


def number_of(row: Row, column: str) -> float:
    """A column as a finite number; a cell of a CSV file may spell it.

    Raises:
        RowFault: it holds something else.
    """
    value = row.values[column]
    number = finite(value)
    if number is None:
        raise RowFault(kinds.NOT_A_NUMBER, place_of(row, column))
    return number


def finite(value: Any) -> float | None:
    """The finite number that a value is or that a text spells; None for anything else, true and false included."""
    try:
        # Python takes 1_0 for 10, and digits of all scripts.
        spelled = isinstance(value, str) and _NUMBER.fullmatch(value) is not None
        is_number = spelled or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))
        number = float(value) if is_number else float("nan")
    except OverflowError:
        return None
    return number if abs(number) < float("inf") else None


def weight_of(row: Row, columns: Mapping[str, Any], *, needed: bool) -> float:
    """How often a row is drawn relative to the others, from the column that the config names; 1 if it names none.

    Raises:
        RowFault: it holds a negative number or no number; or it is needed and missing.
    """
    column = find_column(row, "weight", columns, (), needed=needed)
    weight = number_of(row, column) if column is not None else 1.0
    if weight < 0:
        raise RowFault(kinds.NEGATIVE_WEIGHT, f"{row.where}: {weight}")
    return weight


def report_columns(notes: Notes, found: Mapping[str, str | None], columns: Mapping[str, Any]) -> None:
    """Report the columns that were found by name because the config does not name them."""
    if not notes.is_first((kinds.COLUMNS_FOUND.id, *found.items())):
        return  # nearly all rows have the columns of the row before
    guessed = {role: name for role, name in found.items() if name is not None and columns.get(role) is None}
    if guessed:
        notes.add(kinds.COLUMNS_FOUND, columns=guessed)
