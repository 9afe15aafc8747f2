"""What quotation marks mean in a table: they enclose cells, as in RFC 4180, or are characters like any other."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ftk.data.rows.columns import finite

_ENOUGH = 4
"""Rows from which a column says which values belong into it."""
_MANY = 8
"""Lines of one cell from which it is more likely several rows, if each line has as many cells as a row."""
_TRUSTED = 20
"""Records whose quotation marks enclose a cell, from which those of the next short ones are taken to do so."""
_MOST, _FEW = 0.9, 0.5
_ENDS = re.compile("\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Spanning:
    """A record that spans several lines, or that no CSV reader can read.

    Attributes:
        first: the index of its first line.
        lines: its lines.
        broken: whether its quotation marks do not pair as those of CSV do.
    """

    first: int
    lines: list[str]
    broken: bool


class Quotes:
    """What the first lines of a table say about its quotation marks.

    Args:
        lines: from the header on.
        delimiter: what separates cells.
        header: whether the first line is a header.
        whole: whether these are all lines of the file.
        tsv: whether the name of the file says that tabs separate its cells.
    """

    def __init__(self, lines: Sequence[str], delimiter: str, *, header: bool, whole: bool, tsv: bool) -> None:
        self.delimiter = delimiter
        self._lines = lines
        self._header = header
        self._whole = whole
        self._tsv = tsv
        self._columns: list[tuple[int, _Column]] | None = None
        self._found_cells = 0

    def are_characters(self) -> bool:
        """Whether each line has the same number of cells if quotation marks are characters, and they do not enclose
        cells."""
        if not any('"' in line for line in self._lines):
            return False
        counts = {line.count(self.delimiter) for line in self._lines if line.strip("\r\n")}
        if len(counts) != 1:
            return False
        width = counts.pop() + 1
        tabs = self.delimiter == "\t"
        for record in self._spanning():
            if not record.broken and (width == 1 or not self._could_be_rows(record.lines, width)):
                continue
            # A text rarely has a tab, so lines with as many tabs as the header are rows.
            if tabs or (width > 1 and self._says(record.lines, width) == "rows"):
                return True
        return False

    def swallow_rows(self, cells: Sequence[str], number: int) -> bool | None:
        """Whether a record of several lines is more likely several rows; None where it is as likely.

        Args:
            cells: of the record.
            number: of its lines.
        """
        if self._found_cells >= _TRUSTED and number < _MANY:
            return False
        text = self.delimiter.join(cells)
        width = len(cells)
        if width == 1:
            return self._tsv or None
        lines = _ENDS.split(text) if "\r" in text else text.split("\n")
        says = self._says(lines, width) if self._could_be_rows(lines, width) else "cell"
        if says is not None:
            self._found_cells += says == "cell"
            return says == "rows"
        if self.delimiter == "\t" or (number >= _MANY and not self._quotes_what_needs_it(width)):
            return True
        return None

    def _could_be_rows(self, lines: Sequence[str], width: int) -> bool:
        """Whether lines have as many cells as a row: all of a few lines, most of many."""
        filled = [line for line in lines if line.strip()]
        if len(filled) <= _MANY:
            return len(filled) > 1 and all(line.count(self.delimiter) == width - 1 for line in filled)
        fitting = sum(line.count(self.delimiter) == width - 1 for line in filled)
        return fitting >= (_FEW if self.delimiter == "\t" else _MOST) * len(filled)

    def _says(self, lines: Sequence[str], width: int) -> Literal["rows", "cell"] | None:
        """What other rows say about lines that are rows or parts of a cell; None if they say nothing."""
        rows = [cells for line in lines if len(cells := line.rstrip("\r\n").split(self.delimiter)) == width]
        if self._columns is None:
            plain = [cells for _, _, cells in self._records if cells is not None and len(cells) == width]
            self._columns = _columns(plain[self._header :], width, least=1) if len(plain) > _ENOUGH else []
        says = _verdict(self._columns, rows)
        if says != "rows" and len(rows) >= _ENOUGH:
            # Rows in a sorted file may have labels that no other row has; then they say themselves what they are.
            by_themselves = _verdict(_columns(rows, width, least=2), rows)
            says = by_themselves if says is None else None if by_themselves == "rows" else says
        return says

    def _quotes_what_needs_it(self, width: int) -> bool:
        """Whether a row of one line has a separator inside of a quoted cell, as only a CSV writer makes it."""
        return any(
            '"' in line and line.count(self.delimiter) >= width
            for first, _, cells in self._records
            if cells is not None
            for line in self._lines[first : first + 1]
        )

    def _spanning(self) -> Iterator[Spanning]:
        for first, last, cells in self._records:
            if cells is None:
                yield Spanning(first, list(self._lines[first : abs(last)]), last < 0)

    @cached_property
    def _records(self) -> list[tuple[int, int, list[str] | None]]:
        """The first line of each record, the line after it, and the cells of one that is a line.

        The line after a record that cannot be read is negative.
        """
        reader = csv.reader(iter(self._lines), delimiter=self.delimiter, strict=True)
        found: list[tuple[int, int, list[str] | None]] = []
        first = 0
        try:
            for cells in reader:
                found.append((first, reader.line_num, cells if reader.line_num == first + 1 else None))
                first = reader.line_num
        except csv.Error:
            if self._whole or reader.line_num < len(self._lines):  # else the record goes on after these lines
                found.append((first, -reader.line_num, None))
        return found


def _verdict(columns: "Sequence[tuple[int, _Column]]", rows: Sequence[Sequence[str]]) -> Literal["rows", "cell"] | None:
    """Whether the values of a column say that these are rows or parts of a cell; None if they say nothing."""
    for number, column in columns:
        share = column.share([cells[number] for cells in rows])
        if share is not None and not _FEW < share < _MOST:
            return "rows" if share >= _MOST else "cell"
    return None


def _columns(rows: Sequence[Sequence[str]], width: int, *, least: int) -> "list[tuple[int, _Column]]":
    """The columns that say which values belong into them, with their numbers; those with the fewest values first."""
    columns = [(number, _Column([cells[number] for cells in rows], least)) for number in range(width)]
    return sorted((one for one in columns if one[1].says), key=lambda one: one[1].different)


class _Column:
    """The values that a column has in most rows, where they are few or numbers.

    Args:
        values: of the column.
        least: the number of different values, apart from the empty one, from which they say anything.
    """

    def __init__(self, values: Sequence[str], least: int) -> None:
        plain = [value.strip('"') for value in values]
        known = set(plain)
        enough = len(plain) >= _ENOUGH
        self._known = known if enough and 2 * len(known) <= len(plain) and len(known - {""}) >= least else None
        self._numbers = enough and all(finite(value) is not None for value in known)
        self.says = self._numbers or self._known is not None
        self.different = len(known)

    def share(self, cells: Sequence[str]) -> float | None:
        """The share of these cells that could be values of the column; None if there are no cells."""
        if not cells:
            return None
        if self._numbers:
            return sum(finite(cell.strip('"')) is not None for cell in cells) / len(cells)
        return sum(cell.strip('"') in (self._known or ()) for cell in cells) / len(cells)
