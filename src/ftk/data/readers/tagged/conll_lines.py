"""The lines of a file of CoNLL columns, as sentences of fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.lines import numbered_lines
from ftk.data.rows.tag_spelling import is_usual_tag
from ftk.errors import DataError

TOKEN_NAMES = ("form", "token", "tokens", "word", "words", "text", "forms")
"""What files call the column of the tokens, in the order in which they are tried."""
_TAG_NAMES = frozenset(
    {"tag", "tags", "ner", "nertag", "nertags", "label", "labels", "entity", "entities", "iob", "bio", "iob2", "ne"}
    | {
        "netag",
        "pos",
        "upos",
        "xpos",
        "postag",
        "postags",
        "chunk",
        "chunktag",
        "slot",
        "slots",
        "class",
        "type",
        "gold",
    }
)
_OTHER_NAMES = frozenset(
    {"id", "idx", "index", "sentence", "sentenceid", "sent", "sentid", "doc", "docid", "document", "lemma"}
)
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b")
"""The comment with which a document begins in CoNLL-U."""
_SIGNS = ",;|"
"""What separates columns in files without tabs and spaces."""


@dataclass(frozen=True, slots=True)
class FieldRows:
    """The lines between two blank lines.

    Attributes:
        fields: of each line.
        lines: the number of each.
        document: the number of the document that they are in; None before the first mark of one.
    """

    fields: list[list[str]]
    lines: tuple[int, ...]
    document: int | None = None


def is_header(fields: list[str]) -> bool:
    """Whether the fields of a line are names of columns: ``word tag``."""
    plain = [plain_name(name) for name in fields]
    return (
        len(plain) > 1
        and any(name in TOKEN_NAMES for name in plain)
        and all(name in TOKEN_NAMES or name in _TAG_NAMES or name in _OTHER_NAMES for name in plain)
        and len(set(plain)) == len(plain)
    )


def plain_name(name: str) -> str:
    """The name of a column in small letters, without anything else."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


class ConllLines:
    """Splits lines into sentences of fields, and finds the separator, the width and the names of the columns.

    Args:
        path: the file, or ``<stdin>``.
        encoding: its character encoding.
        notes: collects how many comments, document marks and headers are skipped.

    Attributes:
        names: of the columns, as the file gives them; None if it does not.
        width: the number of columns; 0 for a file without tokens.
    """

    def __init__(self, path: Path | str, encoding: str, notes: Notes) -> None:
        self.path = path
        self.encoding = encoding
        self.notes = notes
        self.names: list[str] | None = None
        self.width = 0
        self._between = " "
        self._least = 0
        self._header: str | None = None
        self._document: int | None = None

    def sentences(self) -> Iterator[FieldRows]:
        """Yield the lines between blank lines.

        Raises:
            DataError: a line has another number of columns than the first.
        """
        fields: list[list[str]] = []
        lines: list[int] = []
        numbered = numbered_lines(self.path, self.encoding, self.notes)
        before, first_line = self._measure(numbered)
        tabs = self._between == "\t"
        width, header = self.width, self._header
        for number, line in chain(before, numbered):
            mark = False
            if line[:1] in ("-", "#"):
                mark = line.startswith("-DOCSTART-")
                if mark:
                    self.notes.add(kinds.DOCUMENT_MARK)
                elif line[0] == "#" and self._is_comment(line, begins=not fields):
                    self.notes.add(kinds.COMMENT_LINE)
                    if not fields and _NEW_DOCUMENT.match(line):
                        self._begin_document()
                    continue
            if mark or not line.strip():
                if fields:
                    yield FieldRows(fields, tuple(lines), self._document)
                fields, lines = [], []
                if mark:
                    self._begin_document()
                continue
            if line == header:
                self.notes.add(kinds.HEADER_LINE)
                continue
            parts = line.split("\t") if tabs else self._fields(line)
            if len(parts) != width or "\r" in line:
                parts = self._repaired(parts, line, number, first_line)
            fields.append(parts)
            lines.append(number)
        if fields:
            yield FieldRows(fields, tuple(lines), self._document)

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
        hint = "" if self._between != " " else " A line is a token; texts with entities are JSON lines with spans."
        between = {"\t": "tab", " ": "space"}.get(self._between, self._between)
        raise DataError(
            f"{self.path}:{number}: {len(parts)} columns where line {first_line} has {self.width} "
            f"({between}-separated): {_shorten(line)!r}.{hint}"
        )

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
        self._between = "\t" if "\t" in line else " "
        if len(self._fields(line)) == 1:
            self._between = next((sign for sign in _SIGNS if self._is_separator(sign, line)), " ")
        first = self._fields(line)
        self.width = len(first)
        self._least = max(1, len("\t".join(first).rstrip("\t").split("\t"))) if self._between == "\t" else self.width
        if is_header(first):
            self._header, self.names = line, first
        return read, number

    def _is_separator(self, sign: str, line: str) -> bool:
        if sign not in line.strip(sign):
            return False
        fields = line.split(sign)
        return is_header(fields) or is_usual_tag(fields[-1])

    def _fields(self, line: str) -> list[str]:
        if self._between == "\t":
            return line.split("\t")
        if self._between != " ":
            # The token may be the separator itself, so the last columns are cut off first.
            most = self.width - 1 if self.width else -1
            return [field.strip().removeprefix('"').removesuffix('"') for field in line.rsplit(self._between, most)]
        # Only spaces and tabs separate columns: a no-break space belongs to its token.
        return re.split("[ \t]+", line.strip(" \t"))

    def _is_comment(self, line: str, *, begins: bool) -> bool:
        match = re.match(r"#\s*global\.columns\s*=\s*(.+)", line)
        if match and begins:
            self.names = match[1].split()
            return True
        # '#hashtag<tab>O' is a token; a comment has its number of columns only by chance: '# doc 7'.
        if not self._least <= len(self._fields(line)) <= self.width:
            return True
        return begins and self._between == " " and line.startswith("# ") and not _ends_in_tag(line)


def _ends_in_tag(line: str) -> bool:
    fields = line.split()
    return len(fields) > 1 and is_usual_tag(fields[-1])


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
