"""Whether the spans of a corpus end inside words, because its language joins other words to names."""

from collections.abc import Sequence
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentences import SentenceReader
from ftk.data.examples.spans import Span, spans_of
from ftk.data.rows.cells import RowFault
from ftk.data.text.words import is_inside_word

_SAMPLE = 10_000
"""Rows that are looked at, taken evenly from all of them."""
_SHIFTED = 10
"""Spans whose edges are white space or punctuation are of wrong offsets; there may be one for this many glued ones."""


def spans_need_characters(rows: Sequence[Row], reader: SentenceReader, notes: Notes) -> bool:
    """Whether most character spans begin at a word and end inside one, or begin inside a word and end with one.

    Spans whose offsets are wrong by a constant look alike at one edge, but begin or end with white space or punctuation
    elsewhere; they need no other words. Rows with a fault do not count.

    Args:
        rows: of the training split.
        reader: says where rows have their spans.
        notes: collects the answer, if it is yes.
    """
    total = glued = shifted = 0
    for row in rows[:: -(-len(rows) // _SAMPLE) or 1]:
        text, spans = _spans(row, reader)
        for span in spans:
            total += 1
            edges = text[span.start], text[span.end - 1]
            begins, ends = is_inside_word(text, span.start), is_inside_word(text, span.end)
            if any(edge.isspace() for edge in edges) or (begins != ends and not _are_letters(edges)):
                shifted += 1
            elif begins != ends:
                glued += 1
    if 2 * glued <= total or shifted * _SHIFTED > glued:
        return False
    notes.add(kinds.WORDS_BY_CHARACTER, percent=100 * glued / total)
    return True


def _spans(row: Row, reader: SentenceReader) -> tuple[str, list[Span]]:
    """The text of a row and its spans; none if it is a row of tokens, or has a fault."""
    try:
        tokens_at, text_at, _, spans_at = reader.columns_of(row)
        text: Any = row.values[text_at] if text_at and spans_at and not tokens_at else None
        return (text, spans_of(row, spans_at, text)) if isinstance(text, str) and spans_at else ("", [])
    except RowFault:
        return "", []


def _are_letters(edges: tuple[str, str]) -> bool:
    return all(is_inside_word(f"{edge}a", 1) for edge in edges)
