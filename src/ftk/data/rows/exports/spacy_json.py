"""Documents and examples of spaCy: its training JSON, ``Doc.to_json`` and pairs of a text and its entities."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row


def as_object(value: Any) -> Any:
    """A pair such as ``["Rita sleeps", {"entities": [[0, 4, "PER"]]}]`` as an object; any other value as it is."""
    is_pair = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)
    return {"text": value[0], **value[1]} if is_pair else value


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row is a document: paragraphs of sentences, or what ``Doc.to_json`` gives."""
    paragraphs = values.get("paragraphs")
    if isinstance(paragraphs, list) and paragraphs and isinstance(paragraphs[0], dict):
        return "sentences" in paragraphs[0]
    return isinstance(values.get("text"), str) and (
        (isinstance(values.get("ents"), list) and "tokens" in values) or isinstance(values.get("cats"), dict)
    )


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The sentences of a document with ``tokens`` and ``tags``; or its text with ``spans`` and ``label``."""
    values = row.values
    if "paragraphs" not in values:
        kept = {name: value for name, value in values.items() if name not in ("ents", "cats", "entities", "tokens")}
        for name in ("ents", "entities"):
            if name in values:
                kept["spans"] = values[name]
        yield replace(row, values=kept | _label(values.get("cats")))
        return
    for paragraph in values["paragraphs"]:
        sentences = [one.get("tokens") or [] for one in paragraph.get("sentences") or []]
        named = any("ner" in token for tokens in sentences for token in tokens)
        if paragraph.get("cats") and not named:
            text = paragraph.get("raw") or " ".join(token.get("orth", "") for tokens in sentences for token in tokens)
            cats = {one["label"]: one["value"] for one in paragraph["cats"]}
            yield replace(row, values={"text": text, **_label(cats)})
            continue
        for tokens in sentences:
            tags = [token.get("ner", "O") for token in tokens]
            if labelled and "-" in tags:  # what spaCy writes where an annotation is missing
                notes.add(kinds.NOT_ANNOTATED, row.where)
                continue
            columns = {"tokens": [token.get("orth", "") for token in tokens]}
            if named:
                columns["tags"] = tags
            if any("tag" in token for token in tokens):
                columns["pos_tags"] = [token.get("tag", "") for token in tokens]
            yield replace(row, values=columns)


def _label(cats: Any) -> dict[str, Any]:
    """The categories of a text that hold as its label, or as a list."""
    if not isinstance(cats, dict):
        return {}
    held = [name for name, value in cats.items() if isinstance(value, (bool, int, float)) and value >= 0.5]
    return {"label": held[0] if len(held) == 1 else held}


def recognises_examples(values: Mapping[str, Any]) -> bool:
    """Whether a row is a whole file of examples: names of classes, and pairs of a text and its entities."""
    found = values.get("annotations")
    return (
        isinstance(values.get("classes"), list)
        and isinstance(found, list)
        and any(as_object(one) is not one for one in found)
    )


def plain_examples(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """A row for each pair."""
    for one in row.values["annotations"]:
        if isinstance(values := as_object(one), dict):
            yield replace(row, values=values)
