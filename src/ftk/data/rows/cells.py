"""What a row's columns hold: lists of strings, labelled spans; and the fault of a row where they do not."""

import json
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans import Span

Made = TypeVar("Made")


class RowFault(Exception):
    """A fault in one row, on its way to the notes.

    Attributes:
        what, advice, place: as ``Notes.error`` takes them.
        alike: of two faults with the same ``what`` and the same of this one place is told; None: each has its own.
        also: other faults of the same row.
    """

    def __init__(self, what: str, advice: str, place: str, *, alike: Hashable = None) -> None:
        super().__init__(what)
        self.what, self.advice, self.place, self.alike = what, advice, place, alike
        self.also: tuple[RowFault, ...] = ()


def made_of(rows: Iterable[Row], make: Callable[[Row], Made], notes: Notes) -> list[Made]:
    """What is made of each row; those with a fault are left out and told to the notes, so that all are told at once."""
    made = []
    told = set()
    for row in rows:
        try:
            made.append(make(row))
        except RowFault as found:
            for fault in (found, *found.also):
                seen = (fault.what, fault.alike)
                notes.error(fault.what, fault.advice, *(() if fault.alike and seen in told else (fault.place,)))
                told.add(seen)
    return made


def suits(role: str, value: Any) -> bool:
    """Whether a value can be what a role needs, going by its shape."""
    # 'labels' and 'label' hold spans in some files, tags or classes in others: a list of pairs or objects is spans.
    if role == "spans":
        value = from_cell(value)
        return isinstance(value, list) and all(isinstance(item, (dict, list, tuple)) for item in value)
    if role == "tags":
        value = from_cell(value)
        return isinstance(value, str) or (
            isinstance(value, list) and all(not isinstance(i, (dict, list)) for i in value)
        )
    return True


def from_cell(value: Any) -> Any:
    """A list that a text spells as JSON; what spells none stays as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # a number of too many digits is a plain ValueError
            return value
    return value


def listed(row: Row, value: Any, *kinds: type) -> Any:
    """The list of items of some types that a cell of a CSV or TSV file spells as JSON; any other value as it is.

    Other formats have lists: there a text that looks like one is a text.
    """
    if not row.cells:
        return value
    found = from_cell(value)
    return found if isinstance(found, list) and all(isinstance(item, kinds) for item in found) else value


def strings_of(row: Row, column: str, role: str) -> list[str]:
    """A column as a list of strings.

    Raises:
        RowFault: it is none.
    """
    value = from_cell(row.values[column])
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, (list, tuple)):
        advice = 'A list is ["…", "…"] in JSON; in a cell also words parted by spaces.'
        raise RowFault(f"row|rows whose {role} are not a list", advice, f"{row.where}: {column}={value!r}"[:200])
    for number, item in enumerate(value):
        if not isinstance(item, str):
            advice = "Numbers need the names of their classes." if role == "tags" else "Each is a text in quotes."
            raise RowFault(
                f"row|rows with {role} that are not strings",
                advice,
                f"{row.where}: {role[:-1]} {number + 1} is {item!r}",
            )
    return list(value)


def spans_of(row: Row, column: str, text: str) -> list[Span]:
    """A column as labelled spans of a text.

    Raises:
        RowFault: a span cannot be read, or lies outside the text.
    """
    value = from_cell(row.values[column])
    if not isinstance(value, (list, tuple)):
        advice = 'Spans are a list such as [{"start": 0, "end": 5, "label": "PER"}].'
        raise RowFault("row|rows whose spans are not a list", advice, f"{row.where}: {column}={value!r}"[:200])
    return [_span(row, item, text) for item in value]


def _span(row: Row, item: Any, text: str) -> Span:
    if isinstance(item, dict):
        label = next((item[name] for name in ("label", "type", "entity", "tag") if name in item), None)
        start, end = item.get("start"), item.get("end")
    else:
        start, end, label = item if isinstance(item, (list, tuple)) and len(item) == 3 else (None, None, None)
    # type() and not isinstance(): true and false are ints to Python
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label.strip():
        raise RowFault(
            "row|rows with a span that cannot be read",
            'A span is {"start": 0, "end": 5, "label": "PER"} or [0, 5, "PER"].',
            f"{row.where}: {item!r}"[:200],
        )
    if not 0 <= start < end <= len(text):
        raise RowFault(
            "row|rows with a span outside the text",
            "Offsets count characters from 0; end is one past the last.",
            f"{row.where}: {start}-{end} in a text of {len(text)} characters",
        )
    return Span(start, end, label)
