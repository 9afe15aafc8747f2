"""Raw text as documents, from files, rows or a dataset, chunk by chunk, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Documents, Duplicates, Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.blocks import WHOLE
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.one_file import read_file
from ftk.data.readers.recognition.recognising import kind_of
from ftk.data.rows.columns import has_column
from ftk.errors import DataError

_CHUNK = 1 << 15
"""Characters after which a chunk ends at the next line end."""
_LONGEST = 1 << 20
"""Characters of a line after which it is cut, at white space where there is any."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A part of a document that is tokenized by itself; chunks end where lines end."""

    text: str
    begins: bool
    """Whether a document begins with it."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    begins: bool
    file: str
    number: int


def documents(
    files: Iterable[Path], data: DataConfig, notes: Notes, rows: Iterable[Row] | None = None
) -> Iterator[TextChunk]:
    """The documents of some files, or of rows, one after the other.

    Args:
        files: text in any encoding, JSON lines, CSV, Parquet or CoNLL, compressed or not.
        data: what a document is, the columns, and what to do with repeated documents and lines.
        notes: collects what is left out.
        rows: to read instead of files.

    Raises:
        DataError: a file cannot be read, is binary or in another encoding; or a document or line is repeated and the
            policy is ``error``.
    """
    lines = _of_rows(rows, data.columns, notes) if rows is not None else _of_files(files, data, notes)
    if data.duplicate_lines is not Duplicates.keep:
        lines = _first_lines(lines, data.duplicate_lines, notes)
    chunks: Iterator[TextChunk]
    if data.duplicates is Duplicates.keep and data.limit is None:
        chunks = _chunks(lines)
    else:
        whole = _whole(lines)
        if data.duplicates is not Duplicates.keep:
            whole = _first_documents(whole, data.duplicates, notes)
        chunks = (chunk for document in islice(whole, data.limit) for chunk in _chunks(document))
    yield from chunks
    notes.raise_errors()


def _of_files(files: Iterable[Path], data: DataConfig, notes: Notes) -> Iterator[_Line]:
    for path in files:
        if path.is_dir():  # written by save_to_disk
            yield from _of_rows(read_file(path, Format.auto, data, notes), data.columns, notes)
            continue
        kind = kind_of(path, data.encoding, labelled=False) if data.format is Format.auto else data.format.value
        # In rows of a CoNLL file the tokens are called 'tokens', whichever column they come from.
        columns = {**data.columns, "tokens": None} if kind == "conll" else data.columns
        lines = (
            _of_text(path, data, notes)
            if kind == "text"
            else _of_rows(read_file(path, Format(kind), data, notes), columns, notes)
        )
        first = next(lines, None)
        if first is None:
            notes.add(kinds.FILE_WITHOUT_TEXT, str(path))
            continue
        yield first
        yield from lines


def _of_text(path: Path, data: DataConfig, notes: Notes) -> Iterator[_Line]:
    ends = data.documents or Documents.blank_line
    file = str(path)
    begins = True
    if ends is Documents.file:
        blank: list[_Line] = []  # blank lines are part of a file, but not before its first or after its last word
        for number, text in numbered_lines(path, data.encoding, notes, longest=WHOLE):
            if not text.strip():
                if not begins:
                    blank.append(_Line(text, False, file, number))
                continue
            yield from blank
            blank.clear()
            yield _Line(text, begins, file, number)
            begins = False
        return
    for number, text in numbered_lines(path, data.encoding, notes, longest=WHOLE):
        if not text.strip():
            begins = True
            continue
        yield _Line(text, begins, file, number)
        begins = ends is Documents.line


def _of_rows(rows: Iterable[Row], columns: dict[str, Any], notes: Notes) -> Iterator[_Line]:
    for row in rows:
        text = text_of(row, columns)
        begins = True
        for line in text.split("\n"):
            if begins and not line.strip():
                continue
            yield _Line(line, begins, row.file, row.line)
            begins = False
        if begins:
            notes.add(kinds.ROW_WITHOUT_TEXT, row.where)


def text_of(row: Row, columns: dict[str, Any]) -> str:
    """The text of a row: the column that the config names, ``text``, or the tokens with spaces between them."""
    values = row.values
    named = columns.get("text")
    if named is None and "text" not in values and columns.get("tokens") is None and "tokens" not in values:
        strings = [name for name, value in values.items() if isinstance(value, str)]
        if len(strings) != 1:
            raise DataError(
                f"{row.where}: which column is the text? There are {', '.join(map(str, values)) or 'none'}; "
                "name it with data.columns.text=<column>."
            )
        named = strings[0]
    text_column = str(named) if named is not None else "text"
    if has_column(row, text_column):
        value = values[text_column]
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        raise DataError(f"{row.where}: column '{text_column}' holds {type(value).__name__} {value!r:.40}, not text.")
    if named is not None:
        raise DataError(f"{row.where}: there is no column '{named}'; there are {', '.join(map(str, values))}.")
    tokens = values.get(columns.get("tokens") or "tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise DataError(f"{row.where}: the row has no text (data.columns.text) and no list of tokens.")
    return " ".join(tokens)


def _chunks(lines: Iterable[_Line]) -> Iterator[TextChunk]:
    held: list[str] = []
    size, begins = 0, True
    for line in lines:
        if line.begins and held:
            yield TextChunk("\n".join(held), begins)
            held, size = [], 0
        elif size >= _CHUNK:
            yield TextChunk("\n".join(held) + "\n", begins)
            held, size = [], 0
        if not held:
            begins = line.begins
        text = line.text
        while len(text) > _LONGEST:
            cut = max(text.rfind(" ", _CHUNK, _LONGEST), _CHUNK) + 1
            yield TextChunk("\n".join([*held, text[:cut]]), begins)
            held, size, begins, text = [], 0, False, text[cut:]
        held.append(text)
        size += len(text) + 1
    if held:
        yield TextChunk("\n".join(held), begins)


def _whole(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    held: list[_Line] = []
    for line in lines:
        if line.begins and held:
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def _first_lines(lines: Iterable[_Line], policy: Duplicates, notes: Notes) -> Iterator[_Line]:
    """Lines whose text did not occur before; a document begins with the first of its lines that is kept.

    Blank lines are kept between lines of the same document.
    """
    seen: set[bytes] = set()
    pending = False
    blank: list[_Line] = []
    for line in lines:
        text = line.text.strip()
        if line.begins:
            pending = True
            blank.clear()
        if not text:
            if not pending:
                blank.append(line)
            continue
        if _known(text, seen):
            notes.add(kinds.REPEATED_LINE, f"{line.file}:{line.number}", policy=policy.value)
            if policy is Duplicates.drop:
                continue
        yield from blank
        blank.clear()
        yield _Line(line.text, pending, line.file, line.number)
        pending = False


def _first_documents(whole: Iterable[list[_Line]], policy: Duplicates, notes: Notes) -> Iterator[list[_Line]]:
    seen: set[bytes] = set()
    for lines in whole:
        if _known("\n".join(line.text for line in lines), seen):
            notes.add(kinds.REPEATED_DOCUMENT, f"{lines[0].file}:{lines[0].number}", policy=policy.value)
            if policy is Duplicates.drop:
                continue
        yield lines


def _known(text: str, seen: set[bytes]) -> bool:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    known = digest in seen
    seen.add(digest)
    return known
