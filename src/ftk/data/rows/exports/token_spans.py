"""Sentences whose spans count tokens, as models of entities and relations are trained on."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row


def recognises_gliner(values: Mapping[str, Any]) -> bool:
    """Whether a row has ``tokenized_text``."""
    return isinstance(values.get("tokenized_text"), list)


def plain_gliner(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with ``tokens`` and ``spans``, whose end is their last token."""
    values = {name: value for name, value in row.values.items() if name not in ("tokenized_text", "ner")}
    values["tokens"] = row.values["tokenized_text"]
    if "ner" in row.values:
        values["spans"] = _to_last(row.values["ner"])
    yield replace(row, values=values)


def recognises_dygie(values: Mapping[str, Any]) -> bool:
    """Whether a row is a document of sentences that are lists of tokens."""
    found = values.get("sentences")
    return isinstance(found, list) and bool(found) and isinstance(found[0], list) and "text" not in values


def plain_dygie(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """A row for each sentence, with ``tokens`` and ``spans``; in the document, spans count from its beginning."""
    begin = 0
    spans = row.values.get("ner")
    for number, tokens in enumerate(row.values["sentences"]):
        values: dict[str, Any] = {"tokens": tokens}
        if "doc_key" in row.values:
            values |= {"doc_key": row.values["doc_key"], "sentence_number": number}
        if isinstance(spans, list):
            values["spans"] = _to_last(spans[number] if number < len(spans) else [], begin)
        yield replace(row, values=values)
        begin += len(tokens) if isinstance(tokens, list) else 0


def recognises_w2ner(values: Mapping[str, Any]) -> bool:
    """Whether a row has a sentence of tokens, and entities that list the numbers of theirs."""
    return isinstance(values.get("sentence"), list) and isinstance(values.get("ner"), list)


def plain_w2ner(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with ``tokens`` and ``spans``."""
    values = {name: value for name, value in row.values.items() if name not in ("sentence", "ner", "word")}
    yield replace(row, values=values | {"tokens": row.values["sentence"], "spans": row.values["ner"]})


def _to_last(spans: Any, begin: int = 0) -> Any:
    """Spans ``[first, last, label]`` as objects that say so; anything else as it is, for its reader to refuse."""
    found = []
    for item in spans if isinstance(spans, list) else ():
        numbers = isinstance(item, list) and len(item) >= 3 and all(type(one) is int for one in item[:2])
        if not numbers:
            return spans
        found.append({"start": item[0] - begin, "last": item[1] - begin, "label": item[2]})
    return found if isinstance(spans, list) else spans
