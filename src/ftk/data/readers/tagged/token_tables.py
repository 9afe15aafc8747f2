"""Which columns of a table have the tokens, their tags, and what says which rows are one sentence."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.contracts.row import Row
from ftk.data.readers.tagged.column_names import TOKEN_NAMES, plain_name
from ftk.data.readers.tagged.tag_cells import column_of_types
from ftk.data.rows.tags.tag_columns import evidence_of
from ftk.errors import DataError

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
_FEW = 4
"""Rows from which content shows which column names the sentence."""
_NOTHING = frozenset({"", "nan", "NaN", "None", "<NA>"})
"""What a row between sentences has in its cells."""


@dataclass(frozen=True, slots=True)
class TokenTable:
    """The columns of a table with a row per token.

    Attributes:
        sentence: the columns that are equal for the tokens of a sentence; empty if a row without a token is between
            sentences.
        tokens: the column of the tokens.
        tags: that of their tags; None if there are none.
        types: that of the types of spans, where tags are letters alone.
        found_by: how the column of the sentences was found.
    """

    sentence: tuple[str, ...]
    tokens: str
    tags: str | None
    types: str | None
    found_by: str


def table_of(head: Sequence[Row], columns: Mapping[str, Any]) -> TokenTable | None:
    """The columns of a table with a row per token; None for any other table.

    Args:
        head: its first rows.
        columns: ``data.columns``.

    Raises:
        DataError: the config names a column that is not there.
    """
    names = {plain_name(str(name)): str(name) for name in reversed(list(head[0].values))}
    wanted = columns.get("sentence")
    if wanted is not None and str(wanted) not in head[0].values:
        have = ", ".join(map(str, head[0].values))
        raise DataError(f"{head[0].where}: data.columns.sentence={wanted}, but the columns are {have}.")
    sentence = str(wanted) if wanted is not None else next((names[one] for one in _SENTENCES if one in names), None)
    if sentence is None:
        return _by_content(head, columns, names)
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
    return _table(head, key, tokens, tags, "data.columns" if wanted is not None else "found by name")


def _by_content(head: Sequence[Row], columns: Mapping[str, Any], names: Mapping[str, str]) -> TokenTable | None:
    """The columns of a table without a usual name for its sentences: rows without a token are between them, or a
    column has another value for each."""
    usual = (names[one] for one in TOKEN_NAMES if one in names)
    tokens = _named(head, columns, "tokens") or next((name for name in usual if _are_tokens(head, name)), None)
    if tokens is None or not _are_tokens(head, tokens) or len(head) < _FEW:
        return None
    full = [row for row in head if text_of(row, tokens) not in _NOTHING]
    others = [str(name) for name in head[0].values if name != tokens]
    tags = _named(head, columns, "tags") or next((name for name in others if _marks_spans(full, name)), None)
    if tags is None or not _marks_spans(full, tags):
        return None
    blank = [number for number, row in enumerate(head[1:-1], start=1) if is_blank(row, tokens, tags)]
    if blank and 2 * len(blank) < len(head):
        return _table(full, (), tokens, tags, "")
    found = {
        name: runs
        for name in others
        if name != tags and plain_name(name) not in _DOCUMENTS and (runs := _runs(head, name)) is not None
    }
    if not found:
        return None
    sentence = max(found, key=lambda name: found[name])
    documents = tuple(names[one] for one in _DOCUMENTS if one in names)
    return _table(full, (*documents[:1], sentence), tokens, tags, "found by content")


def _table(head: Sequence[Row], key: tuple[str, ...], tokens: str, tags: str | None, found_by: str) -> TokenTable:
    types = None if tags is None else _types(head, tags, {*key, tokens, tags})
    return TokenTable(key, tokens, tags, types, found_by)


def _runs(head: Sequence[Row], column: str) -> int | None:
    """The number of sentences, if a column has one value for each, in neighbouring rows; else None."""
    values = [text_of(row, column) for row in head]
    begins = [value for before, value in zip(["\0", *values], values, strict=False) if value != before]
    if not 1 < len(begins) == len(set(begins)) or len(values) < _ROWS_A_SENTENCE * len(begins):
        return None
    return len(begins) if all(re.search(r"\d|\s", value) for value in begins) else None


def is_blank(row: Row, tokens: str, tags: str | None) -> bool:
    """Whether a row has neither a token nor a tag."""
    return text_of(row, tokens) in _NOTHING and (tags is None or text_of(row, tags) in _NOTHING)


def _named(head: Sequence[Row], columns: Mapping[str, Any], role: str) -> str | None:
    """The column that the config names, if the rows have it."""
    wanted = columns.get(role)
    return str(wanted) if wanted is not None and str(wanted) in head[0].values else None


def _tags(head: Sequence[Row], names: Mapping[str, str], taken: set[str]) -> str | None:
    """The column of the tags: of those that are called so, the first with tags of spans, or the first."""
    found = [names[one] for one in _TAGS if one in names and names[one] not in taken]
    return next((name for name in found if _marks_spans(head, name)), found[0] if found else None)


def _marks_spans(head: Sequence[Row], column: str) -> bool:
    """Whether the values of a column are tags of spans, one in each row."""
    values = [str(row.values[column]).strip() for row in head if row.values.get(column) is not None]
    evidence = evidence_of(values)
    return evidence.lettered and evidence.spans > 0 and not any(" " in value for value in values)


def _types(head: Sequence[Row], tags: str, taken: set[str]) -> str | None:
    """The column of the types of spans whose tags are letters alone."""
    others = [str(name) for name in head[0].values if name not in taken]
    cells = {number: [text_of(row, name) for row in head] for number, name in enumerate(others)}
    found = column_of_types([text_of(row, tags) for row in head], cells)
    return None if found is None else others[found]


def text_of(row: Row, name: str) -> str:
    """The text of a cell; empty for a missing value."""
    value = row.values.get(name)
    return "" if value is None else str(value).strip()


def _are_tokens(head: Sequence[Row], column: str) -> bool:
    """Whether nearly all rows have one word in a column."""
    words = sum(isinstance(value := row.values.get(column), str) and len(value.split(maxsplit=1)) <= 1 for row in head)
    return words >= _SINGLE * len(head)


def _several(head: Sequence[Row], key: Sequence[str]) -> bool:
    """Whether sentences have several rows each, one after the other."""
    runs, before = Counter[Any](), None
    for row in head:
        found = key_of(row, key)
        if found[-1] is None:  # only the first token of a sentence names it
            continue
        if found != before:
            runs[found] += 1
        before = found
    return len(head) >= _ROWS_A_SENTENCE * runs.total() and runs.total() <= 2 * len(runs)


def key_of(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    """What identifies the sentence of a row; the last value is None for an empty cell."""
    values = (row.values.get(name) for name in names)
    return tuple(
        None if one in (None, "") or one != one else one if isinstance(one, (str, int)) else repr(one) for one in values
    )
