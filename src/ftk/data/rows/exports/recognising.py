"""Recognises the rows of a file by their keys, and makes plain rows of them."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.columns import has_column
from ftk.data.rows.exports import doccano, label_studio, passages, predictions, prodigy, spacy_json, token_spans

_SEEN = 20
"""Rows by which a file is recognised."""


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool: its name, its rows, what these are as plain rows, which rows beside them have no labels, and which of its
    own were annotated, so that one without spans has none."""

    name: str
    recognises: Callable[[Mapping[str, Any]], bool]
    plain: Callable[[Row, Notes, bool], Iterable[Row]]
    unlabelled: Callable[[Mapping[str, Any]], bool] = lambda values: False
    annotated: Callable[[Mapping[str, Any]], bool] = lambda values: False


_PREDICTIONS = (_Tool("predictions of ftk", predictions.recognises, predictions.plain, predictions.lacks_labels),)
_TOOLS = (
    _Tool("an export of Label Studio", label_studio.recognises, label_studio.plain, annotated=label_studio.annotated),
    _Tool("an export of Label Studio (JSON_MIN)", label_studio.recognises_minimal, label_studio.plain_minimal),
    _Tool("an export of Prodigy", prodigy.recognises, prodigy.plain, annotated=prodigy.annotated),
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

    Predictions of ftk have the columns of the rows that they are for, so their plain rows may be those of another tool.

    Args:
        rows: of one file.
        columns: ``data.columns``; a file stays as it is if they name a column that its plain rows do not have. The path
            of a key inside of such a column is a column of the plain row.
        notes: collects what was recognised, and rows that are left out.
        labelled: whether rows without an answer of the annotator are left out; if not, each row stays.
    """
    rows = _plain_rows(rows, _PREDICTIONS, columns, notes, labelled)
    yield from _plain_rows(rows, _TOOLS, columns, notes, labelled)


def _plain_rows(
    rows: Iterable[Row], known: Sequence[_Tool], columns: Mapping[str, Any], notes: Notes, labelled: bool
) -> Iterator[Row]:
    """The rows of some tools as plain rows."""
    rows = iter(rows)
    first = list(itertools.islice(rows, _SEEN))
    tools = [tool for tool in known if any(tool.recognises(row.values) for row in first)]
    for tool in list(tools):
        if (kept := _kept_for(columns, tool, first, labelled)) is not None:
            notes.add(kinds.NOT_MADE_PLAIN, file=first[0].file, what=tool.name, column=kept)
            tools.remove(tool)
    predicted = known is _PREDICTIONS and all(predictions.are_labels_predicted(row.values) for row in first)
    if labelled and first and predicted:
        notes.add(kinds.PREDICTED_LABELS, file=first[0].file)
    if not tools:
        yield from first
        yield from rows
        return
    for tool in tools:
        notes.add(kinds.RECOGNISED, file=first[0].file, what=tool.name)
    marked = not labelled and any("spans" in values for tool in tools for values in _plain_values(tool, first, False))
    paths = [str(name) for name in columns.values() if name is not None and "." in str(name)]
    for row in itertools.chain(first, rows):
        found = next((tool for tool in tools if tool.recognises(row.values)), None)
        if found is None:
            if not any(tool.unlabelled(row.values) for tool in tools):
                yield row
            elif labelled:
                notes.add(kinds.NOT_ANNOTATED, row.where)
            else:
                yield predictions.without_predictions(row)
            continue
        for plain in found.plain(row, notes, labelled):
            if marked and "spans" not in plain.values and found.annotated(row.values):
                plain.values["spans"] = []  # the gold standard of its prediction
            for path in paths:
                if path not in plain.values and has_column(row, path):
                    plain.values[path] = row.values[path]
            yield plain


def _plain_values(tool: _Tool, rows: Iterable[Row], labelled: bool) -> Iterator[Mapping[str, Any]]:
    """The columns of the rows of a tool as plain rows, without a word about them."""
    for row in rows:
        if tool.recognises(row.values):
            yield from (plain.values for plain in tool.plain(row, Notes(), labelled))


def _kept_for(columns: Mapping[str, Any], tool: _Tool, rows: Iterable[Row], labelled: bool) -> str | None:
    """The column of the rows that the config names and that their plain form does not have; None if there is none."""
    for row in rows:
        if tool.recognises(row.values):
            kept = {name for plain in tool.plain(row, Notes(), labelled) for name in plain.values}
            if kept:
                wanted = (str(name) for name in columns.values() if name is not None)
                return next((name for name in wanted if name in row.values and name not in kept), None)
    return None
