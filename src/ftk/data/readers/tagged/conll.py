"""CoNLL columns: one token per line, a blank line between sentences, tabs or spaces between columns."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding.once import first_of
from ftk.data.readers.tagged.conll_columns import Columns, find_columns
from ftk.data.readers.tagged.conll_lines import ConllLines
from ftk.data.readers.tagged.field_rows import FieldRows
from ftk.data.readers.tagged.numbering import MULTIWORD, is_no_token
from ftk.errors import DataError

_LOOKED_AT = 2000
"""Sentences that are read to find the columns."""
_LONG = 300
"""Tokens from which a file of one sentence is more likely one that lacks the blank lines."""


def read_conll(
    path: Path | str,
    encoding: str,
    columns: dict[str, Any],
    notes: Notes,
    *,
    labelled: bool = False,
    keep: bool = False,
) -> Iterator[Row]:
    """One row per sentence: ``tokens``, ``tags`` where the file has them, and every other column by its name or number.

    Args:
        path: the file, or ``<stdin>``.
        encoding: its character encoding.
        columns: ``tokens``, ``tags`` and ``sentence`` as a name or a number counted from 0; null finds them by their
            content.
        notes: collects which columns are read, and which lines are skipped.
        labelled: whether a file without tags is an error.
        keep: whether the lines between two blank lines become an ``UnreadRow`` if one of them has another number of
            columns than the first; if not, it is an error.

    Raises:
        DataError: a line has another number of columns than the first, a column is missing, or content does not decide
            between columns.
    """
    lines = ConllLines(path, encoding, notes, keep=keep)
    sentences = lines.sentences()
    head = first_of(path, sentences, _LOOKED_AT)
    if not head:
        return
    known = [part for part in head if not part.fault]
    if not known:
        raise DataError(head[0].fault)
    names = lines.names or [str(number) for number in range(lines.width)]
    wanted = {**columns, **{role: name for role, name in lines.roles.items() if columns.get(role) is None}}
    found = find_columns(path, names, known, wanted, notes, labelled=labelled)
    _report(path, names, found, columns, lines.roles, notes)
    number = 0
    for part in chain(head, sentences):
        if part.fault:
            yield UnreadRow({}, str(path), part.lines[0], part.lines, document=part.document, fault=part.fault)
            continue
        for sentence in _sentences_of(part, found, str(path), notes):
            number += 1
            yield _row(path, names, sentence, found)
    if number == 1 and len(known[0].fields) > _LONG:
        notes.add(kinds.FILE_OF_ONE_SENTENCE, str(path), tokens=len(known[0].fields))


def _report(
    path: Path | str,
    names: list[str],
    found: Columns,
    columns: dict[str, Any],
    fixed: Mapping[str, str],
    notes: Notes,
) -> None:
    """Report the columns, unless a file of two columns has the tokens before the tags."""
    if len(names) < 2 or (len(names) == 2 and (found.tokens, found.tags) == (0, 1)):
        return
    how = [
        "data.columns" if columns.get(role) is not None else "by the format" if role in fixed else "found by content"
        for role in ("tokens", "tags")
    ]
    values: dict[str, Any] = {
        "file": str(path),
        "columns": len(names),
        "tokens": names[found.tokens],
        "tokens_by": how[0],
    }
    if found.tags is None:
        notes.add(kinds.CONLL_WITHOUT_TAGS, **values)
    else:
        notes.add(kinds.CONLL_COLUMNS, **values, tags=names[found.tags], tags_by=how[1])
    if found.attribute is not None and found.tags is not None:
        notes.add(kinds.CONLL_ATTRIBUTE, file=str(path), column=names[found.tags], attribute=found.attribute)
    if found.types is not None:
        notes.add(kinds.TYPES_APART, file=str(path), column=names[found.types])
    if found.sentence is not None:
        notes.add(kinds.CONLL_SENTENCES, file=str(path), column=names[found.sentence])


def _sentences_of(part: FieldRows, found: Columns, file: str, notes: Notes) -> Iterator[FieldRows]:
    """The sentences of the lines between two blank lines: usually one; without the lines that are no tokens."""
    if found.counter is None and found.sentence is None:
        yield part
        return
    kept: list[tuple[list[str], int]] = []
    for fields, line in zip(part.fields, part.lines, strict=True):
        if is_no_token(fields, found.counter):
            assert found.counter is not None
            is_word = MULTIWORD.fullmatch(fields[found.counter]) is not None
            notes.add(kinds.MULTIWORD_LINE if is_word else kinds.EMPTY_NODE_LINE, f"{file}:{line}")
            continue
        if kept and (reason := _begins(kept[-1][0], fields, found)):
            if reason == "counter":
                notes.add(kinds.UNPARTED_SENTENCE, f"{file}:{line}")
            yield _field_rows(kept, part.document)
            kept = []
        kept.append((fields, line))
    if kept:
        yield _field_rows(kept, part.document)


def _begins(before: list[str], fields: list[str], found: Columns) -> str | None:
    """Why a line begins another sentence than the line before it; None if it does not."""
    if found.sentence is not None and fields[found.sentence] != before[found.sentence]:
        return "column"
    if found.counter is None or not (before[found.counter].isdecimal() and fields[found.counter].isdecimal()):
        return None
    return "counter" if int(fields[found.counter]) <= min(int(before[found.counter]), 1) else None


def _field_rows(kept: list[tuple[list[str], int]], document: int | None) -> FieldRows:
    return FieldRows([fields for fields, _ in kept], tuple(line for _, line in kept), document)


def _row(path: Path | str, names: list[str], sentence: FieldRows, found: Columns) -> Row:
    values: dict[str, Any] = {"tokens": [fields[found.tokens] for fields in sentence.fields]}
    tags = found.tags_of(sentence.fields)
    if tags is not None:
        values["tags"] = tags
    for number, name in enumerate(names):
        if number != found.tokens and (number != found.tags or found.attribute is not None):
            values[f"column_{name}"] = [fields[number] for fields in sentence.fields]
    return Row(values, str(path), sentence.lines[0], sentence.lines, document=sentence.document)
