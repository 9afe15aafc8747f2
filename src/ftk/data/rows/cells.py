"""Values of a row's columns; ``RowFault`` says why a row cannot be used."""

import json
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

Made = TypeVar("Made")

_MOST = 200
"""Characters of a place that shows a value."""


class RowFault(Exception):
    """Why one row cannot be used; the reader adds it to the notes and continues with the next row.

    Args:
        kind: of the finding.
        place: the place, and the value that is there.
        alike: faults of one kind with an equal value here name the first place only; None: each names its own.
        policy: as ``Notes.add`` takes it.
        values: used by the texts of the kind.

    Attributes:
        also: other faults of the same row.
    """

    def __init__(
        self, kind: FindingKind, place: str, *, alike: Hashable = None, policy: str | None = None, **values: Any
    ) -> None:
        super().__init__(kind.id)
        self.kind, self.place, self.alike, self.policy, self.values = kind, place, alike, policy, values
        self.also: tuple[RowFault, ...] = ()

    def add_to(self, notes: Notes, *, with_place: bool = True) -> None:
        """Add the fault to the notes, without the other faults of its row."""
        notes.add(self.kind, *((self.place,) if with_place else ()), policy=self.policy, **self.values)


def place_of(row: Row, column: str) -> str:
    """Where a value is, with its column and the value, shortened."""
    return shortened(f"{row.where}: {column}={row.values[column]!r}")


def shortened(place: str) -> str:
    """A place that shows a value, without the end of a long value."""
    return place[:_MOST]


def read_rows(rows: Iterable[Row], make: Callable[[Row], Made], notes: Notes) -> list[Made]:
    """What ``make`` returns for each row; a row with a fault is left out, and its faults go to the notes.

    So all faults of a file are reported together: ``Notes.raise_errors`` stops the run after the last row.
    """
    made = []
    seen = set()
    for row in rows:
        try:
            made.append(make(row))
        except RowFault as found:
            for fault in (found, *found.also):
                group = (fault.kind.id, repr(sorted(fault.values.items())), fault.alike)
                fault.add_to(notes, with_place=fault.alike is None or group not in seen)
                seen.add(group)
    return made


def column_fits(role: str, value: Any) -> bool:
    """Whether a value has the shape that a role needs.

    'labels' and 'label' hold spans in some files, tags or classes in others: a list of pairs or objects is spans.
    """
    if role == "spans":
        value = parse_json_list(value)
        return isinstance(value, list) and all(isinstance(item, (dict, list, tuple)) for item in value)
    if role == "tags":
        value = parse_json_list(value)
        return isinstance(value, str) or (
            isinstance(value, list) and all(not isinstance(i, (dict, list)) for i in value)
        )
    return True


def parse_json_list(value: Any) -> Any:
    """The list that a text spells as JSON; any other value as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # a number of too many digits is a plain ValueError
            return value
    return value


def json_list(row: Row, value: Any, *types: type) -> Any:
    """The list that a cell of a CSV or TSV file spells as JSON, if its items have these types; else the value as it is.

    Other formats have lists: there a text that looks like one is a text.
    """
    if not row.cells:
        return value
    found = parse_json_list(value)
    return found if isinstance(found, list) and all(isinstance(item, types) for item in found) else value


def strings_of(row: Row, column: str, role: str) -> list[str]:
    """A column as a list of strings.

    Raises:
        RowFault: it holds something else.
    """
    value = parse_json_list(row.values[column])
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, (list, tuple)):
        raise RowFault(kinds.NOT_A_LIST, place_of(row, column), role=role)
    for number, item in enumerate(value):
        if not isinstance(item, str):
            raise RowFault(kinds.NOT_STRINGS, f"{row.where}: {role[:-1]} {number + 1} is {item!r}", role=role)
    return list(value)
