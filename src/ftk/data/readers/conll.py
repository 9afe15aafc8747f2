"""CoNLL columns: one token per line, a blank line between sentences, tabs or spaces between columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.lines import numbered_lines
from ftk.errors import DataError

_TAG = re.compile(r"^(O|[BIESLUMW][-_].+)$")
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b")
"""The comment with which a document begins in CoNLL-U."""
_LOOKED_AT = 2000
"""Sentences that are read to find the columns."""
_MOSTLY = 0.9
"""Share of tags in a column of tags: a mistyped tag is an error to report, and no reason to take another column."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    fields: list[list[str]]
    lines: tuple[int, ...]
    document: int | None


def read_conll(path: Path | str, encoding: str, columns: dict[str, Any], notes: Notes) -> Iterator[Row]:
    """One row per sentence: ``tokens``, ``tags`` where the file has them, and every other column by its name or number.

    Args:
        path: the file, or ``<stdin>``.
        encoding: its character encoding.
        columns: ``tokens`` and ``tags`` as a name or a number counted from 0; null finds them by their content.
        notes: collects which columns are read, and how many comments and document marks are skipped.

    Raises:
        DataError: a line has another number of columns than the first, or a column is missing.
    """
    parser = _Parser(path, encoding, notes)
    sentences = parser.sentences()
    head = list(islice(sentences, _LOOKED_AT))
    if not head:
        return
    names = parser.names or [str(number) for number in range(parser.width)]
    tokens, tags = _choose(path, names, head, columns)
    if parser.width > 2 or (parser.width > 1 and tags is None):
        how = ["data.columns" if columns.get(role) is not None else "found by content" for role in ("tokens", "tags")]
        found: dict[str, Any] = {
            "file": str(path),
            "columns": parser.width,
            "tokens": names[tokens],
            "tokens_by": how[0],
        }
        if tags is None:
            notes.add(kinds.CONLL_WITHOUT_TAGS, **found)
        else:
            notes.add(kinds.CONLL_COLUMNS, **found, tags=names[tags], tags_by=how[1])
    others = [number for number in range(parser.width) if number not in (tokens, tags)]
    for sentence in chain(head, sentences):
        values: dict[str, Any] = {"tokens": [fields[tokens] for fields in sentence.fields]}
        if tags is not None:
            values["tags"] = [fields[tags].strip() for fields in sentence.fields]
        for number in others:
            values[f"column_{names[number]}"] = [fields[number] for fields in sentence.fields]
        yield Row(values, str(path), sentence.lines[0], sentence.lines, document=sentence.document)


class _Parser:
    """Splits lines into sentences of fields, and finds the separator, the width and the names of the columns."""

    def __init__(self, path: Path | str, encoding: str, notes: Notes) -> None:
        self.path = path
        self.encoding = encoding
        self.notes = notes
        self.names: list[str] | None = None
        self.width = 0
        self.tabs = False
        self.document: int | None = None
        """The number of the document that is read, after the first mark of one."""

    def sentences(self) -> Iterator[_Sentence]:
        fields: list[list[str]] = []
        lines: list[int] = []
        numbered = numbered_lines(self.path, self.encoding, self.notes)
        before, first_line = self._measure(numbered)
        for number, line in chain(before, numbered):
            mark = line.startswith("-DOCSTART-")
            if mark:
                self.notes.add(kinds.DOCUMENT_MARK)
            if mark or not line.strip():
                if fields:
                    yield _Sentence(fields, tuple(lines), self.document)
                fields, lines = [], []
                if mark:
                    self._begin_document()
                continue
            if not fields and line.startswith("#") and self._is_comment(line):
                self.notes.add(kinds.COMMENT_LINE)
                if _NEW_DOCUMENT.match(line):
                    self._begin_document()
                continue
            parts = self._fields(line)
            if len(parts) != self.width:
                between = "tab" if self.tabs else "space"
                raise DataError(
                    f"{self.path}:{number}: {len(parts)} columns where line {first_line} has {self.width} "
                    f"({between}-separated): {_shorten(line)!r}."
                )
            fields.append(parts)
            lines.append(number)
        if fields:
            yield _Sentence(fields, tuple(lines), self.document)

    def _begin_document(self) -> None:
        self.document = 1 if self.document is None else self.document + 1

    def _measure(self, numbered: Iterator[tuple[int, str]]) -> tuple[list[tuple[int, str]], int]:
        """Find separator and width in the first line with a token; returns the lines read so far, and its number.

        Lines with '#' count only if no other line has a token: '#hashtag' and '#comment' look the same.
        """
        read: list[tuple[int, str]] = []
        found: tuple[int, str] | None = None
        for number, line in numbered:
            read.append((number, line))
            if not line.strip() or line.startswith("-DOCSTART-"):
                continue
            if not line.startswith("#"):
                found = (number, line)
                break
            if found is None and ("\t" in line or _ends_in_tag(line)):
                found = (number, line)
        if found is None:
            return read, 0
        number, line = found
        self.tabs = "\t" in line
        self.width = len(self._fields(line))
        return read, number

    def _fields(self, line: str) -> list[str]:
        # Only spaces and tabs separate columns: a no-break space belongs to its token.
        return line.split("\t") if self.tabs else re.split("[ \t]+", line.strip(" \t"))

    def _is_comment(self, line: str) -> bool:
        match = re.match(r"#\s*global\.columns\s*=\s*(.+)", line)
        if match:
            self.names = match.group(1).split()
            return True
        # '#hashtag<tab>O' is a token; a comment has its number of columns only by chance: '# doc 7'.
        if len(self._fields(line)) != self.width:
            return True
        return not self.tabs and line.startswith("# ") and not _ends_in_tag(line)


def _choose(
    path: Path | str, names: list[str], head: list[_Sentence], columns: dict[str, Any]
) -> tuple[int, int | None]:
    """The numbers of the columns with the tokens and with the tags."""
    width = len(head[0].fields[0])
    if len(names) != width:
        raise DataError(f"{path}: '# global.columns' names {len(names)} columns, the lines have {width}.")
    tags = _index(path, names, "tags", columns.get("tags"))
    tokens = _index(path, names, "tokens", columns.get("tokens"))
    if tokens is None:
        tokens = next((names.index(name) for name in ("FORM", "form", "TOKEN", "token") if name in names), None)
    if tokens is None:
        tokens = 1 if width > 1 and _is_counter(head) and not (width == 2 and _are_tags(head, 1)) else 0
    if tags is None and width > 1:
        candidates = [number for number in range(width) if number != tokens]
        tagged = [number for number in candidates if _are_tags(head, number)]
        bare = [number for number in candidates if _has_outside(head, number)]
        found = tagged or bare
        tags = found[-1] if found else None
        if tags is None and width == 2:
            tags = candidates[0]
    if tags == tokens:
        raise DataError(f"{path}: data.columns.tokens and data.columns.tags are both column '{names[tokens]}'.")
    return tokens, tags


def _index(path: Path | str, names: list[str], role: str, wanted: Any) -> int | None:
    if wanted is None:
        return None
    if isinstance(wanted, int) or (isinstance(wanted, str) and re.fullmatch(r"-?\d+", wanted)):
        number = int(wanted)
        if -len(names) <= number < len(names):
            return number % len(names)
        raise DataError(f"{path}: data.columns.{role}={wanted}, but there are {len(names)} columns, counted from 0.")
    if wanted in names:
        return names.index(wanted)
    if names == [str(number) for number in range(len(names))]:
        raise DataError(f"{path}: data.columns.{role}={wanted}, but the columns have no names; use a number from 0.")
    raise DataError(f"{path}: data.columns.{role}={wanted}, but the columns are {', '.join(names)}.")


def _is_counter(head: list[_Sentence]) -> bool:
    """Whether the first column numbers the tokens of each sentence: 1, 2, 3 (with 4-5 and 5.1 as in CoNLL-U)."""
    return all(
        sentence.fields[0][0].split("-")[0] in ("0", "1") and all(re.match(r"\d", row[0]) for row in sentence.fields)
        for sentence in head
    )


def _are_tags(head: list[_Sentence], column: int) -> bool:
    matches = [_TAG.match(row[column].strip()) is not None for sentence in head for row in sentence.fields]
    return sum(matches) >= _MOSTLY * len(matches)


def _ends_in_tag(line: str) -> bool:
    fields = line.split()
    return len(fields) > 1 and _TAG.match(fields[-1]) is not None


def _has_outside(head: list[_Sentence], column: int) -> bool:
    return any(row[column] == "O" for sentence in head for row in sentence.fields)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
