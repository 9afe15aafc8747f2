"""Values of a row's columns; ``RowFault`` says why a row cannot be used."""

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.lists import (
    ListFault,
    Shortened,
    begins_like_list,
    begins_with_items,
    list_of,
    list_or_value,
    quoted_items,
)

Made = TypeVar("Made")

_MOST = 200
"""Characters of a place that shows a value."""
_LONGEST: dict[type, tuple[int, str]] = {str: (1 << 24, "characters"), list: (1 << 21, "items")}
"""How long a text and a list of a row may be."""
_SHOWN = 80
"""Characters of a suggested spelling."""
_SIGNS = re.compile(r"""["'\[\]{}()\\]""")


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


def read_rows(
    rows: Iterable[Row], make: Callable[[Row], Made], notes: Notes, *, unlabelled: str = "error"
) -> list[Made]:
    """What ``make`` returns for each row; a row with a fault is left out, and its faults go to the notes.

    So all faults of a file are reported together: ``Notes.raise_errors`` stops the run after the last row.

    Args:
        rows: of one split.
        make: raises RowFault for a row that cannot be used.
        notes: collects the faults.
        unlabelled: the policy for rows without a label, ``error`` or ``drop``. A row of no class is always left out of
            training, and rows without the column of the label are an error whatever the policy if no row has it.
    """
    made = []
    seen = set()
    without: dict[Hashable, tuple[RowFault, list[str]]] = {}
    missing: Counter[Hashable] = Counter()
    for row in rows:
        try:
            made.append(make(not_too_long(row)))
        except RowFault as found:
            for fault in (found, *found.also):
                group = (fault.kind.id, repr(sorted(fault.values.items())), fault.alike)
                if fault.kind in _WITHOUT_COLUMN and fault.values["role"] == "label":
                    _, places = without.setdefault(group, (fault.with_traceback(None), []))
                    places += [fault.place.partition(" has ")[0]] if len(places) < SHOWN else []
                    missing[group] += 1
                    continue
                if fault.kind in _UNLABELLED:
                    fault.policy = _policy(fault.kind, unlabelled, notes)
                fault.add_to(notes, with_place=fault.alike is None or group not in seen)
                seen.add(group)
    for alike, (fault, places) in without.items():
        if made:  # other rows have a label
            fault.policy = "drop" if unlabelled == "drop" else None
            fault.values["hint"] += " data.unlabelled=drop leaves out rows without a label."
        places = places if fault.policy else [fault.place]
        notes.add(fault.kind, *places, policy=fault.policy, number=missing[alike], **fault.values)
    return made


def not_too_long(row: Row) -> Row:
    """The row itself; what a row takes while it is read is many times its text.

    Raises:
        RowFault: one of its columns has more text, or more tokens, than a row can have.
    """
    for name, value in row.values.items():
        most = _LONGEST.get(type(value))
        if most is not None and len(value) > most[0]:
            raise RowFault(kinds.LONG_TEXT, f"{row.where}: {name} has {len(value):,} {most[1]}")
    return row


_UNLABELLED = (kinds.UNLABELLED_ROW, kinds.EMPTY_LABEL, kinds.MISSING_LABEL, kinds.HALF_A_PAIR, kinds.NO_TARGETS)
"""Faults of rows that data.unlabelled is about."""
_WITHOUT_COLUMN = (kinds.MISSING, kinds.MISSING_COLUMN)
"""Faults that data.unlabelled is about where the column is that of the label, and other rows have it."""


def _policy(kind: FindingKind, unlabelled: str, notes: Notes) -> str | None:
    if kind is kinds.UNLABELLED_ROW and notes.split == "train":
        return "left_out"
    return "drop" if unlabelled == "drop" else None


def column_fits(role: str, value: Any) -> bool:
    """Whether a value has the shape that a role needs.

    'labels' and 'label' hold spans in some files, tags or classes in others: a list of pairs or objects is spans. A
    text that begins like a list fits, too, so that what is wrong with it is reported.
    """
    if role == "spans":
        value = list_or_value(value)
        if isinstance(value, str):
            return begins_like_list(value)
        return isinstance(value, list) and all(isinstance(item, (dict, list, tuple)) or _holds(item) for item in value)
    if role == "tags":
        value = list_or_value(value)
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            return all(isinstance(item, str) for item in value[0])
        return isinstance(value, str) or (
            isinstance(value, list)
            and all(not isinstance(item, (dict, list)) for item in value)
            and not any(map(_holds, value[:1]))
        )
    return True


def _holds(item: Any) -> bool:
    """Whether a text is an object or a list in JSON."""
    return (
        isinstance(item, str) and item.lstrip()[:2] in ('{"', "{'", "[[") and not isinstance(list_or_value(item), str)
    )


def parse_json_list(value: Any) -> Any:
    """The list that a text spells; any other value as it is."""
    found = list_or_value(value)
    return found if isinstance(found, list) or not isinstance(value, str) else value


def list_in(row: Row, column: str, role: str, *, braces: bool = False) -> Any:
    """A column that a task reads as a list: the list that a text spells, or any other value as it is.

    Args:
        row: any row.
        column: its column.
        role: the word for what is in it, for messages: tokens, labels.
        braces: whether a text that begins with a brace is no text either.

    Raises:
        RowFault: a text begins like a list, and spells none.
    """
    try:
        return list_of(row.values[column], braces=braces)
    except ListFault as fault:
        raise unreadable_list(row, column, role, fault) from fault


def unreadable_list(row: Row, column: str, role: str, fault: ListFault) -> RowFault:
    """The fault of a row in which a text begins like a list and spells none, with the spelling that may be meant."""
    place, meant = place_of(row, column), suggestion(row.values[column])
    kind = kinds.SHORTENED_LIST if isinstance(fault, Shortened) else kinds.UNREADABLE_LIST
    return RowFault(kind, place if meant is None else f"{place}; in JSON: {meant}", role=role, why=str(fault))


def suggestion(text: str) -> str | None:
    """How a list without quotes, such as ``[room, price]``, is written as JSON; None for a text of another form."""
    text = text.strip()
    inside = text[1:-1]
    parts = [part.strip() for part in (inside.split(",") if "," in inside else inside.split())]
    if text[:1] + text[-1:] not in ("[]", "{}") or not parts or not all(parts) or _SIGNS.search(inside):
        return None
    spelled = json.dumps(parts, ensure_ascii=False)
    return spelled if len(spelled) <= _SHOWN else None


def text_or_list(
    row: Row, column: str, role: str, types: tuple[type, ...], notes: Notes | None, *, spelled: bool = False
) -> Any:
    """A column of texts or of lists: the list that a cell of a table spells, or the value as it is.

    A text in brackets, ``[sic]``, is a text.

    Args:
        row: any row.
        column: its column.
        role: the word for what is in it, for messages.
        types: of the items.
        notes: counts texts that look like a list; None: they do not matter.
        spelled: whether it is known to be a list, in any format and spelling.

    Raises:
        RowFault: a text begins like a list of texts, and spells none.
    """
    value = row.values[column]
    if not isinstance(value, str):
        return value.tolist() if hasattr(value, "tolist") else value
    if spelled or (row.cells and begins_with_items(value)):
        found = list_in(row, column, role)
        if isinstance(found, list) and all(isinstance(item, types) for item in found):
            return found
    if notes is not None and begins_like_list(value) and value.rstrip().endswith("]"):
        notes.add(kinds.LIST_LIKE_TEXT, place_of(row, column), role=role)
    return value


def json_list(row: Row, value: Any, *types: type) -> Any:
    """The list that a cell of a CSV or TSV file spells, if its items have these types; else the value as it is.

    Other formats have lists: there a text that looks like one is a text.
    """
    if not row.cells or not isinstance(value, str) or not begins_like_list(value):
        return value
    found = list_or_value(value)
    return found if isinstance(found, list) and all(isinstance(item, types) for item in found) else value


def strings_of(row: Row, column: str, role: str) -> list[str]:
    """A column as a list of strings.

    Raises:
        RowFault: it holds something else.
    """
    return checked_strings(row, role, items_of(row, column, role))


def items_of(row: Row, column: str, role: str) -> Sequence[Any]:
    """The items of a column that holds a list, or a text of words.

    Raises:
        RowFault: it holds something else.
    """
    value = list_in(row, column, role)
    if isinstance(value, str):
        quoted = quoted_items(value) or []
        value = quoted if len(quoted) > 1 else value.split()
    if not isinstance(value, (list, tuple)):
        raise RowFault(kinds.NOT_A_LIST, place_of(row, column), role=role)
    if len(value) == 1 and isinstance(value[0], list):
        return value[0]
    if len(value) == 1 and isinstance(value[0], str) and begins_like_list(value[0]):
        inner = list_or_value(value[0])
        if isinstance(inner, list) and inner and all(isinstance(item, str) for item in inner):
            return inner  # a list in JSON as the only item of a list
    return value


def checked_strings(row: Row, role: str, items: Sequence[Any]) -> list[str]:
    """The items of a column, all of which are strings.

    Raises:
        RowFault: one is something else.
    """
    for number, item in enumerate(items):
        if isinstance(item, list):
            raise RowFault(kinds.LISTS_IN_LIST, shortened(f"{row.where}: {item!r}"), role=role)
        if not isinstance(item, str):
            raise RowFault(kinds.NOT_STRINGS, f"{row.where}: {role[:-1]} {number + 1} is {item!r}", role=role)
    return list(items)
