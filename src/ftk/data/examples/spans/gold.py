"""The spans of rows that are predicted for, as the gold standard of their records."""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import Counting, MarkedText, Places, place_of_span, placed_span
from ftk.data.examples.spans.evidence import misfits
from ftk.data.examples.spans.offsets import settle
from ftk.data.examples.spans.placing import Span, align_to_words, trimmed
from ftk.data.rows.cells import RowFault


def entities_of(text: str, spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Spans as records have them: without white space at their edges, each once."""
    plain = dict.fromkeys(trimmed(text, span) for span in spans)
    return [
        {"label": one.label, "start": one.start, "end": one.end, "text": text[one.start : one.end]} for one in plain
    ]


def gold_entities(
    texts: Sequence[MarkedText], asked: Offsets, notes: Notes, seen: MutableMapping[Any, Any] | None
) -> Iterator[list[dict[str, Any]] | None]:
    """The entities of each row; None for one whose spans are not where they say.

    A row is predicted for whatever its spans are, so nothing about them is an error: they are counted.

    Args:
        texts: some rows.
        asked: ``data.offsets``; ``auto`` goes by the evidence of these rows, and of those before.
        notes: collects what was found.
        seen: see ``Reading.seen``.
    """
    countings = settle(texts, asked, notes, seen=seen, strict=False)
    for item in texts:
        counting = countings.of(item.row)
        spans = _spans_of(item, counting, says_texts=asked is Offsets.auto)
        if spans is None:
            notes.add(kinds.GOLD_LEFT_OUT, item.row.where, what="spans")
            yield None
            continue
        for span in spans:
            if trimmed(item.text, span) is not span:
                notes.add(kinds.SPAN_TRIMMED, place_of_span(item, span))
            found = align_to_words(item.text, span, item.starts, item.ends)
            if found is None or not found.exact:
                notes.add(kinds.GOLD_INSIDE_WORD, place_of_span(item, span))
        yield entities_of(item.text, spans)


def _spans_of(item: MarkedText, counting: Counting, *, says_texts: bool) -> list[Span] | None:
    """The spans of a row in characters; None if one is outside of the text, or has another text than it says."""
    if says_texts and any(True for _ in misfits([item], counting)):
        return None
    places = Places()
    try:
        return [placed_span(item, span, counting, places) for span in item.spans]
    except RowFault:
        return None
