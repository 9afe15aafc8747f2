"""The header of a table: rows by its names, and header lines that come again."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN, Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.errors import DataError, LineError
from ftk.system.spelling import folded

_MARK = "\ufeff"
_SHOWN = 20
"""Names of columns that a message has."""


class Header:
    """The names of the columns of a table.

    Args:
        path: the file.
        names: of the columns; None for a table without a header, whose columns are 0, 1, 2 …
        width: the number of cells of a row.
        line: the line of the header or of the first row, for messages.
        notes: collects header lines that come again, and rows with cells in columns without a name, which are not read.
        hint: what can be done about a row with more or fewer cells, for messages.

    Raises:
        DataError: two columns have one name.
    """

    def __init__(
        self, path: Path | str, names: Sequence[str] | None, width: int, line: int, notes: Notes, *, hint: str = ""
    ) -> None:
        self.path = str(path)
        self.names = list(names) if names is not None else [str(number) for number in range(width)]
        self.notes = notes
        columns = "1 column" if width == 1 else f"{width} columns"
        self._expected = f"the header names {columns}" if names is not None else f"line {line} has {width}"
        self._hint = hint
        self._unnamed = [number for number, name in enumerate(self.names) if not name]
        self._folded = [folded(name) for name in self.names]
        # A look at the first cell is enough for nearly all rows.
        self._first_cells = {
            mark + spelled for name in names or () for mark in ("", _MARK) for spelled in _spelled(name)
        }
        doubled = sorted(name for name, times in Counter(self.names).items() if name and times > 1)
        if doubled:
            raise DataError(
                f"{path}:{line}: the header names a column twice: {', '.join(doubled[:_SHOWN])}. A file whose first "
                "line is a row and no header is read with data.header=false."
            )

    def row(self, cells: Sequence[str], line: int) -> Row | None:
        """The row of these cells; None for a header line that comes again.

        Raises:
            LineError: there are more or fewer cells than names.
            DataError: the line is a header in another order.
        """
        if len(cells) != len(self.names):
            raise LineError(f"{self._width_of(cells, line)}.{self._hint}")
        if cells[0] in self._first_cells and self._comes_again(cells, line):
            return None
        values = dict(zip(self.names, cells, strict=True))
        if self._unnamed:
            if any(cells[number] for number in self._unnamed):
                self.notes.add(kinds.UNNAMED_COLUMN, f"{self.path}:{line}")
            values.pop("")
        return Row(values, self.path, line, cells=True)

    def wrong_widths(self, records: Iterable[tuple[int, Sequence[str]]]) -> Finding:
        """The rows with more or fewer cells than names, as far as they can be read.

        Args:
            records: the lines and the cells of some rows, the first of which is such a row.
        """
        finding = Finding(kinds.ROW_WIDTH, "error", None, {"hint": self._hint.strip()})
        try:
            for line, cells in records:
                if len(cells) != len(self.names):
                    finding.count += 1
                    if finding.count <= SHOWN:
                        finding.places.append(self._width_of(cells, line))
        except (csv.Error, DataError):
            pass  # what is wrong from here on is reported once these rows are right
        return finding

    def _width_of(self, cells: Sequence[str], line: int) -> str:
        number = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return f"{self.path}:{line}: {number} where {self._expected}"

    def _comes_again(self, cells: Sequence[str], line: int) -> bool:
        """Whether a line is the header of another table that was appended to this one."""
        # Each file that is appended to another one may have a byte order mark of its own.
        found = [folded(cells[0].removeprefix(_MARK)), *map(folded, cells[1:])]
        if found == self._folded:
            self.notes.add(kinds.REPEATED_HEADER, f"{self.path}:{line}")
            return True
        if len(found) > 1 and sorted(found) == sorted(self._folded):
            raise DataError(
                f"{self.path}:{line}: a header comes again with its columns in another order ({', '.join(found)}; "
                f"the first one has {', '.join(self.names)}). Split the file here and name both: "
                "data.train=[first.csv,second.csv]."
            )
        return False


def _spelled(name: str) -> set[str]:
    return {name, name.lower(), name.upper(), name.title(), name.capitalize()}
