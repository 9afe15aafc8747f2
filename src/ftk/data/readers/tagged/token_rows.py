"""Tables with a row per token: the rows of a sentence become one row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.tagged.tag_cells import joined_tag
from ftk.data.readers.tagged.token_tables import TokenTable, is_blank, key_of, table_of, text_of
from ftk.errors import DataError

_LOOKED_AT = 2000
"""Rows that are read to recognise a table of tokens."""


def by_sentence(rows: Iterable[Row], columns: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Yield one row per sentence if the rows are those of tokens; else the rows as they are.

    Rows are those of tokens if ``data.columns.sentence`` names the column of their sentences, or if such a column is
    found, has the same value in several neighbouring rows, and another column has one token in each row.

    Args:
        rows: of one file.
        columns: ``data.columns``.
        notes: collects how the rows were read.

    Raises:
        DataError: the config names a column that is not there, or the rows of a sentence do not follow each other.
    """
    rows = iter(rows)
    head = list(islice(rows, _LOOKED_AT))
    known = [row for row in head if not isinstance(row, UnreadRow)]
    are_sentences = bool(known and known[0].lines)  # of CoNLL columns; their reader has read data.columns.sentence
    layout = table_of(known, columns) if known and not are_sentences else None
    if layout is None:
        yield from chain(head, rows)
        return
    tags = f", tags in '{layout.tags}'" if layout.tags is not None else ""
    if layout.sentence:
        notes.add(
            kinds.TOKEN_ROWS,
            file=known[0].file,
            sentence=", ".join(layout.sentence),
            sentence_by=layout.found_by,
            tokens=layout.tokens,
            tags=tags,
        )
    else:
        notes.add(kinds.PARTED_TOKEN_ROWS, file=known[0].file, tokens=layout.tokens, tags=tags)
    if layout.types is not None:
        notes.add(kinds.TYPES_APART, file=known[0].file, column=layout.types)
    yield from _grouped(chain(head, rows), layout, notes)


def _grouped(rows: Iterable[Row], layout: TokenTable, notes: Notes) -> Iterator[Row]:
    seen: set[Any] = set()
    before: tuple[Any, ...] = ()
    held: list[Row] = []
    for row in rows:
        if isinstance(row, UnreadRow):
            raise DataError(f"{row.fault} A sentence without one of its tokens is another one.")
        missing = [name for name in (*layout.sentence, layout.tokens) if name not in row.values]
        if missing:
            raise DataError(f"{row.where}: a row without the column '{missing[0]}', which the rows before it have.")
        if not layout.sentence:
            if is_blank(row, layout.tokens, layout.tags):
                if held:
                    yield _joined(held, layout)
                held = []
            else:
                held.append(row)
            continue
        key = key_of(row, layout.sentence)
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


def _joined(rows: Sequence[Row], layout: TokenTable) -> Row:
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
            values["tags"] = [joined_tag(text_of(row, layout.tags), text_of(row, layout.types)) for row in rows]
    for name in first.values:
        if name not in (*layout.sentence, layout.tokens, layout.tags, "tokens", "tags"):
            values[str(name)] = [row.values.get(name) for row in rows]
    return Row(values, first.file, first.line, tuple(row.line for row in rows))


def _tag(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
