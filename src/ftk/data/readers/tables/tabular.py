"""CSV and TSV, and the column formats of Arrow: Parquet and Arrow files."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Quoting
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding.blocks import ROW
from ftk.data.readers.decoding.once import for_seeking, live_stream, paused
from ftk.data.readers.names.class_names import Naming, features_of, names_in, naming_of
from ftk.data.readers.tables.batches import rows_at_once, values_of
from ftk.data.readers.tables.dialect import (
    Dialect,
    counted_quotes,
    dialect_of,
    head_of,
    hint_about,
    table_lines,
)
from ftk.data.readers.tables.header import Header
from ftk.data.readers.tables.quotes import Quotes
from ftk.errors import DataError, LineError, first_line

_SHOWN = 10
"""Names of classes that are shown."""
_FEW = 100
"""Lines of a table with fewer than which others may still show that it is written in another way."""


def read_csv(
    path: Path | str,
    encoding: str,
    notes: Notes,
    *,
    header: bool = True,
    delimiter: str | None = None,
    quoting: Quoting = Quoting.auto,
    keep: bool = False,
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
        keep: whether a record that cannot be read becomes an ``UnreadRow``; if not, it is an error.

    Raises:
        DataError: a record has another number of cells than the header, or is not CSV; no header, two columns of one
            name, two separators that fit equally well, or a quotation mark that encloses what is more likely several
            rows. It is a ``LineError`` if the other records can be read.
    """
    csv.field_size_limit(ROW)
    broken: dict[int, str] = {}
    lines = table_lines(path, encoding, notes, broken)
    head, whole = head_of(lines, partial(paused, path))
    if not whole and len(head) < _FEW and live_stream(path) is not None and quoting is Quoting.auto:
        notes.add(kinds.FEW_LINES_DECIDE, file=path, lines=len(head))
    dialect = dialect_of(path, head, notes, whole=whole, header=header, delimiter=delimiter, quoting=quoting)
    lines = chain(head[dialect.above :], lines)
    if dialect.quotes is not None and not dialect.quoted:
        width = head[dialect.above].count(dialect.delimiter) + 1
        lines = counted_quotes(lines, path, dialect.above, width, notes)
    yield from _records(path, lines, dialect, notes, broken, header=header, keep=keep)


def _records(
    path: Path | str,
    lines: Iterable[str],
    dialect: Dialect,
    notes: Notes,
    broken: dict[int, str],
    *,
    header: bool,
    keep: bool,
) -> Iterator[Row]:
    """A row for each record of a table; ``broken`` has the faults of lines that are not text."""
    reader = dialect.records(lines)
    quotes = dialect.quotes if dialect.quoted else None
    names: Header | None = None
    some = False
    line = last = dialect.above
    while True:
        try:
            for cells in reader:
                line, last = last + 1, reader.line_num + dialect.above
                if not cells:
                    continue
                if last > line and quotes is not None:
                    _check_spanning(path, cells, line, last, quotes, notes)
                if broken:
                    _refuse_broken(broken, line, last)
                if names is None:
                    names = Header(path, cells if header else None, len(cells), line, notes, hint=hint_about(dialect))
                    if header:
                        continue
                row = names.row(cells, line)
                if row is not None:
                    yield row
                    some = True
            return
        except csv.Error as error:
            line, last = last + 1, reader.line_num + dialect.above
            fault = _not_csv(path, line, last, error, quoted=dialect.quoted)
            if last > line or names is None:  # a quotation mark may have enclosed rows
                raise DataError(fault) from error
        except LineError as error:
            fault = str(error)
        if not keep or names is None:
            findings = []
            wide = names is not None and len(cells) != len(names.names)
            if names is not None and wide and line not in broken and live_stream(path) is None:
                # All such rows are reported, but not those of a stream, which may not end.
                findings = [names.wrong_widths(chain([(line, cells)], _rest(reader, dialect.above)))]
                fault = str(findings[0]) if findings[0].count > 1 else fault
            raise LineError(fault, findings=findings) if some else DataError(fault, findings=findings)
        yield UnreadRow({}, str(path), line, fault=fault)


def _refuse_broken(broken: dict[int, str], first: int, last: int) -> None:
    """Raise the fault of a line of a record that is not text."""
    for number in range(first, last + 1):
        if number in broken:
            raise LineError(broken[number])


def _rest(reader: Any, above: int) -> Iterator[tuple[int, list[str]]]:
    """The first line and the cells of each record that a reader of the ``csv`` module has not read yet.

    Args:
        reader: has read some.
        above: the number of lines above the table.
    """
    start = reader.line_num + 1 + above
    for cells in reader:
        line, start = start, reader.line_num + 1 + above
        if cells:
            yield line, cells


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
    if "field limit" in what:
        what = f"the record of line {first} has a cell of more than {ROW >> 20} MiB"
    elif quoted and "unexpected end" in what:
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
        with for_seeking(path) as found, pyarrow.parquet.ParquetFile(found) as file:
            namings = _namings(path, file.schema_arrow, notes)
            for batch in file.iter_batches(batch_size=rows_at_once(file.metadata)):
                for values in values_of(batch):
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
        with for_seeking(path) as found, _arrow_file(found) as source:
            for batch in _batches(source):
                namings = _namings(path, batch.schema, notes) if namings is None else namings
                for values in values_of(batch):
                    number += 1
                    for column, naming in namings.items():
                        values[column] = naming(values[column])
                    yield Row(values, str(path), number)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        after = f" after row {number}" if number else ""
        raise DataError(f"{path}: this is not an Arrow file that can be read{after} ({first_line(error)}).") from error


def _arrow_file(found: Any) -> Any:
    import pyarrow

    return pyarrow.PythonFile(found) if isinstance(found, io.IOBase) else pyarrow.OSFile(str(found))


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
