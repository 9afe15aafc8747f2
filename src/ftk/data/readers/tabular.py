"""CSV and TSV with a header, and Parquet."""

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.class_names import Naming, features_of, names_in, naming_of
from ftk.data.readers.lines import numbered_lines
from ftk.errors import DataError, first_line

_DELIMITERS = ",\t;|"
_SHOWN = 10
"""Names of classes that are shown."""


def read_csv(path: Path | str, encoding: str, notes: Notes, *, header: bool = True) -> Iterator[Row]:
    """One row per record; quoted cells may span lines.

    The separator is the tab for ``.tsv``, else the most frequent of comma, tab, semicolon and bar in the first line.

    Args:
        path: the file.
        encoding: of its characters.
        notes: collects rows with cells in columns without a name, which are not read.
        header: whether the first line names the columns; if not, their names are 0, 1, 2 …

    Raises:
        DataError: no header, two columns of one name, or a record with another number of cells.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (line + "\n" for _, line in numbered_lines(path, encoding))
    header_line = next(lines, "").rstrip("\n")
    if not header_line.strip():
        raise DataError(f"{path}:1: the file is empty; expected a header with the names of the columns.")
    delimiter = "\t" if is_tab_separated(path) else max(_DELIMITERS, key=header_line.count)
    if not header:
        yield from _headless(path, itertools.chain([header_line + "\n"], lines), delimiter)
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        names = next(csv.reader([header_line], delimiter=delimiter, strict=True))
        doubled = {name for name in names if names.count(name) > 1 and name}
        if doubled:
            raise DataError(
                f"{path}:1: the header names a column twice: {', '.join(sorted(doubled))}. A file whose first line is "
                "a row and no header is read with data.header=false."
            )
        start = 2
        for cells in reader:
            line, start = start, reader.line_num + 2
            if not cells:
                continue
            if len(cells) != len(names):
                raise DataError(f"{path}:{line}: {len(cells)} cells where the header names {len(names)} columns.")
            if any(cell and not name for name, cell in zip(names, cells, strict=True)):
                notes.add(kinds.UNNAMED_COLUMN, f"{path}:{line}")
            yield Row(
                {name: cell for name, cell in zip(names, cells, strict=True) if name}, str(path), line, cells=True
            )
    except csv.Error as error:
        raise DataError(f"{path}:{start}: this is not CSV ({error}).") from error


def _headless(path: Path | str, lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start, number = 1, 0
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not cells:
                continue
            number = number or len(cells)
            if len(cells) != number:
                raise DataError(f"{path}:{line}: {len(cells)} cells where the first line has {number}.")
            yield Row({str(column): cell for column, cell in enumerate(cells)}, str(path), line, cells=True)
    except csv.Error as error:
        raise DataError(f"{path}:{start}: this is not CSV ({error}).") from error


def is_tab_separated(path: Path | str) -> bool:
    """Whether the name of a file says that its cells are separated by tabs."""
    return ".tsv" in map(str.lower, Path(path).suffixes)


def read_parquet(path: Path | str, notes: Notes) -> Iterator[Row]:
    """One row per record of a Parquet file; numbers of classes become their names if the file has them.

    Args:
        path: the file.
        notes: collects which columns the file names the classes of.

    Raises:
        DataError: the file is not Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            namings = _namings(path, file.schema_arrow, notes)
            for batch in file.iter_batches(batch_size=1024):
                for values in batch.to_pylist():
                    number += 1
                    for column, naming in namings.items():
                        values[column] = naming(values[column])
                    yield Row(values, str(path), number)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:  # invalid texts and times, too
        after = f" after row {number}" if number else ""
        raise DataError(f"{path}: this is not a Parquet file that can be read{after} ({first_line(error)}).") from error


def _namings(path: Path | str, schema: Any, notes: Notes) -> dict[str, Naming]:
    """What names the classes in the columns of a Parquet file that the ``datasets`` library wrote."""
    found = {}
    for column, feature in features_of(schema.metadata).items():
        naming = naming_of(feature) if column in schema.names else None
        if naming is not None:
            found[column] = naming
            names = names_in(feature)
            shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            notes.add(kinds.CLASSES_OF_FILE, file=str(path), column=column, names=shown)
    return found
