"""Recognises the rows of a file by their keys, and makes plain rows of them."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports import doccano, label_studio, passages, predictions, prodigy, spacy_json, token_spans

_SEEN = 20
"""Rows by which a file is recognised."""


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool: its name, its rows, what these are as plain rows, and which rows beside them have no labels."""

    name: str
    recognises: Callable[[Mapping[str, Any]], bool]
    plain: Callable[[Row, Notes, bool], Iterable[Row]]
    unlabelled: Callable[[Mapping[str, Any]], bool] = lambda values: False


_TOOLS = (
    _Tool("predictions of ftk", predictions.recognises, predictions.plain, predictions.lacks_labels),
    _Tool("an export of Label Studio", label_studio.recognises, label_studio.plain),
    _Tool("an export of Label Studio (JSON_MIN)", label_studio.recognises_minimal, label_studio.plain_minimal),
    _Tool("an export of Prodigy", prodigy.recognises, prodigy.plain),
    _Tool("an export of doccano", doccano.recognises, doccano.plain),
    _Tool("documents of spaCy", spacy_json.recognises, spacy_json.plain),
    _Tool("examples for spaCy", spacy_json.recognises_examples, spacy_json.plain_examples),
    _Tool("sentences of GLiNER", token_spans.recognises_gliner, token_spans.plain_gliner),
    _Tool("documents of DyGIE", token_spans.recognises_dygie, token_spans.plain_dygie),
    _Tool("sentences of W2NER", token_spans.recognises_w2ner, token_spans.plain_w2ner),
    _Tool("queries with lists of positives and negatives", passages.recognises, passages.plain),
    _Tool("queries with numbered negatives", passages.recognises_numbered, passages.plain_numbered),
)


def plain_rows(rows: Iterable[Row], columns: Mapping[str, Any], notes: Notes, *, labelled: bool) -> Iterator[Row]:
    """The rows of a file as plain rows, whatever tool wrote them; other rows are as they were.

    Args:
        rows: of one file.
        columns: ``data.columns``; a file stays as it is if they name a column that its plain rows do not have.
        notes: collects what was recognised, and rows that are left out.
        labelled: whether rows without an answer of the annotator are left out; if not, each row stays.
    """
    rows = iter(rows)
    first = list(itertools.islice(rows, _SEEN))
    tools = [tool for tool in _TOOLS if any(tool.recognises(row.values) for row in first)]
    tools = [tool for tool in tools if not _keeps_as_they_are(columns, tool, first, labelled)]
    if labelled and first and all(predictions.are_labels_predicted(row.values) for row in first):
        notes.add(kinds.PREDICTED_LABELS, file=first[0].file)
    if not tools:
        yield from first
        yield from rows
        return
    for tool in tools:
        notes.add(kinds.RECOGNISED, file=first[0].file, what=tool.name)
    for row in itertools.chain(first, rows):
        found = next((tool for tool in tools if tool.recognises(row.values)), None)
        if found is None:
            if labelled and any(tool.unlabelled(row.values) for tool in tools):
                notes.add(kinds.NOT_ANNOTATED, row.where)
            else:
                yield row
        else:
            yield from found.plain(row, notes, labelled)


def _keeps_as_they_are(columns: Mapping[str, Any], tool: _Tool, rows: Iterable[Row], labelled: bool) -> bool:
    """Whether the config names a column of the rows that their plain form does not have."""
    for row in rows:
        if tool.recognises(row.values):
            kept = {name for plain in tool.plain(row, Notes(), labelled) for name in plain.values}
            if kept:
                wanted = {str(name).partition(".")[0] for name in columns.values() if name is not None}
                return any(name in row.values and name not in kept for name in wanted)
    return False
