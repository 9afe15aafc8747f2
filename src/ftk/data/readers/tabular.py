"""CSV and TSV, and the column formats of Arrow: Parquet and Arrow files."""

import csv
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ftk.config.choices import Quoting
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.class_names import Naming, features_of, names_in, naming_of
from ftk.data.readers.tables.dialect import (
    counted_quotes,
    dialect_of,
    head_of,
    hint_about,
    table_lines,
)
from ftk.data.readers.tables.header import Header
from ftk.data.readers.tables.quotes import Quotes
from ftk.errors import DataError, first_line

_SHOWN = 10
"""Names of classes that are shown."""


def read_csv(
    path: Path | str,
    encoding: str,
    notes: Notes,
    *,
    header: bool = True,
    delimiter: str | None = None,
    quoting: Quoting = Quoting.auto,
) -> Iterator[Row]:
    """One row per record; quoted cells may span lines, and keep their line ends.

    Args:
        path: the file.
        encoding: of its characters.
        notes: collects what is skipped, what is found about the way the file is written, and rows with cells in columns
            without a name, which are not read.
        header: whether the first line names the columns; if not, their names are 0, 1, 2 …
        delimiter: what separates cells; None: the tab for ``.tsv``, else the one of comma, tab, semicolon and bar that
            gives the first lines the same number of cells.
        quoting: whether quotation marks enclose cells, as in RFC 4180 or otherwise, or are characters. ``auto`` finds
            what gives each line the same number of cells.

    Raises:
        DataError: no header, two columns of one name, a record with another number of cells, two separators that fit
            equally well, or a quotation mark that encloses what is more likely several rows.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = table_lines(path, encoding, notes)
    head, whole = head_of(lines)
    dialect = dialect_of(path, head, notes, whole=whole, header=header, delimiter=delimiter, quoting=quoting)
    quotes = dialect.quotes if dialect.quoted else None
    lines = chain(head[dialect.above :], lines)
    if dialect.quotes is not None and not dialect.quoted:
        width = head[dialect.above].count(dialect.delimiter) + 1
        lines = counted_quotes(lines, path, dialect.above, width, notes)
    reader = dialect.records(lines)
    names: Header | None = None
    start = 1 + dialect.above
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1 + dialect.above
            if not cells:
                continue
            if start - line > 1 and quotes is not None:
                _check_spanning(path, cells, line, start - 1, quotes, notes)
            if names is None:
                names = Header(path, cells if header else None, len(cells), line, notes, hint=hint_about(dialect))
                if header:
                    continue
            row = names.row(cells, line)
            if row is not None:
                yield row
    except csv.Error as error:
        last = reader.line_num + dialect.above
        raise DataError(_not_csv(path, start, last, error, quoted=dialect.quoted)) from error


def _check_spanning(
    path: Path | str, cells: Sequence[str], first: int, last: int, quotes: Quotes, notes: Notes
) -> None:
    """Check that a record of several lines is one.

    Raises:
        DataError: it is more likely several rows, which a quotation mark encloses.
    """
    swallows = quotes.swallow_rows(cells, last - first + 1)
    if swallows:
        raise DataError(
            f"{path}:{first}: a quotation mark opens a cell here, and the next one closes it in line {last}: its "
            "lines look like rows of their own. If quotation marks are characters of the texts: "
            "data.quoting=none. If the cell has these lines: data.quoting=csv."
        )
    if swallows is None:
        notes.add(kinds.CELL_OF_SEVERAL_LINES, f"{path}:{first}-{last}")


def _not_csv(path: Path | str, first: int, last: int, error: csv.Error, *, quoted: bool) -> str:
    what = str(error)
    if "new-line character" in what:
        return (
            f"{path}:{last}: this is not CSV: a carriage return (CR) stands inside of a line that does not end there. "
            "Convert the line ends of the file, or put the cell in quotation marks."
        )
    if quoted and "unexpected end" in what:
        what = (
            f"a quotation mark opens a cell in the record of line {first}, and none closes it up to the end of the file"
        )
    elif quoted and "expected after" in what:
        what = f"a quoted cell of the record that begins in line {first} closes in line {last}, and text follows it"
    else:
        return f"{path}:{first}: this is not CSV ({what})."
    return (
        f"{path}:{first}: this is not CSV ({what}). If quotation marks are characters of the texts: data.quoting=none. "
        "If those inside of a cell have a backslash before them: data.quoting=backslash. "
        'In CSV, a cell in quotation marks has its own ones doubled: "she said ""no""".'
    )


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


def read_arrow(path: Path | str, notes: Notes) -> Iterator[Row]:
    """One row per record of a file in Arrow's own format, also called Feather, or of its streams; as ``read_parquet``.

    Raises:
        DataError: the file is neither.
    """
    import pyarrow

    number = 0
    namings: dict[str, Naming] | None = None
    try:
        with pyarrow.OSFile(str(path)) as source:
            for batch in _batches(source):
                namings = _namings(path, batch.schema, notes) if namings is None else namings
                for at in range(0, batch.num_rows, 1024):
                    for values in batch.slice(at, 1024).to_pylist():
                        number += 1
                        for column, naming in namings.items():
                            values[column] = naming(values[column])
                        yield Row(values, str(path), number)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        after = f" after row {number}" if number else ""
        raise DataError(f"{path}: this is not an Arrow file that can be read{after} ({first_line(error)}).") from error


def _batches(source: Any) -> Iterator[Any]:
    import pyarrow.ipc

    if source.read(6) == b"ARROW1":
        with pyarrow.ipc.open_file(source) as file:
            yield from (file.get_batch(number) for number in range(file.num_record_batches))
        return
    source.seek(0)
    with pyarrow.ipc.open_stream(source) as stream:
        yield from stream


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
