"""The first lines of files with a tab between texts and, perhaps, no header."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ftk.data.readers.decoding.lines import first_lines

_SEEN = 20
"""Lines that are looked at to recognise a file."""
_ENDINGS = (".tsv", ".txt")
_ENDS_OF_SENTENCES = (".", "?", "!", "。", "？", "！", "।", "؟", "።")


def first_cells(path: Path, encoding: str) -> list[list[str]]:
    """The cells of the first lines that are not blank; none if the name of the file says that it is no such table.

    Raises:
        DataError: the file cannot be read.
    """
    if not {*map(str.lower, path.suffixes)}.intersection(_ENDINGS):
        return []
    lines: Iterator[str] = filter(str.strip, first_lines(path, encoding))
    return [line.split("\t") for line in islice(lines, _SEEN)]


def is_prose(cell: str) -> bool:
    """Whether a cell is more likely a text than the name of a column."""
    return len(cell.split()) > 3 or cell.rstrip()[-1:] in _ENDS_OF_SENTENCES


def is_quoted(cell: str) -> bool:
    """Whether a cell is in quotation marks, as in CSV."""
    return len(cell) > 1 and cell[0] == cell[-1] == '"'
