"""Labelled spans of characters on words, and one tag for each word."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ftk.data.text.words import is_inside_word

FEWEST = 5
"""Spans from which something can be said about all of them."""


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

    def ties_with(self, other: "WordSpan") -> bool:
        """Whether another span has the same words and another label."""
        return (self.first, self.last) == (other.first, other.last) and self.span.label != other.span.label

    def repeats(self, other: "WordSpan") -> bool:
        """Whether another span has the same characters and the same label."""
        return self.span == other.span


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


def trimmed(text: str, span: Span) -> Span:
    """A span without the white space at its edges; one of nothing else as it is."""
    inside = text[span.start : span.end]
    start = span.start + len(inside) - len(inside.lstrip())
    end = span.end - (len(inside) - len(inside.rstrip()))
    return span if (inside[:1].strip() and inside[-1:].strip()) or start >= end else Span(start, end, span.label)


def ends_early(text: str, span: Span) -> bool:
    """Whether a span ends one letter before the end of a word that takes no particles, as spans with inclusive ends do.

    Hangul does: a name and its particle are one word.
    """
    early = is_inside_word(text, span.end) and not is_inside_word(text, span.end + 1)
    return early and not "\uac00" <= text[span.end] <= "\ud7a3"


def without_overlaps(placed: Sequence[WordSpan]) -> tuple[list[WordSpan], list[WordSpan]]:
    """The spans to keep and the spans to drop: of spans that share a word, the longest is kept.

    Of spans of equal length, it is the one that begins first; of spans of the same words, the first of ``placed``.
    """
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
