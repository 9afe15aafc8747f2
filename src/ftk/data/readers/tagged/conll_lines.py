"""The lines of a file of CoNLL columns, as sentences of fields."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import first_of
from ftk.data.readers.tagged.column_names import heads_columns, is_header
from ftk.data.readers.tagged.field_rows import FieldRows
from ftk.data.readers.tagged.known_layouts import ONTONOTES, Layout, is_ontonotes, webanno_names
from ftk.data.rows.tags.tag_columns import evidence_of
from ftk.data.rows.tags.tag_spelling import is_usual_tag
from ftk.errors import DataError

_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b|#begin document\b")
"""The comment with which a document begins in CoNLL-U, and in CoNLL-2012."""
_MARKS = ("-DOCSTART", "-docstart", "-DOCEND")
"""How lines begin that part documents."""
_SAMPLE = 1000
"""Lines after the first token that show what a header or a comment is."""
_MOST_TOKENS = 1 << 21
"""Tokens of a sentence."""
_SIGNS = ",;|"
"""What separates columns in files without tabs and spaces."""


class ConllLines:
    """Splits lines into sentences of fields, and finds the separator, the width and the names of the columns.

    Args:
        path: the file, or ``<stdin>``.
        encoding: its character encoding.
        notes: collects how many comments, document marks and headers are skipped.
        keep: whether lines with another number of columns become the ``fault`` of theirs; if not, they are an error.

    Attributes:
        names: of the columns, as the file gives them; None if it does not.
        roles: the columns of tokens and tags, where the format of the file fixes them.
        width: the number of columns; 0 for a file without tokens.
    """

    def __init__(self, path: Path | str, encoding: str, notes: Notes, *, keep: bool = False) -> None:
        self.path = path
        self.keep = keep
        self.encoding = encoding
        self.notes = notes
        self.names: list[str] | None = None
        self.roles: Mapping[str, str] = {}
        self.width = 0
        self._layout: Layout | None = None
        self._sample: list[str] = []
        self._last_fields: frozenset[str] | None = None
        self._between = " "
        self._least = 0
        self._quoted = False
        self._header: str | None = None
        self._document: int | None = None

    def sentences(self) -> Iterator[FieldRows]:
        """Yield the lines between blank lines.

        Raises:
            DataError: a line has another number of columns than the first.
        """
        fields: list[list[str]] = []
        lines: list[int] = []
        fault = ""
        numbered = numbered_lines(self.path, self.encoding, self.notes)
        before, first_line = self._measure(numbered)
        tabs = self._between == "\t"
        width, header = self.width, self._header
        for number, line in chain(before, numbered):
            mark = False
            if line[:1] in ("-", "#"):
                mark = line.startswith(_MARKS)
                if mark:
                    self.notes.add(kinds.DOCUMENT_MARK)
                elif line[0] == "#" and self._is_comment(line, begins=not fields):
                    self.notes.add(kinds.COMMENT_LINE)
                    if not fields and _NEW_DOCUMENT.match(line):
                        self._begin_document()
                    continue
            if not mark and line.strip():
                if line == header:
                    self.notes.add(kinds.HEADER_LINE)
                    continue
                parts = line.split("\t") if tabs else self._fields(line)
                if len(parts) == width and "\r" not in line:
                    fields.append(parts)
                    lines.append(number)
                    if len(lines) > _MOST_TOKENS:
                        raise DataError(
                            f"{self.path}:{lines[0]}: {_MOST_TOKENS:,} tokens without a blank line, which ends a "
                            "sentence. Put blank lines between sentences."
                        )
                    continue
                if width == 1 or not _is_invisible(line):
                    try:
                        parts = self._repaired(parts, line, number, first_line)
                    except DataError as error:
                        if not self.keep:
                            raise
                        fault = fault or str(error)
                    fields.append(parts)
                    lines.append(number)
                    continue
            if fields:
                yield self._part(fields, lines, fault)
            fields, lines, fault = [], [], ""
            if mark:
                self._begin_document()
        if fields:
            yield self._part(fields, lines, fault)

    def _part(self, fields: list[list[str]], lines: list[int], fault: str) -> FieldRows:
        if self._quoted:
            fields = [[_unquoted(field) for field in one] for one in fields]
        return FieldRows(fields, tuple(lines), self._document, fault)

    def _begin_document(self) -> None:
        self._document = 1 if self._document is None else self._document + 1

    def _repaired(self, parts: list[str], line: str, number: int, first_line: int) -> list[str]:
        """The fields of a line without empty ones too many at its end, or with those that it lacks there."""
        if "\r" in line.rstrip("\r"):
            raise DataError(
                f"{self.path}:{number}: a carriage return inside the line {_shorten(line)!r}. Some lines of the file "
                "end in it and others do not; write all line ends alike."
            )
        parts = self._fields(line.rstrip("\r"))
        if len(parts) > self.width and not any(map(str.strip, parts[self.width :])):
            return parts[: self.width]
        if self._least <= len(parts) <= self.width:
            return parts + [""] * (self.width - len(parts))
        if self._layout is not None and len(parts) > self._layout.fixed:
            return self._layout.kept(parts)
        others = re.split(" +", line.strip()) if self._between == "\t" and "\t" not in line else line.split("\t")
        if self._between in "\t " and len(others) == self.width and is_usual_tag(others[-1].strip()):
            self.notes.add(kinds.MIXED_SEPARATORS, f"{self.path}:{number}")
            return others
        between = {"\t": "tab", " ": "space"}.get(self._between, self._between)
        raise DataError(
            f"{self.path}:{number}: {len(parts)} columns where line {first_line} has {self.width} "
            f"({between}-separated): {_shorten(line)!r}.{self._hint(parts)}"
        )

    def _hint(self, parts: list[str]) -> str:
        if len(parts) == 1 and self.width > 1 and not parts[0].strip()[:1].isalnum():
            return " Between sentences there is a blank line, and nothing else."
        if self._between != " ":
            return ""
        if len(parts) > self.width > 1 and is_usual_tag(parts[-1]):
            return " Where a token has a blank in it, tabs separate the columns."
        if self.width == 1:
            return " If the first line is no token, leave it out."
        return " A line is a token; texts with entities are JSON lines with spans."

    def _measure(self, numbered: Iterator[tuple[int, str]]) -> tuple[list[tuple[int, str]], int]:
        """Find separator and width in the first line with a token; returns the lines read so far, and its number.

        Lines with '#' count only if no other line has a token: '#hashtag' and '#comment' look the same.
        """
        read: list[tuple[int, str]] = []
        found: tuple[int, str] | None = None
        for number, line in numbered:
            if not read and (names := webanno_names(line)) is not None:
                self.names = list(names)
                continue
            read.append((number, line))
            if not line.strip() or line.startswith(_MARKS):
                continue
            if not line.startswith("#"):
                found = (number, line)
                break
            if found is None and ("\t" in line or _ends_in_tag(line)):
                found = (number, line)
        if found is None:
            return read, 0
        number, line = found
        read += first_of(self.path, numbered, _SAMPLE)
        self._sample = [line, *(after for at, after in read if at > number)]
        self._between = "\t" if "\t" in line else " "
        if len(self._fields(line)) == 1:
            self._between = next((sign for sign in _SIGNS if self._is_separator(sign, line)), " ")
        first = self._fields(line)
        self.width = len(first)
        self._least = max(1, len("\t".join(first).rstrip("\t").split("\t"))) if self._between == "\t" else self.width
        self._describe(line, first, [comment for at, comment in read if at < number])
        return read, number

    def _describe(self, line: str, first: list[str], before: list[str]) -> None:
        """Find what the file says about its columns, in its first line with fields and the comments before it."""
        rows = self._fields_of_sample()
        self._quoted = self.width > 1 and all(map(_is_quoted, chain.from_iterable((row[0], row[-1]) for row in rows)))
        if self._quoted:
            first = [_unquoted(field) for field in first]
            rows = [[_unquoted(field) for field in row] for row in rows]
        if is_ontonotes(before, first):
            self._layout, self.roles = ONTONOTES, ONTONOTES.roles
            self.names, self.width = list(ONTONOTES.names), len(ONTONOTES.names)
            self._least = self.width
            self.notes.add(kinds.ONTONOTES, file=str(self.path))
        elif is_header(first) or heads_columns(first, rows[1:]):
            self._header, self.names = line, first
        elif self.names is not None and len(self.names) != self.width:
            self.names = None

    def _fields_of_sample(self) -> list[list[str]]:
        """The fields of the first lines that are certainly no comments, beginning with that of the first token."""
        inside = [
            line for before, line in pairwise(self._sample) if line.strip() and (line[0] != "#" or before.strip())
        ]
        rows = map(self._fields, [*self._sample[:1], *inside])
        return [fields for fields in rows if len(fields) == self.width]

    def _is_separator(self, sign: str, line: str) -> bool:
        if sign not in line.strip(sign):
            return False
        fields = line.split(sign)
        if is_header(fields) or is_usual_tag(_unquoted(fields[-1].strip())):
            return True
        others = [other for other in self._sample if other.strip() and other[:1] not in ("#", "-")]
        if not all(sign in other for other in others):
            return False
        evidence = evidence_of([_unquoted(other.rpartition(sign)[2].strip()) for other in others])
        return bool(evidence.spans) and (evidence.lettered or (evidence.bare and evidence.outside > 1))

    def _fields(self, line: str) -> list[str]:
        if self._between == "\t":
            return line.split("\t")
        if self._between != " ":
            # The token may be the separator itself, so the last columns are cut off first.
            most = self.width - 1 if self.width else -1
            return [_unquoted(field.strip()) for field in line.rsplit(self._between, most)]
        # Only spaces and tabs separate columns: a no-break space belongs to its token.
        return re.split("[ \t]+", line.strip(" \t"))

    def _is_comment(self, line: str, *, begins: bool) -> bool:
        match = re.match(r"#\s*global\.columns\s*=\s*(.+)", line)
        if match and begins:
            self.names = match[1].split()
            return True
        # '#hashtag<tab>O' is a token; a comment has its number of columns only by chance: '# doc 7'.
        fields = self._fields(line)
        if not self._least <= len(fields) <= self.width:
            return True
        last = fields[-1].strip()
        if not begins or not line.startswith(("# ", "#\t")) or last == "#" or self._is_tag(last):
            return False
        if self._between == "\t":  # '# sent_id<tab>1', '#<tab>http://example.org'
            return line[1] == " " or " " in last or any(map(str.isdigit, last))
        return self._between == " "

    def _is_tag(self, last: str) -> bool:
        """Whether the last field of a line is that of a token: a usual tag, or one that other tokens have."""
        if self._last_fields is None:
            self._last_fields = frozenset(fields[-1].strip() for fields in self._fields_of_sample())
        return is_usual_tag(last) or last in self._last_fields


def _ends_in_tag(line: str) -> bool:
    fields = line.split()
    return len(fields) > 1 and is_usual_tag(fields[-1])


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _is_invisible(line: str) -> bool:
    """Whether a line has nothing but blanks and characters without a width."""
    return all(sign.isspace() or unicodedata.category(sign) == "Cf" for sign in line)


def _unquoted(field: str) -> str:
    """A field without the quotation marks around it."""
    return field[1:-1].replace('""', '"') if _is_quoted(field) else field


def _is_quoted(field: str) -> bool:
    return len(field) > 2 and field[0] == field[-1] == '"'
