"""How cells are enclosed where not as in RFC 4180: by single quotation marks, or with backslashes before inner ones."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ftk.config.data_choices import Quoting

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPED = re.compile(r"""\\(?:"|\r?\n$)""")
"""A mark or a line end with a backslash before it."""
_ENOUGH = 2
"""Rows of a column from which marks around all of its cells enclose them."""


@dataclass(frozen=True, slots=True)
class Enclosing:
    """What encloses cells.

    Attributes:
        mark: the quotation mark.
        escaped: whether a mark inside of a cell has a backslash before it; else it is doubled.
        doubled: whether each backslash of a text has another one before it, as MySQL writes them.
        separators: signs outside of marks that have a backslash before them, too.
    """

    mark: str
    escaped: bool = False
    doubled: bool = False
    separators: str = ""

    @property
    def named(self) -> str:
        """The value of ``data.quoting`` for it."""
        return (Quoting.backslash if self.mark == '"' else Quoting.single).value

    @property
    def escape(self) -> str | None:
        """The sign that takes the meaning of the next one, as ``csv.reader`` takes it."""
        return "\\" if self.escaped else None

    def prepared(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines for ``csv.reader``, which takes every backslash for an escape."""
        for line in lines:
            yield self._prepared(line) if self.escaped and "\\" in line else line

    def _prepared(self, line: str) -> str:
        def meant(found: re.Match[str]) -> str:
            after = found[1]
            if after in (self.mark, *self.separators) or (self.doubled and after in ("\\", "\n", "\r", "")):
                return found[0]
            if after == "\\":
                closes = line[found.end() : found.end() + 1] == self.mark
                return found[0] if closes else found[0] * 2
            return f"\\\\{after}"

        return _ESCAPE.sub(meant, line)


def enclosing_of(lines: Sequence[str], delimiter: str, *, whole: bool, quoting: Quoting) -> Enclosing | None:
    """What encloses the cells of a table; None for double quotation marks as RFC 4180 has them, or for none.

    Args:
        lines: the first ones of the table.
        delimiter: what separates cells.
        whole: whether these are all lines.
        quoting: ``data.quoting``; ``auto`` finds another way where the lines have the same number of cells only so.
    """
    if quoting is Quoting.backslash:
        return _escaped(lines, '"', delimiter)
    if quoting is Quoting.single:
        return _single(lines, delimiter)
    if quoting is not Quoting.auto:
        return None
    escaped = any("\\" in line and _ESCAPED.search(line) is not None for line in lines)
    escaped = escaped or any(f"\\{delimiter}" in line for line in lines)
    singled = any(line[:1] == "'" or f"{delimiter}'" in line for line in lines)
    doubles = singled and any(line[:1] == '"' or f'{delimiter}"' in line for line in lines)
    if not escaped and (not singled or doubles):
        return None
    plain = _records(lines, delimiter, Enclosing('"'), whole=whole)
    if escaped and not _are_equal(plain):
        found = _escaped(lines, '"', delimiter)
        return found if _are_equal(_records(lines, delimiter, found, whole=whole)) else None
    if singled and not doubles:
        found = _single(lines, delimiter)
        fits = _are_equal(_records(lines, delimiter, found, whole=whole))
        return found if fits and (not _are_equal(plain) or _encloses_a_column(plain or ())) else None
    return None


def _escaped(lines: Sequence[str], mark: str, delimiter: str) -> Enclosing:
    """Cells in these marks, with backslashes before those inside of cells."""
    after = {found[1] for line in lines if "\\" in line for found in _ESCAPE.finditer(line)}
    usual = {"\\", mark, delimiter, "\n", "\r", "", "N", "0"}
    return Enclosing(mark, escaped=True, doubled="\\" in after and after <= usual, separators=delimiter)


def _single(lines: Sequence[str], delimiter: str) -> Enclosing:
    return _escaped(lines, "'", delimiter) if any("\\'" in line for line in lines) else Enclosing("'")


def _records(lines: Sequence[str], delimiter: str, enclosing: Enclosing, *, whole: bool) -> list[list[str]] | None:
    """The records of these lines; None if they cannot be read so."""
    reader = csv.reader(
        enclosing.prepared(lines),
        delimiter=delimiter,
        quotechar=enclosing.mark,
        escapechar=enclosing.escape,
        strict=True,
    )
    found: list[list[str]] = []
    try:
        found.extend(cells for cells in reader if cells)
    except csv.Error:
        return found if not whole and reader.line_num == len(lines) else None  # the record goes on after these lines
    return found if whole else found[:-1]


def _are_equal(records: Sequence[Sequence[str]] | None) -> bool:
    """Whether there are records, and all have the same number of cells."""
    return bool(records) and len({len(cells) for cells in records or ()}) == 1


def _encloses_a_column(records: Sequence[Sequence[str]]) -> bool:
    """Whether all cells of some column below the header have single quotation marks around them."""
    rows = records[1:]
    if len(rows) < _ENOUGH:
        return False
    return any(
        all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in column if cell) and any(column)
        for column in zip(*rows, strict=True)
    )
