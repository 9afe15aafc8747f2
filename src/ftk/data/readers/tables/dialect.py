"""How a table is written: where it begins, what separates its cells, and what quotation marks mean."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from ftk.config.data_choices import Quoting
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.faults import BrokenLine
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.tables.enclosing import Enclosing, enclosing_of
from ftk.data.readers.tables.quotes import Quotes
from ftk.errors import DataError

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
"""The separators that are found, with their names."""
_HEAD = 1 << 20
"""Characters of a file from which its dialect is found."""
_WEIGHED = 500
"""Lines of them that show which separator gives each row the same number of cells."""
_NAMED = re.compile(r'"?sep=(.)"?[,;|\t]*\r?\n?', re.IGNORECASE)
"""The line with which spreadsheets name the separator."""
_BLANK = " \t,;|\r\n"
"""What a line that a spreadsheet leaves empty consists of."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes:
        delimiter: what separates cells.
        quoted: whether quotation marks enclose cells.
        spaced: whether a space follows each separator, which is no part of the cells.
        above: the number of lines above the table.
        quotes: what the first lines say about quotation marks; None if the config says what they mean.
        enclosing: what encloses cells, if it is not as in RFC 4180.
    """

    delimiter: str
    quoted: bool
    spaced: bool
    above: int
    quotes: Quotes | None
    enclosing: Enclosing | None = None

    def records(self, lines: Iterable[str]) -> Any:
        """The ``csv.reader`` of these lines."""
        enclosing = self.enclosing or Enclosing('"')
        return csv.reader(
            enclosing.prepared(lines) if enclosing.escaped else lines,
            delimiter=self.delimiter,
            strict=True,
            quoting=quoting_of(self.quoted),
            quotechar=enclosing.mark,
            escapechar=enclosing.escape,
            skipinitialspace=self.spaced,
        )


def table_lines(path: Path | str, encoding: str, notes: Notes, broken: dict[int, str]) -> Iterator[str]:
    """The lines of a table with their line ends; they end at LF, CRLF, or, as some spreadsheets write them, at CR.

    Args:
        path: the file.
        encoding: of its characters.
        notes: collects what was found.
        broken: gets the fault of each line that is not text, by its number.

    Raises:
        DataError: the file cannot be read, or its first line is not in this encoding.
    """
    lines = _watched(numbered_lines(path, encoding, notes, ends=True, broken=True), broken)
    first = next(lines, "")
    if type(first) is BrokenLine:
        raise DataError(first.fault)
    if "\r" in first.rstrip("\r\n"):
        notes.add(kinds.TABLE_ENDS_AT_CR, file=str(path))
        # A quoted cell keeps its line ends: the reader of records joins such lines again.
        return chain.from_iterable(io.StringIO(line, newline="") for line in _unbroken(chain([first], lines)))
    return chain([first], lines) if first else lines


def _watched(lines: Iterable[tuple[int, str]], broken: dict[int, str]) -> Iterator[str]:
    for number, line in lines:
        if type(line) is BrokenLine:
            broken[number] = line.fault
        yield line


def _unbroken(lines: Iterable[str]) -> Iterator[str]:
    """The same lines; one that is not text is an error."""
    for line in lines:
        if type(line) is BrokenLine:
            raise DataError(line.fault)
        yield line


def head_of(lines: Iterator[str], paused: Callable[[], bool] = lambda: False) -> tuple[list[str], bool]:
    """The first lines of a table, and whether these are all.

    Args:
        lines: of the table.
        paused: whether no further line has come, of a pipe whose lines are read as they come. A header and a row are
            waited for.
    """
    head: list[str] = []
    size = 0
    for line in lines:
        head.append(line)
        size += len(line)
        if size >= _HEAD or (len(head) > 1 and paused()):
            return head, False
    return head, True


def dialect_of(
    path: Path | str,
    head: Sequence[str],
    notes: Notes,
    *,
    whole: bool,
    header: bool,
    delimiter: str | None,
    quoting: Quoting,
) -> Dialect:
    """How a table is written, by its first lines and by what the config says.

    Args:
        path: the file.
        head: its first lines.
        notes: collects what is skipped, and what is found that the name of the file does not say.
        whole: whether these are all lines.
        header: whether the first line of the table is a header.
        delimiter: ``data.delimiter``; None: found.
        quoting: ``data.quoting``.

    Raises:
        DataError: the file is empty, or two separators fit it equally well.
    """
    above, named = _above(head)
    lines = head[above:]
    if not lines:
        raise DataError(f"{path}:1: the file is empty; expected a header with the names of the columns.")
    blank = above - (named is not None)
    if blank:
        notes.add(kinds.BLANK_ABOVE_TABLE, f"{path}:1", number=blank)
    found = delimiter or named or _found(path, lines, quoted=quoting is not Quoting.none)
    if delimiter is None and found != ("\t" if is_tab_separated(path) else ","):
        how = "its line sep= says so" if named else "found by content"
        notes.add(kinds.TABLE_DELIMITER, file=str(path), delimiter=DELIMITERS.get(found, repr(found)), how=how)
    spaced = _spaced(lines, found)
    if spaced:
        notes.add(kinds.SPACE_AFTER_DELIMITER, file=str(path), delimiter=DELIMITERS.get(found, repr(found)))
    enclosing = enclosing_of(lines, found, whole=whole, quoting=quoting)
    if enclosing is not None:
        if quoting is Quoting.auto:
            notes.add(kinds.TABLE_QUOTES, file=str(path), policy=enclosing.named)
        return Dialect(found, True, spaced, above, None, enclosing)
    if quoting is not Quoting.auto:
        return Dialect(found, quoting is Quoting.csv, spaced, above, None)
    quotes = Quotes(lines, found, header=header, whole=whole, tsv=is_tab_separated(path))
    return Dialect(found, not quotes.are_characters(), spaced, above, quotes)


def hint_about(dialect: Dialect) -> str:
    """What can be done about a row with more or fewer cells than the header, for messages."""
    name = DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))
    quoted = ""
    if dialect.quoted:
        quoted = f" A cell that has a {name} in it stands in quotation marks; data.quoting=single reads single ones so."
    return f" Cells are separated by the {name}; data.delimiter names another separator.{quoted}"


def quoting_of(quoted: bool) -> Literal[0, 3]:
    """The constant of the ``csv`` module for cells in quotation marks, and for marks that are characters."""
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def is_tab_separated(path: Path | str) -> bool:
    """Whether the name of a file says that its cells are separated by tabs."""
    return ".tsv" in map(str.lower, Path(path).suffixes)


def _spaced(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a space follows each separator of the first lines."""
    if delimiter in lines[0] and not delimiter.isspace():
        return all(cell.startswith(" ") for line in lines[:_WEIGHED] for cell in line.split(delimiter)[1:])
    return False


def _above(head: Sequence[str]) -> tuple[int, str | None]:
    """The number of lines above the table, and the separator that one of them names."""
    named = None
    for number, line in enumerate(head):
        match = _NAMED.fullmatch(line) if named is None else None
        if match is not None:
            named = match[1]
        elif line.strip(_BLANK):
            return number, named
    return len(head), named


def _found(path: Path | str, lines: Sequence[str], *, quoted: bool) -> str:
    """The separator of a table: the one that gives its rows the same number of cells.

    Raises:
        DataError: two fit equally well.
    """
    tabs = is_tab_separated(path)
    if tabs and "\t" in lines[0]:
        return "\t"
    weights = {
        delimiter: weight
        for delimiter in DELIMITERS
        if (weight := _weight(_widths(lines, delimiter, quoted=quoted))) is not None
    }
    if tabs:  # the name is wrong only where another separator fits all lines, and no line has a tab
        weights = {delimiter: weight for delimiter, weight in weights.items() if weight[0] == 1}
        if any("\t" in line for line in lines):
            return "\t"
    if not weights:
        return "\t" if tabs else ","
    best = max(weights.values())
    fitting = [delimiter for delimiter, weight in weights.items() if weight == best]
    if len(fitting) > 1:
        names = " and ".join(f"the {DELIMITERS[delimiter]}" for delimiter in fitting)
        ways = " or ".join(f"data.delimiter={DELIMITERS[delimiter]}" for delimiter in fitting)
        raise DataError(
            f"{path}:1: {names} separate {best[1]} cells in the same number of lines; which of them separates the "
            f"columns? Say {ways}."
        )
    return fitting[0]


def _widths(lines: Sequence[str], delimiter: str, *, quoted: bool) -> list[int]:
    """The number of cells of the first records."""
    sample = lines[:_WEIGHED]
    widths: list[int] = []
    try:
        for cells in csv.reader(sample, delimiter=delimiter, quoting=quoting_of(quoted)):
            widths += [len(cells)] if cells else []
    except csv.Error:  # the records before it are weighed
        return widths
    return widths[:-1] if len(sample) < len(lines) and len(widths) > 1 else widths


def _weight(widths: Sequence[int]) -> tuple[float, int] | None:
    """The share of records with as many cells as the first, and their number; None if a separator separates nothing."""
    if not widths or widths[0] < 2:
        return None
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def counted_quotes(lines: Iterable[str], path: Path | str, above: int, cells: int, notes: Notes) -> Iterator[str]:
    """The lines, while those with quotation marks that are read as characters are counted."""
    for number, line in enumerate(lines, start=above + 1):
        if '"' in line:
            notes.add(kinds.QUOTES_AS_CHARACTERS, f"{path}:{number}", cells=cells)
        yield line
