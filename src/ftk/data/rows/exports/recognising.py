"""Recognises the rows of a file by their keys, and makes plain rows of them."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.columns import has_column
from ftk.data.rows.exports import (
    doccano,
    label_studio,
    label_studio_min,
    passages,
    predictions,
    prodigy,
    spacy_json,
    token_spans,
)
from ftk.data.rows.exports.wanted import Wanted

SEEN = 20
"""Rows by which a file is recognised."""


Plain = Callable[[Row], Iterable[Row]]
"""What makes plain rows of a row."""


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool: its name, which rows are its own, and what these are as plain rows.

    Attributes:
        name: in words.
        recognises: whether a row is one of the tool.
        begin: looks at its rows in a file, and returns what makes them plain.
        needs_all: whether ``begin`` must see all rows of the file, by the first ones.
        unlabelled: whether a row beside them has no labels.
    """

    name: str
    recognises: Callable[[Mapping[str, Any]], bool]
    begin: Callable[[Sequence[Row], Wanted, Notes], Plain]
    needs_all: Callable[[Sequence[Row]], bool] = lambda rows: False
    unlabelled: Callable[[Mapping[str, Any]], bool] = lambda values: False


def _each(plain: Callable[[Row, Notes, bool], Iterable[Row]]) -> Callable[[Sequence[Row], Wanted, Notes], Plain]:
    """For tools whose rows say by themselves how they are read."""
    return lambda rows, wanted, notes: lambda row: plain(row, notes, wanted.labelled)


def _always(rows: Sequence[Row]) -> bool:
    return True


_PREDICTIONS = _Tool(
    "predictions of ftk", predictions.recognises, _each(predictions.plain), unlabelled=predictions.lacks_labels
)
_TOOLS = (
    _Tool("an export of Label Studio", label_studio.recognises, label_studio.begin, _always),
    _Tool("an export of Label Studio (JSON_MIN)", label_studio_min.recognises, label_studio_min.begin, _always),
    _Tool("an export of Prodigy", prodigy.recognises, prodigy.begin, prodigy.needs_all),
    _Tool("an export of doccano", doccano.recognises, doccano.begin, doccano.needs_all),
    _Tool("documents of spaCy", spacy_json.recognises, _each(spacy_json.plain)),
    _Tool("examples for spaCy", spacy_json.recognises_examples, _each(spacy_json.plain_examples)),
    _Tool("sentences of GLiNER", token_spans.recognises_gliner, _each(token_spans.plain_gliner)),
    _Tool("documents of DyGIE", token_spans.recognises_dygie, _each(token_spans.plain_dygie)),
    _Tool("sentences of W2NER", token_spans.recognises_w2ner, _each(token_spans.plain_w2ner)),
    _Tool("queries with lists of positives and negatives", passages.recognises, _each(passages.plain)),
    _Tool("queries with numbered negatives", passages.recognises_numbered, _each(passages.plain_numbered)),
)


def plain_rows(rows: Iterable[Row], wanted: Wanted, notes: Notes, *, seen: int = SEEN) -> Iterator[Row]:
    """The rows of a file as plain rows, whatever tool wrote them; other rows are as they were.

    Predictions of ftk have the columns of the rows that they are for, so their plain rows may be those of another tool.
    Of an annotation tool whose rows depend on one another, all labelled rows of the file are in memory together.

    Args:
        rows: of one file.
        wanted: what the config and the task want; a file stays as it is if ``columns`` name a column that its plain
            rows do not have. The path of a key inside of such a column is a column of the plain row.
        notes: collects what was recognised, and rows that are left out.
        seen: how many rows show which tool wrote the file.
    """
    rows = iter(rows)
    first = list(itertools.islice(rows, seen))
    if wanted.labelled and first and all(predictions.are_labels_predicted(row.values) for row in first):
        notes.add(kinds.PREDICTED_LABELS, file=first[0].file)
    named = wanted.columns
    if named.get("spans") is None and any("gold_entities" in row.values for row in first):
        named = {**named, "spans": "entities"}  # other spans beside them are no second control to choose from
    rows = _made_plain(itertools.chain(first, rows), (_PREDICTIONS,), wanted, notes, seen)
    yield from _made_plain(rows, _TOOLS, replace(wanted, columns=named), notes, seen)


def _made_plain(rows: Iterable[Row], known: Iterable[_Tool], wanted: Wanted, notes: Notes, seen: int) -> Iterator[Row]:
    """The rows of some tools as plain rows."""
    rows = iter(rows)
    first = list(itertools.islice(rows, seen))
    tools: list[_Tool] = []
    found = [tool for tool in known if any(tool.recognises(row.values) for row in first)]
    for tool in found:
        if not _of(tool, found, first):
            continue
        if (kept := _kept_for(wanted, tool, first)) is None:
            tools.append(tool)
            notes.add(kinds.RECOGNISED, file=first[0].file, what=tool.name)
        else:
            notes.add(kinds.NOT_MADE_PLAIN, file=first[0].file, what=tool.name, column=kept)
    if not tools:
        yield from itertools.chain(first, rows)
        return
    if wanted.labelled and any(tool.needs_all(_of(tool, tools, first)) for tool in tools):
        first += rows
    plain = {tool: tool.begin(_of(tool, tools, first), wanted, notes) for tool in tools}
    paths = [str(name) for name in wanted.columns.values() if name is not None and "." in str(name)]
    for row in itertools.chain(first, rows):
        own = _tool_of(row, tools)
        if own is None:
            yield from _beside(row, tools, wanted, notes)
            continue
        for made in plain[own](row):
            for path in paths:
                if path not in made.values and has_column(row, path):
                    made.values[path] = row.values[path]
            yield made


def _beside(row: Row, tools: Iterable[_Tool], wanted: Wanted, notes: Notes) -> Iterator[Row]:
    """A row that is of none of the tools of its file."""
    if not any(tool.unlabelled(row.values) for tool in tools):
        yield row
    elif wanted.labelled:
        notes.add(kinds.NOT_ANNOTATED, row.where)
    else:
        yield predictions.without_predictions(row)


def _tool_of(row: Row, tools: Iterable[_Tool]) -> _Tool | None:
    return next((tool for tool in tools if tool.recognises(row.values)), None)


def _of(tool: _Tool, tools: Iterable[_Tool], rows: Iterable[Row]) -> list[Row]:
    """The rows of one of some tools."""
    return [row for row in rows if _tool_of(row, tools) is tool]


def _kept_for(wanted: Wanted, tool: _Tool, rows: Sequence[Row]) -> str | None:
    """The column of the rows that the config names and that their plain form does not have; None if there is none."""
    own = [row for row in rows if tool.recognises(row.values)]
    plain = tool.begin(own, Wanted(wanted.columns), Notes())
    kept = {name for row in own for made in plain(row) for name in made.values}
    given = {name for row in own for name in row.values}
    names = (str(name) for name in wanted.columns.values() if name is not None)
    return next((name for name in names if kept and name in given and name not in kept), None)
