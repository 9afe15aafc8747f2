"""The places of two entities in a text or in tokens, as the columns of a row give them."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.examples.spans.counting import PLAIN, Counting, MarkedText, Places, placed_span
from ftk.data.examples.spans.forms import MarkedSpan
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.columns import TEXT, find_column
from ftk.data.rows.lists import list_or_value
from ftk.data.text.words import Words, split_words

HEAD = ("head", "subject", "e1", "h")
TAIL = ("tail", "object", "e2", "t")
"""The column names that are tried for roles that ``data.columns`` does not name."""

Span = tuple[int, int]
"""Characters start … end - 1 of a text."""


def marked_entities(rows: Iterable[Row], columns: Mapping[str, Any]) -> Iterator[MarkedText]:
    """Head and tail of the rows that can say what their offsets count."""
    for row in rows:
        with suppress(RowFault):  # it is reported when the row is read
            text_at = find_column(row, "text", columns, TEXT)
            text = row.values[text_at] if text_at is not None else None
            if not isinstance(text, str):
                continue
            spans = []
            for role, names in (("head", HEAD), ("tail", TAIL)):
                start, end, own = _given(row.values.get(find_column(row, role, columns, names) or ""))
                if start is not None and end is not None:
                    spans.append(MarkedSpan(start, end, role, own))
            if spans and (not text.isascii() or "\n" in text or any(span.text for span in spans)):
                yield MarkedText(row, text, *split_words(text, Words.fine), spans)


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


def ends_of(row: Row, column: str, role: str, number: int, unit: str) -> Span:
    """The start and the end that a column gives, within ``number`` characters or tokens.

    Raises:
        RowFault: it gives none, or they lie outside.
    """
    start, end, _ = _given(row.values[column])
    if start is None or end is None:
        raise RowFault(kinds.UNREADABLE_ENTITY, place_of(row, column), role=role, unit=unit)
    if not 0 <= start <= end <= number:
        place = f"{row.where}: {role} {start}-{end} in a text of {number} {unit}s"
        raise RowFault(kinds.SPAN_OUTSIDE, place, unit=unit)
    return start, end


def _given(value: Any) -> tuple[int | None, int | None, str | None]:
    """Start and end as a column gives them, None for what is no number; and the text that it says is there."""
    value = list_or_value(value)  # a text that spells no list is reported by whoever needs the numbers
    start, end, own = None, None, None
    if isinstance(value, dict):
        start, end, own = value.get("start"), value.get("end"), value.get("text")
    elif isinstance(value, (list, tuple)) and len(value) == 2:
        start, end = value
    # type() and not isinstance(): true and false are ints to Python
    numbers = [one if type(one) is int else None for one in (start, end)]
    return numbers[0], numbers[1], own if isinstance(own, str) and own.strip() else None
