"""Tables with a row per token: the rows of a sentence become one row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.tagged.column_names import TOKEN_NAMES, plain_name
from ftk.data.readers.tagged.tag_cells import column_of_types, joined_tag
from ftk.data.rows.tag_columns import evidence_of
from ftk.errors import DataError

_LOOKED_AT = 2000
"""Rows that are read to recognise a table of tokens."""
_SENTENCES = (
    *("sentenceid", "sentid", "sentence", "sent", "sentenceno", "sentencenumber", "sentenceidx", "sentenceindex"),
    *("sentnumber", "sentno", "sentidx", "sid", "sequenceid", "seqid"),
)
_DOCUMENTS = ("documentid", "docid", "document", "doc", "file", "filename")
_TAGS = (
    "tag",
    "tags",
    "nertag",
    "nertags",
    "ner",
    "label",
    "labels",
    "entity",
    "iob",
    "bio",
    "entiob",
    "iobtag",
    "netag",
    "postag",
    "upos",
    "pos",
)
_SINGLE = 0.95
"""Share of rows with one token in a table of tokens."""
_ROWS_A_SENTENCE = 1.2


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of a table of tokens: what identifies a sentence, its tokens, and their tags if it has some.

    ``types`` has the types of spans, where tags are letters alone.
    """

    sentence: tuple[str, ...]
    tokens: str
    tags: str | None
    types: str | None


def by_sentence(rows: Iterable[Row], columns: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Yield one row per sentence if the rows are those of tokens; else the rows as they are.

    Rows are those of tokens if ``data.columns.sentence`` names the column of their sentences, or if such a column is
    found by its name, occurs in several rows with the same value, and another column has one token in each row.

    Args:
        rows: of one file.
        columns: ``data.columns``.
        notes: collects how the rows were read.

    Raises:
        DataError: the config names a column that is not there, or the rows of a sentence do not follow each other.
    """
    rows = iter(rows)
    head = list(islice(rows, _LOOKED_AT))
    are_sentences = bool(head and head[0].lines)  # of CoNLL columns; their reader has read data.columns.sentence
    layout = _layout(head, columns) if head and not are_sentences else None
    if layout is None:
        yield from chain(head, rows)
        return
    how = "data.columns" if columns.get("sentence") is not None else "found by name"
    notes.add(
        kinds.TOKEN_ROWS,
        file=head[0].file,
        sentence=", ".join(layout.sentence),
        sentence_by=how,
        tokens=layout.tokens,
        tags=f", tags in '{layout.tags}'" if layout.tags is not None else "",
    )
    if layout.types is not None:
        notes.add(kinds.TYPES_APART, file=head[0].file, column=layout.types)
    yield from _grouped(chain(head, rows), layout, notes)


def _layout(head: Sequence[Row], columns: Mapping[str, Any]) -> _Layout | None:
    names = {plain_name(str(name)): str(name) for name in reversed(list(head[0].values))}
    wanted = columns.get("sentence")
    if wanted is not None and str(wanted) not in head[0].values:
        have = ", ".join(map(str, head[0].values))
        raise DataError(f"{head[0].where}: data.columns.sentence={wanted}, but the columns are {have}.")
    sentence = str(wanted) if wanted is not None else next((names[one] for one in _SENTENCES if one in names), None)
    if sentence is None:
        return None
    tokens = _named(head, columns, "tokens") or next(
        (
            names[one]
            for one in TOKEN_NAMES
            if one in names and names[one] != sentence and _are_tokens(head, names[one])
        ),
        None,
    )
    if tokens is None or tokens == sentence:
        if wanted is None:
            return None
        raise DataError(
            f"{head[0].where}: data.columns.sentence={wanted}, but no column has one token in each row; name it: "
            "data.columns.tokens=…."
        )
    documents = tuple(names[one] for one in _DOCUMENTS if one in names and names[one] not in (sentence, tokens))
    key = (*documents[:1], sentence)
    if wanted is None and (not _are_tokens(head, tokens) or not _several(head, key)):
        return None
    tags = _named(head, columns, "tags") or _tags(head, names, {*key, tokens})
    return _Layout(key, tokens, tags, None if tags is None else _types(head, tags, {*key, tokens, tags}))


def _named(head: Sequence[Row], columns: Mapping[str, Any], role: str) -> str | None:
    """The column that the config names, if the rows have it."""
    wanted = columns.get(role)
    return str(wanted) if wanted is not None and str(wanted) in head[0].values else None


def _tags(head: Sequence[Row], names: Mapping[str, str], taken: set[str]) -> str | None:
    """The column of the tags: of those that are called so, the first with tags of spans, or the first."""
    found = [names[one] for one in _TAGS if one in names and names[one] not in taken]
    for name in found:
        values = [str(row.values[name]).strip() for row in head if row.values.get(name) is not None]
        evidence = evidence_of(values)
        if evidence.lettered and evidence.spans and not any(" " in value for value in values):
            return name
    return found[0] if found else None


def _types(head: Sequence[Row], tags: str, taken: set[str]) -> str | None:
    """The column of the types of spans whose tags are letters alone."""
    others = [str(name) for name in head[0].values if name not in taken]
    cells = {number: [_text(row, name) for row in head] for number, name in enumerate(others)}
    found = column_of_types([_text(row, tags) for row in head], cells)
    return None if found is None else others[found]


def _text(row: Row, name: str) -> str:
    value = row.values.get(name)
    return "" if value is None else str(value).strip()


def _are_tokens(head: Sequence[Row], column: str) -> bool:
    """Whether nearly all rows have one word in a column."""
    words = sum(isinstance(value := row.values.get(column), str) and len(value.split()) <= 1 for row in head)
    return words >= _SINGLE * len(head)


def _several(head: Sequence[Row], key: Sequence[str]) -> bool:
    """Whether sentences have several rows each, one after the other."""
    runs, before = Counter[Any](), None
    for row in head:
        found = _key(row, key)
        if found[-1] is None:  # only the first token of a sentence names it
            continue
        if found != before:
            runs[found] += 1
        before = found
    return len(head) >= _ROWS_A_SENTENCE * runs.total() and runs.total() <= 2 * len(runs)


def _grouped(rows: Iterable[Row], layout: _Layout, notes: Notes) -> Iterator[Row]:
    seen: set[Any] = set()
    before: tuple[Any, ...] = ()
    held: list[Row] = []
    for row in rows:
        missing = [name for name in (*layout.sentence, layout.tokens) if name not in row.values]
        if missing:
            raise DataError(f"{row.where}: a row without the column '{missing[0]}', which the rows before it have.")
        key = _key(row, layout.sentence)
        if key[-1] is None:
            if not held:
                raise DataError(f"{row.where}: the first token has no sentence: '{layout.sentence[-1]}' is empty.")
            key = before
        if key != before and held:
            yield _joined(held, layout)
            held = []
        if key != before:
            if key in seen:
                notes.add(kinds.SENTENCE_AGAIN, f"{row.where}: {key[-1]!r}")
            seen.add(key)
        before = key
        held.append(row)
    if held:
        yield _joined(held, layout)


def _key(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    """What identifies the sentence of a row; the last value is None for an empty cell."""
    values = (row.values.get(name) for name in names)
    return tuple(
        None if one in (None, "") or one != one else one if isinstance(one, (str, int)) else repr(one) for one in values
    )


def _joined(rows: Sequence[Row], layout: _Layout) -> Row:
    first = rows[0]
    values: dict[str, Any] = {name: first.values[name] for name in layout.sentence}
    for row in rows:
        token = row.values[layout.tokens]
        if token is None or isinstance(token, (list, dict)):
            raise DataError(f"{row.where}: '{layout.tokens}' is {token!r}, and not a token.")
    values["tokens"] = [str(row.values[layout.tokens]) for row in rows]
    if layout.tags is not None:
        values["tags"] = [_tag(row.values.get(layout.tags)) for row in rows]
        if layout.types is not None:
            values["tags"] = [joined_tag(_text(row, layout.tags), _text(row, layout.types)) for row in rows]
    for name in first.values:
        if name not in (*layout.sentence, layout.tokens, layout.tags, "tokens", "tags"):
            values[str(name)] = [row.values.get(name) for row in rows]
    return Row(values, first.file, first.line, tuple(row.line for row in rows))


def _tag(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
