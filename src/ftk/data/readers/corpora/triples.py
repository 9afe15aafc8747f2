"""Triples without a header: a query, a positive and a negative on each line, separated by tabs."""

from collections.abc import Iterator
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.corpora.unnamed_columns import first_cells, is_prose, is_quoted
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.errors import DataError


def is_triples(path: Path, encoding: str) -> bool:
    """Whether a file holds triples and no header: three texts on each of its first lines.

    Raises:
        DataError: the file cannot be read.
    """
    rows = first_cells(path, encoding)
    if not rows or any(len(cells) != 3 or any(map(is_quoted, cells)) for cells in rows):
        return False
    if len(rows) > 1 and not _are_numbers(rows[0][2:]) and all(_are_numbers(cells[2:]) for cells in rows[1:]):
        return False  # the first line names the column of labels
    return _are_numbers(rows[0]) or any(map(is_prose, rows[0]))


def read_triples(path: Path, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row a line: ``query``, ``positive`` and ``negatives``, or ``query``, ``candidate`` and ``label``.

    The third column is a label if the first one is a number.

    Raises:
        DataError: a line has not three columns, or they are numbers of texts in other files.
    """
    pairs: bool | None = None
    for number, line in numbered_lines(path, encoding, notes):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != 3:
            raise DataError(f"{path}:{number}: {len(cells)} columns in a file of triples; each line has three.")
        if pairs is None:
            if _are_numbers(cells):
                raise DataError(
                    f"{path}:{number}: these are numbers of texts, and ftk reads the texts themselves: a query, a "
                    "positive and a negative on each line; or a folder with corpus.jsonl, queries.jsonl and qrels/."
                )
            pairs = _are_numbers(cells[2:])
            notes.add(kinds.TRIPLES, file=str(path), columns=_PAIR if pairs else _TRIPLE)
        query, one, other = cells
        values = {"query": query, "candidate": one, "label": other} if pairs else {}
        yield Row(values or {"query": query, "positive": one, "negatives": [other]}, str(path), number)


_TRIPLE = "a query, a positive and a negative"
_PAIR = "a query, a candidate and its label"


def _are_numbers(cells: list[str]) -> bool:
    return all(cell.strip().replace(".", "", 1).isdigit() for cell in cells)
