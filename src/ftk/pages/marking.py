"""Texts in parts: plain ones, and marked ones with a class and a label. A page marks no offsets by itself, because
JavaScript counts characters beyond the first 65,536 as two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ftk.errors import printable

Parts = list[Any]
"""Strings, and lists of a text, a class and a label."""
Marks = Sequence[tuple[int, int, str, str]]
"""Begin, end, class and label of what is marked; the classes are right, missed, spurious, both and other, and for words
that an answer rests on ``for1`` to ``for4`` and ``against1`` to ``against4``."""

_AROUND = 160
"""Characters that are kept before the first mark of a long text."""
MOST_CHARACTERS = 900
"""Characters that are kept of a text."""


def marked(text: str, marks: Marks = (), most: int = MOST_CHARACTERS, *, around: int | None = None) -> Parts:
    """A text in parts, with at most so many of its characters: those around the first marks, or around one place.

    Args:
        text: the whole.
        marks: what is marked; where two overlap, the class is ``both``.
        most: characters that are kept.
        around: the place that is in the middle of what is kept; None: the first mark is near the begin.
    """
    marks = [(max(0, start), min(len(text), end), kind, label) for start, end, kind, label in marks]
    marks = sorted(one for one in marks if one[0] < one[1])
    begin, stop = 0, len(text)
    if len(text) > most:
        first = around - most // 2 if around is not None else marks[0][0] - _AROUND if marks else 0
        begin = max(0, min(first, len(text) - most))
        stop = begin + most
    edges = sorted({begin, stop, *(edge for one in marks for edge in one[:2] if begin < edge < stop)})
    parts: Parts = ["… "] if begin else []
    for start, end in pairwise(edges):
        over = [one for one in marks if one[0] < end and one[1] > start]
        piece = printable(text[start:end])
        if not over:
            parts.append(piece)
            continue
        kinds = {one[2] for one in over}
        labels = [one[3] for one in over if one[0] == start or (start == begin and one[0] < begin)]
        parts.append([piece, kinds.pop() if len(kinds) == 1 else "both", ", ".join(filter(None, labels))])
    if stop < len(text):
        parts.append(" …")
    return parts


def cut(text: str, most: int) -> str:
    """A text of at most so many characters."""
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
