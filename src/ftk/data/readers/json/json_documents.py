"""Rows inside one JSON object: splits by name, data frames that pandas wrote, and a list of objects under a key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.names.split_names import split_name
from ftk.errors import DataError

_LISTS = ("data", "rows", "records", "examples", "instances", "items", "samples", "documents", "results")
"""Keys under which files have a list of rows."""
_OF_ROWS = frozenset(("text", "tokens", "sentence", "question", "context", "source", "query"))
"""Keys that a row has, and no object that holds rows."""
_LONG = 60
"""Characters of an id that are shown."""
_USUAL = frozenset(
    ("text", "label", "labels", "tokens", "tags", "sentence", "spans", "entities", "question", "context")
)


@dataclass(frozen=True, slots=True)
class Inside:
    """Rows inside an object.

    Attributes:
        how: what the object is, for messages.
        parts: the rows by the name of their split or list; None for rows without a name of their own.
    """

    how: str
    parts: dict[str | None, Sequence[Any]]


def inside(value: dict[str, Any]) -> Inside | None:
    """The rows inside an object that is the only one of its file; None if it is a row itself."""
    return _splits(value) or _frame(value) or _list(value)


def rows_of(
    path: Path | str, found: Inside, split: str | None, notes: Notes | None
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The place, the number and the values of each row.

    Args:
        path: the file.
        found: what is inside.
        split: ``train``, ``validation`` or ``test``: only its rows, if the file has splits; None: all of them.
        notes: collects what is read; None: nothing is collected.

    Raises:
        DataError: the file has splits, and not this one.
    """
    parts = found.parts
    if None not in parts and split is not None and found.how == "splits":
        wanted = [name for name in parts if _split_of(str(name)) == split]
        if not wanted:
            raise DataError(
                f"{path}: the file has the splits {_listed(parts)}, and none for data.{split}. Write the rows that you "
                "mean to a file of their own."
            )
        left = [str(name) for name in parts if name not in wanted]
        parts = {name: parts[name] for name in wanted}
    else:
        left = []
    if notes is not None:
        said: dict[str, Any] = {"file": str(path), "how": found.how, "read": _listed(parts)}
        if left:
            notes.add(kinds.SPLIT_INSIDE_FILE, left=left, **said)
        else:
            notes.add(kinds.ROWS_INSIDE_FILE, **said)
    for name, rows in parts.items():
        place = str(path) if name is None else f"{path}[{name}]"
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise DataError(f'{place}: item {number}: expected a JSON object such as {{"text": …}}.')
            yield place, number, row


def item_of(number: int, value: Any) -> str:
    """What names an item of a list: its number, counted from 1, and its id."""
    name = value.get("id") if isinstance(value, dict) else None
    known = isinstance(name, (str, int)) and not isinstance(name, bool) and str(name).strip()
    return f"item {number} (id {str(name)[:_LONG]})" if known else f"item {number}"


def _listed(parts: dict[str | None, Sequence[Any]]) -> str:
    return ", ".join("its rows" if name is None else f"'{name}'" for name in parts)


def _splits(value: dict[str, Any]) -> Inside | None:
    lists: dict[str | None, Sequence[Any]] = {
        name: rows for name, rows in value.items() if _are_rows(rows) and (rows or _split_of(name))
    }
    if not any(lists.values()) or any(_split_of(str(name)) is None for name in lists) or _OF_ROWS & value.keys():
        return None
    return Inside("splits", lists)


def _split_of(key: str) -> str | None:
    """The split that a key says, and says nothing else."""
    name = split_name(key)
    return name.split if name is not None and name.bare else None


def _list(value: dict[str, Any]) -> Inside | None:
    lists = [name for name, rows in value.items() if _are_rows(rows) and rows]
    if len(lists) != 1 or lists[0].lower() not in _LISTS or _OF_ROWS & value.keys():
        return None
    return Inside("a list of rows", {lists[0]: value[lists[0]]})


def _are_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in islice(rows, 100))


def _frame(value: dict[str, Any]) -> Inside | None:
    """The rows of a data frame, by the ``orient`` with which pandas wrote it."""
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and value.keys() <= {"columns", "index", "data"}:
        if all(isinstance(cells, list) and len(cells) == len(names) for cells in data):
            return _pandas("split", (dict(zip(map(str, names), cells, strict=True)) for cells in data))
        return None
    schema = value.get("schema")
    if isinstance(schema, dict) and isinstance(schema.get("fields"), list) and _are_rows(data):
        index = schema.get("primaryKey") if schema.get("primaryKey") == ["index"] else ()
        rows = ({name: cell for name, cell in row.items() if name not in (index or ())} for row in data or ())
        return _pandas("table", rows)
    parts = list(value.values())
    if not parts or not all(isinstance(part, dict) and part for part in parts):
        return None
    if _are_numbers(value):
        return _pandas("index", parts)
    same = all(part.keys() == parts[0].keys() for part in parts)
    if same and _are_numbers(parts[0]):
        return _pandas("columns", ({name: value[name][key] for name in value} for key in parts[0]))
    outer, inner = _USUAL & value.keys(), _USUAL & parts[0].keys()
    if same and len(parts) > 1 and inner and not outer:
        return _pandas("index", parts)
    if same and len(parts) > 1 and outer and not inner and len(parts[0]) > 1:
        return _pandas("columns", ({name: value[name][key] for name in value} for key in parts[0]))
    return None


def _pandas(orient: str, rows: Any) -> Inside:
    return Inside(f"a data frame of pandas, orient={orient}", {None: list(rows)})


def _are_numbers(values: dict[str, Any]) -> bool:
    return all(name.isdecimal() for name in values)
