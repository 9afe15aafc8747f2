"""Bitexts without a header: a source and its target on each line, with a tab between them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.corpora.unnamed_columns import first_cells, is_prose, is_quoted
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.errors import DataError

_CREDIT = re.compile(r"CC[- ]BY|CC0|.*\btatoeba\b", re.IGNORECASE)
"""How a third column begins that says who wrote the sentences."""


def is_bitext(path: Path, encoding: str) -> bool:
    """Whether a file holds a bitext and no header: two texts on each of its first lines.

    Raises:
        DataError: the file cannot be read.
    """
    rows = first_cells(path, encoding)
    sides = [_sides(cells) for cells in rows]
    pairs = [side for side in sides if side is not None]
    if not rows or len(pairs) < len(rows) or len({*map(len, rows)}) > 1:
        return False
    several = [sum(" " in side.strip() for side in pair) for pair in pairs]
    return any(map(is_prose, pairs[0])) and 2 * sum(several) >= len(pairs)


def read_bitext(path: Path, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row a line: ``source``, the first text, and ``target``, the second.

    Raises:
        DataError: a line has another number of columns than the first.
    """
    width = 0
    for number, line in numbered_lines(path, encoding, notes):
        if not line.strip():
            continue
        cells = line.split("\t")
        if not width:
            width = len(cells)
            source, target = (1, 3) if width == 4 else (0, 1)
            swapped = f"data=csv data.header=false data.columns.source={target} data.columns.target={source}"
            notes.add(kinds.BITEXT, file=str(path), swapped=swapped)
        sides = _sides(cells) if len(cells) == width else None
        if sides is None:
            raise DataError(f"{path}:{number}: {len(cells)} columns in a file of {width}; is a tab inside of a text?")
        yield Row({"source": sides[0], "target": sides[1]}, str(path), number)


def _sides(cells: Sequence[str]) -> tuple[str, str] | None:
    """The two texts of a line: alone, before a credit, or each after its number."""
    if len(cells) == 2 or (len(cells) == 3 and _CREDIT.match(cells[2])):
        return (cells[0], cells[1]) if not any(map(is_quoted, cells)) else None
    if len(cells) == 4 and cells[0].isdigit() and cells[2].isdigit():
        return cells[1], cells[3]
    return None
