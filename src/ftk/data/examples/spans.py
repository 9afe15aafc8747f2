"""Reads labelled character spans, and converts them to one tag for each word."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, list_in, place_of, shortened
from ftk.data.rows.lists import list_or_value


class Misaligned(Enum):
    """What to do with a span that begins or ends inside a word."""

    error = "error"
    expand = "expand"
    drop = "drop"


class Overlapping(Enum):
    """What to do with spans that share a word."""

    error = "error"
    longest = "longest"


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled part of a text: characters start … end - 1."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A span on words first … last - 1; ``exact`` if it begins and ends where words do."""

    span: Span
    first: int
    last: int
    exact: bool


def align_to_words(text: str, span: Span, starts: Sequence[int], ends: Sequence[int]) -> WordSpan | None:
    """The words that a span covers, without white space at its edges; None if it covers no word."""
    inside = text[span.start : span.end]
    begin = span.start + len(inside) - len(inside.lstrip())
    end = span.end - (len(inside) - len(inside.rstrip()))
    first = bisect.bisect_right(ends, begin)
    last = bisect.bisect_left(starts, end)
    if last <= first or end <= begin:
        return None
    return WordSpan(span, first, last, starts[first] == begin and ends[last - 1] == end)


def without_overlaps(placed: Sequence[WordSpan]) -> tuple[list[WordSpan], list[WordSpan]]:
    """The spans to keep and the spans to drop: of spans that share a word, the longest is kept."""
    kept: list[WordSpan] = []
    dropped: list[WordSpan] = []
    for item in sorted(placed, key=lambda item: (item.first - item.last, item.first)):
        clash = any(item.first < other.last and other.first < item.last for other in kept)
        (dropped if clash else kept).append(item)
    return sorted(kept, key=lambda item: item.first), dropped


def tags_of(placed: Sequence[WordSpan], num_words: int) -> list[str]:
    """The IOB2 tags for spans that share no word."""
    tags = ["O"] * num_words
    for item in placed:
        tags[item.first] = f"B-{item.span.label}"
        for position in range(item.first + 1, item.last):
            tags[position] = f"I-{item.span.label}"
    return tags


def spans_of(row: Row, column: str, text: str) -> list[Span]:
    """A column as labelled spans of a text.

    Raises:
        RowFault: a span cannot be read, or lies outside the text.
    """
    value = list_in(row, column, "spans", braces=True)
    if not isinstance(value, (list, tuple)):
        raise RowFault(kinds.SPANS_NOT_A_LIST, place_of(row, column))
    return [_span(row, list_or_value(item), text) for item in value]


def _span(row: Row, item: Any, text: str) -> Span:
    if isinstance(item, dict):
        label = next((item[name] for name in ("label", "type", "entity", "tag") if name in item), None)
        start, end = item.get("start"), item.get("end")
    else:
        start, end, label = item if isinstance(item, (list, tuple)) and len(item) == 3 else (None, None, None)
    # type() and not isinstance(): true and false are ints to Python
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label.strip():
        raise RowFault(kinds.SPAN_UNREADABLE, shortened(f"{row.where}: {item!r}"))
    if not 0 <= start < end <= len(text):
        place = f"{row.where}: {start}-{end} in a text of {len(text)} characters"
        raise RowFault(kinds.SPAN_OUTSIDE, place, unit="character")
    return Span(start, end, label)
