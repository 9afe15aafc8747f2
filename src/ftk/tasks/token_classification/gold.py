"""The gold standard of sentences, in the form of their predictions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ftk.data.examples.sentences import Sentence
from ftk.data.examples.spans.counting import PLAIN, MarkedText, Places, placed_span
from ftk.data.examples.spans.forms import marked_spans
from ftk.data.examples.tags import Scheme, detect, parse_tag, to_iob2
from ftk.data.rows.cells import RowFault


def gold_spans(example: Sentence, scheme: Scheme) -> Any:
    """The gold tags of a row of tokens in IOB2, or the gold entities of a row of text; None if the row gives none.

    They are what the metric counts. Those of a row that is not scored are converted as far as they can be read.

    Args:
        example: the sentence.
        scheme: ``task.tag_scheme``.
    """
    if example.tags is not None:
        return example.tags if example.tokens is not None else example.gold
    if example.tokens is not None:
        return _as_iob2(example.gold, scheme)
    with suppress(RowFault):
        row = replace(example.row, values={"spans": example.gold})
        item = MarkedText(row, example.text, example.starts, example.ends, marked_spans(row, "spans"))
        spans = [placed_span(item, span, PLAIN, Places()) for span in item.spans]
        return [_entity(example.text, span.label, span.start, span.end) for span in spans] or example.gold
    return example.gold


def placed(example: Sentence, found: Sequence[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Entities of words (type, first word, word after the last) as records have them, without scores."""
    return [_entity(example.text, kind, example.starts[first], example.ends[last - 1]) for kind, first, last in found]


def _entity(text: str, label: str, start: int, end: int) -> dict[str, Any]:
    return {"label": label, "start": start, "end": end, "text": text[start:end]}


def _as_iob2(tags: Any, scheme: Scheme) -> Any:
    """Tags of spans in IOB2; what cannot be read as such stays as it is."""
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return tags
    parsed = [tag for tag in map(parse_tag, tags) if tag is not None]
    if len(parsed) < len(tags):
        return tags
    found = detect([parsed]) if scheme is Scheme.auto else scheme
    mixed = any((tag.letter == "") != (found is Scheme.bare) for tag in parsed if tag.letter != "O")
    return tags if mixed else to_iob2(parsed, found)[0]
