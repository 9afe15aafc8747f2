"""The gold standard of sentences, in the form of their predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import Scheme, detect, parse_tag, to_iob2


def gold_spans(example: Sentence, scheme: Scheme) -> Any:
    """The gold tags of a row of tokens in IOB2, or the gold entities of a row of text; None if the row gives none.

    They are what the metric counts. Those of a row that is not scored are converted as far as they can be read.

    Args:
        example: the sentence.
        scheme: ``task.tag_scheme``.
    """
    if example.tokens is None:
        return example.gold
    return example.tags if example.tags is not None else _as_iob2(example.gold, scheme)


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
