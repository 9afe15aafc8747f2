"""Whether the spans of a corpus end inside words, because its language joins other words to names."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentences import SentenceReader
from ftk.data.examples.spans.counting import MarkedText, Places, placed_span
from ftk.data.examples.spans.forms import marked_spans
from ftk.data.examples.spans.offsets import settle
from ftk.data.examples.spans.placing import FEWEST, Span, ends_early
from ftk.data.rows.cells import RowFault
from ftk.data.text.words import Words, is_inside_word, split_words
from ftk.errors import DataError

_SAMPLE = 10_000
"""Rows that are looked at, taken evenly from all of them."""
_SHIFTED = 10
"""Spans whose edges are white space or punctuation are of wrong offsets; there may be one for this many glued ones."""


def spans_need_characters(rows: Sequence[Row], reader: SentenceReader, notes: Notes) -> bool:
    """Whether most character spans begin at a word and end inside one, or begin inside a word and end with one.

    Spans whose offsets are wrong by a constant look alike at one edge, but begin or end with white space or marks
    elsewhere; they need no other words. Nor do spans that nearly all end one letter early, in words that take no
    particles: their ends are inclusive. Rows with a fault do not count.

    Args:
        rows: of the training split.
        reader: says where rows have their spans.
        notes: collects the answer, if it is yes.
    """
    total = glued = shifted = short = 0
    for text, spans in _placed(rows[:: -(-len(rows) // _SAMPLE) or 1], reader):
        for span in spans:
            total += 1
            edges = text[span.start], text[span.end - 1]
            begins, ends = is_inside_word(text, span.start), is_inside_word(text, span.end)
            if any(edge.isspace() for edge in edges) or (begins != ends and not _are_letters(edges)):
                shifted += 1
            elif begins != ends:
                glued += 1
                short += ends_early(text, span)
    if 2 * glued <= total or shifted * _SHIFTED > glued or (total >= FEWEST and 5 * short >= 4 * glued):
        return False
    notes.add(kinds.WORDS_BY_CHARACTER, percent=100 * glued / total)
    return True


def _placed(rows: Sequence[Row], reader: SentenceReader) -> Iterator[tuple[str, list[Span]]]:
    """The text of each row and its spans in characters; rows of tokens and rows with a fault are left out."""
    marked = []
    for row in rows:
        with suppress(RowFault):
            tokens_at, text_at, _, spans_at = reader.columns_of(row)
            text: Any = row.values[text_at] if text_at and spans_at and not tokens_at else None
            if isinstance(text, str) and spans_at and (spans := marked_spans(row, spans_at)):
                marked.append(MarkedText(row, text, *split_words(text, Words.fine), spans))
    try:
        countings = settle(marked, Offsets(reader.offsets), Notes())
    except DataError:  # it is reported when the rows are read
        return
    for item in marked:
        places = Places()
        with suppress(RowFault):
            yield item.text, [placed_span(item, span, countings.of(item.row), places) for span in item.spans]


def _are_letters(edges: tuple[str, str]) -> bool:
    return all(is_inside_word(f"{edge}a", 1) for edge in edges)
