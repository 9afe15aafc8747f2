"""What the columns of a row say of its two entities: places in a text or in tokens, and texts."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.examples.entities.marks import Span
from ftk.data.examples.spans.counting import PLAIN, Counting, MarkedText, Places, placed_span
from ftk.data.examples.spans.forms import MarkedSpan
from ftk.data.examples.spans.outside import kind_of_ends
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.columns import TEXT, find_column, has_column, missing_configured
from ftk.data.rows.lists import list_or_value
from ftk.data.rows.numbers import whole_number
from ftk.data.text.words import Words, split_words

PAIRS = (
    *(("head", "tail"), ("subject", "object"), ("e1", "e2"), ("h", "t"), ("subj", "obj"), ("sub", "obj")),
    *(("entity1", "entity2"), ("entity_1", "entity_2"), ("ent1", "ent2"), ("arg1", "arg2")),
)
"""The column names that are tried for head and tail if ``data.columns`` does not name them."""
ROLES = ("head", "tail")
# Keys are compared without case and underscores.
_STARTS = ("start", "begin", "startoffset", "beginoffset", "startchar", "charstart", "from")
_ENDS = ("end", "stop", "endoffset", "endchar", "charend", "to")
_BOTH = ("pos", "position", "span", "offsets", "offset", "indices", "index")
_TEXTS = ("text", "name", "word", "mention", "surface", "string")
_STARTS_BESIDE = ("_start", "_begin", "_start_offset", "Start", ".start")
_ENDS_BESIDE = ("_end", "_stop", "_end_offset", "End", ".end")
_TEXTS_BESIDE = ("_text", "_name", "_word", "_mention", "_entity", ".text", ".name", ".word")


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says of an entity.

    Attributes:
        start, end: as they are written; None if the row does not say.
        text: what it says is there; None if it does not say.
        to_last: whether the form says that the end is the last one inside.
    """

    start: int | None = None
    end: int | None = None
    text: str | None = None
    to_last: bool = False

    @property
    def placed(self) -> bool:
        """Whether the row gives a place."""
        return self.start is not None and self.end is not None


def entity_columns(row: Row, columns: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The columns of head and tail: those that the config names, else two with names that belong together.

    A column may be there in parts: ``subj_start`` and ``subj_end``, or ``subj_text``, are the column ``subj``.

    Raises:
        RowFault: a column that the config names is not in the row.
    """
    found: list[str | None] = []
    for role, name in zip(ROLES, _pair(tuple(row.values)), strict=True):
        wanted = columns.get(role)
        if wanted is not None and not _has(row, str(wanted)):
            raise missing_configured(row, role, wanted)
        column = name if wanted is None else str(wanted)
        if column is not None:
            _gather(row, column)
        found.append(column)
    return found[0], found[1]


def pairs_in(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The usual names of head and tail of which rows have both."""
    shapes = {tuple(row.values) for row in rows}
    found = [pair for pair in PAIRS if any(all(_is_in(shape, name) for name in pair) for shape in shapes)]
    for row in rows:
        for name in (name for pair in found for name in pair):
            _gather(row, name)
    return found


def holds_entity(value: Any) -> bool:
    """Whether a value is a place or a text."""
    return _read(value) != Given()


@lru_cache(maxsize=1024)
def _pair(names: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The usual names of head and tail among the columns of a row."""
    there = {pair: [_is_in(names, name) for name in pair] for pair in PAIRS}
    best = next((pair for pair, both in there.items() if all(both)), None)
    best = best or next((pair for pair, both in there.items() if any(both)), None)
    if best is None:
        return None, None
    return best[0] if there[best][0] else None, best[1] if there[best][1] else None


def _is_in(names: Collection[str], name: str) -> bool:
    """Whether a column is among others, or its parts."""
    return name in names or any(f"{name}{ending}" in names for ending in (*_STARTS_BESIDE, *_TEXTS_BESIDE))


def _has(row: Row, name: str) -> bool:
    return has_column(row, name) or _is_in(row.values, name)


def _gather(row: Row, name: str) -> None:
    """Make a column of its parts, if it is there in parts alone."""
    if not has_column(row, name) and _has(row, name):
        parts = {"start": _STARTS_BESIDE, "end": _ENDS_BESIDE, "text": _TEXTS_BESIDE}
        row.values[name] = {part: _beside(row, name, endings) for part, endings in parts.items()}


def _beside(row: Row, name: str, endings: Sequence[str]) -> Any:
    return next((row.values[f"{name}{ending}"] for ending in endings if f"{name}{ending}" in row.values), None)


def given(row: Row, column: str) -> Given:
    """What a row says in a column, and in the columns that are its parts."""
    found = _read(row.values.get(column))
    # TACRED and what is written like it: subj_start, subj_end and obj_start, obj_end number tokens.
    if column in ("subj", "obj") and f"{column}_start" in row.values:
        found = replace(found, to_last=True)
    if found.start is not None or found.text is None:
        return found
    start, end = (whole_number(_beside(row, column, endings)) for endings in (_STARTS_BESIDE, _ENDS_BESIDE))
    return found if start is None else replace(found, start=start, end=end)


def _read(value: Any) -> Given:
    if type(value) is list and len(value) == 2 and type(value[0]) is type(value[1]) is int:
        return Given(value[0], value[1])
    value = list_or_value(value)  # a text that spells no list is one
    if isinstance(value, str):
        return Given(text=value if value.strip() else None)
    if isinstance(value, dict):
        keys = {str(name).casefold().replace("_", ""): one for name, one in value.items()}
        start, end, both = (_first(keys, names) for names in (_STARTS, _ENDS, _BOTH))
        if isinstance(both, (list, tuple)):
            inner = _read(both)
            start, end = (inner.start, inner.end) if start is None else (start, end)
        own = _first(keys, _TEXTS)
        return Given(whole_number(start), whole_number(end), own if isinstance(own, str) and own.strip() else None)
    if isinstance(value, (list, tuple)):
        if len(value) == 1 and isinstance(value[0], (list, tuple)):
            return _read(value[0])
        if len(value) == 2 and all(type(one) is int for one in value):
            return Given(value[0], value[1])
        if len(value) == 3 and isinstance(value[0], str):  # FewRel: a name, an id, the numbers of its tokens
            return _of_mentions(value[0], value[2])
    return Given()


def _of_mentions(name: str, mentions: Any) -> Given:
    if not isinstance(mentions, (list, tuple)) or len(mentions) != 1:
        return Given()
    numbers = mentions[0]
    if not isinstance(numbers, (list, tuple)) or not numbers or not all(type(one) is int for one in numbers):
        return Given()
    return Given(numbers[0], numbers[-1] + 1, None)


def _first(keys: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((keys[name] for name in names if keys.get(name) is not None), None)


def marked_entities(rows: Iterable[Row], columns: Mapping[str, Any]) -> Iterator[MarkedText]:
    """Head and tail of the rows that can say what their offsets count."""
    for row in rows:
        with suppress(RowFault):  # it is reported when the row is read
            text_at = find_column(row, "text", columns, TEXT)
            text = row.values[text_at] if text_at is not None else None
            if not isinstance(text, str):
                continue
            spans = spans_given(row, columns)
            if spans and (not text.isascii() or "\n" in text or any(span.text for span in spans)):
                yield MarkedText(row, text, *split_words(text, Words.fine), spans)


def spans_given(row: Row, columns: Mapping[str, Any]) -> list[MarkedSpan]:
    """Head and tail of a row as spans, as far as its columns give their places; a role is the label."""
    spans = []
    for role, column in zip(ROLES, entity_columns(row, columns), strict=True):
        one = given(row, column) if column is not None else Given()
        if one.start is not None and one.end is not None:
            spans.append(MarkedSpan(one.start, one.end, role, one.text, one.to_last))
    return spans


def characters_of(row: Row, column: str, role: str, text: str, counting: Counting) -> Span:
    """The characters of an entity in a text.

    Raises:
        RowFault: the column has no start and end, or they lie outside the text.
    """
    if counting == PLAIN:
        return ends_of(row, column, role, len(text), "character")
    start, end = ends_of(row, column, role, sys.maxsize, "character")
    span = placed_span(MarkedText(row, text, (), (), []), MarkedSpan(start, end, role), counting, Places())
    return span.start, span.end


def ends_of(row: Row, column: str, role: str, number: int, unit: str, *, to_last: bool = False) -> Span:
    """The start and the end that a column gives, within ``number`` characters or tokens.

    Raises:
        RowFault: it gives none, or they lie outside.
    """
    said = given(row, column)
    if said.start is None or said.end is None:
        raise unreadable(row, column, role, unit)
    end = said.end + to_last
    if not 0 <= said.start <= end <= number:
        place = f"{row.where}: {role} {said.start}-{said.end} in a text of {number} {unit}s"
        raise RowFault(kind_of_ends(said.start, end + 1), place, unit=unit)
    return said.start, end


def unreadable(row: Row, column: str, role: str, unit: str) -> RowFault:
    """The fault of a row whose column says nothing of an entity."""
    place = place_of(row, column) if column in row.values else row.where
    return RowFault(kinds.UNREADABLE_ENTITY, place, role=role, unit=unit)
