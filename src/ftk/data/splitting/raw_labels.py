"""The labels of rows that no task has read yet, for a sample in which the labels are in proportion."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ftk.contracts.example import Number
from ftk.contracts.row import Row
from ftk.data.examples.ranking_columns import QUERY
from ftk.data.readers.names.usual_names import usual_names
from ftk.data.rows.cells import parse_json_list
from ftk.data.rows.columns import finite

_COLUMNS = usual_names(("label", "tags", "spans", "answers"))
"""The roles that hold what is learned, and the names that tasks try for their columns."""
_TAG = re.compile(r"[BIESLUMW][-_](.+)")
_STRINGS = frozenset((str,))
_ANSWERED = ("with an answer", "without an answer")


def label_reader(
    roles: Sequence[str], columns: Mapping[str, Any], *, numbers: bool
) -> Callable[[Row], tuple[Hashable, ...]]:
    """What reads the labels of a row: exact enough to draw by, and without a fault for a row that cannot be read.

    Args:
        roles: the columns that the task reads.
        columns: ``data.columns``.
        numbers: whether the task learns numbers.
    """
    known = [role for role in _COLUMNS if role in roles]

    def read(row: Row) -> tuple[Hashable, ...]:
        for role in known:
            wanted = columns.get(role)
            if isinstance(wanted, (list, tuple)):
                found = _of_columns(row, [str(name) for name in wanted], numbers=numbers)
            else:
                names = _COLUMNS[role] if wanted is None else (str(wanted),)
                column = next((name for name in names if name in row.values), None)
                found = () if column is None else _of_cell(row.values[column], role, column, numbers=numbers)
            if found:
                return found
        return ()

    return read


def query_reader(roles: Sequence[str], columns: Mapping[str, Any]) -> Callable[[Row], str] | None:
    """What reads the query of a row, whose rows are drawn together; None if the task has no queries."""
    if "query" not in roles:
        return None
    wanted = columns.get("query")
    names = QUERY if wanted is None else (str(wanted),)
    return lambda row: str(next((row.values[name] for name in names if name in row.values), row.where))


def _of_columns(row: Row, names: Sequence[str], *, numbers: bool) -> tuple[Hashable, ...]:
    """Several columns: a number in each, or whether the row has the label that the column is called after."""
    if numbers:
        values = ((name, finite(row.values.get(name))) for name in names)
        return tuple(Number(name, value) for name, value in values if value is not None)
    present = ("1", "1.0", "true")
    return tuple(name for name in names if str(row.values.get(name)).strip().lower() in present)


def _of_cell(value: Any, role: str, column: str, *, numbers: bool) -> tuple[Hashable, ...]:
    if type(value) is str:
        return _of_string(value, role, column, numbers)
    if type(value) is list and _STRINGS.issuperset(map(type, value)) and not numbers and role != "answers":
        return _of_strings(frozenset(value))
    return _of_any(value, role, column, numbers=numbers)


@lru_cache(maxsize=4096)
def _of_string(value: str, role: str, column: str, numbers: bool) -> tuple[Hashable, ...]:
    """The same for a cell of text: most rows have one of a few labels."""
    return _of_any(value, role, column, numbers=numbers)


@lru_cache(maxsize=4096)
def _of_strings(values: frozenset[str]) -> tuple[Hashable, ...]:
    """The same for a list of labels or of tags: most rows have one of a few sets of them."""
    return tuple(dict.fromkeys(_labels(values)))


def _of_any(value: Any, role: str, column: str, *, numbers: bool) -> tuple[Hashable, ...]:
    if numbers:
        number = finite(value)
        return () if number is None else (Number(column, number),)
    if role == "answers":
        return (_ANSWERED[not _has_answer(value)],)
    value = parse_json_list(value)
    if isinstance(value, str) and role == "tags":
        value = value.split()
    if isinstance(value, (list, tuple)):
        return tuple(dict.fromkeys(_labels(value)))
    return () if value is None or isinstance(value, dict) or not str(value).strip() else (str(value).strip(),)


def _labels(items: Iterable[Any]) -> Iterable[str]:
    """The labels in a list of labels, of tags, or of spans."""
    found: set[str | int] = set()
    for item in items:
        label = item
        if isinstance(item, dict):
            label = item.get("label", item.get("type", item.get("tag")))
        elif isinstance(item, (list, tuple)):
            label = item[-1] if item else None
        if isinstance(label, (str, int)):
            found.add(label)
    for label in sorted(found, key=str):
        if label != "O":
            tag = _TAG.fullmatch(str(label))
            yield tag[1] if tag else str(label)


def _has_answer(value: Any) -> bool:
    value = value.get("text", value) if isinstance(value, dict) else parse_json_list(value)
    return bool(value) and value != "{}"
