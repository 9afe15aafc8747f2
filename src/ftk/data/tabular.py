"""CSV and TSV with a header, and Parquet."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from ftk.data.lines import numbered_lines
from ftk.data.rows import Row
from ftk.errors import DataError

_DELIMITERS = ",\t;|"


def read_csv(path: Path | str, encoding: str) -> Iterator[Row]:
    """One row a record, its columns named by the header; quoted cells may span lines.

    The separator is the tab for ``.tsv``, else whichever of comma, tab, semicolon and bar the header has most of.

    Raises:
        DataError: no header, two columns of one name, or a record with another number of cells.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (line + "\n" for _, line in numbered_lines(path, encoding))
    header_line = next(lines, "").rstrip("\n")
    if not header_line.strip():
        raise DataError(f"{path}:1: the file is empty; expected a header with the names of the columns.")
    delimiter = "\t" if has_tabs(path) else max(_DELIMITERS, key=header_line.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        header = next(csv.reader([header_line], delimiter=delimiter, strict=True))
        doubled = {name for name in header if header.count(name) > 1 and name}
        if doubled:
            raise DataError(f"{path}:1: the header names a column twice: {', '.join(sorted(doubled))}.")
        start = 2
        for cells in reader:
            line, start = start, reader.line_num + 2
            if not cells:
                continue
            if len(cells) != len(header):
                raise DataError(f"{path}:{line}: {len(cells)} cells where the header names {len(header)} columns.")
            yield Row({name: cell for name, cell in zip(header, cells, strict=True) if name}, str(path), line)
    except csv.Error as error:
        raise DataError(f"{path}:{start}: this is not CSV ({error}).") from error


def has_tabs(path: Path | str) -> bool:
    """Whether the name of a file says that tabs part its cells."""
    return ".tsv" in map(str.lower, Path(path).suffixes)


def read_parquet(path: Path | str) -> Iterator[Row]:
    """One row a record of a Parquet file.

    Raises:
        DataError: the file is not Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(values, str(path), number)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:  # texts and times of no meaning, too
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        after = f" behind row {number}" if number else ""
        raise DataError(f"{path}: this is not a Parquet file that can be read{after} ({reason}).") from error
