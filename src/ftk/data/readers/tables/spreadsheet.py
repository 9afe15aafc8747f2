"""Workbooks of spreadsheets (.xlsx): the cells of the first sheet, as their CSV would have them."""

import datetime
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding.lines import opened
from ftk.data.readers.tables.header import Header
from ftk.errors import DataError, LineError, first_line

_LARGEST = 1 << 30
"""Bytes of an unpacked workbook: a few kilobytes can unpack to any size."""


def read_xlsx(path: Path | str, notes: Notes, *, header: bool = True, keep: bool = False) -> Iterator[Row]:
    """One row per row of the first sheet; rows without any value are skipped.

    Args:
        path: the file.
        notes: collects the other sheets, and what is not read as it was meant.
        header: whether the first row names the columns; if not, their names are 0, 1, 2 …
        keep: whether a row of more cells than the header becomes an ``UnreadRow``; if not, it is an error.

    Raises:
        DataError: it is not such a file, openpyxl is not installed, or two columns have one name.
    """
    names: Header | None = None
    width = 0
    for line, cells in _cells(path, notes):
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        if names is None:
            width = len(cells)
            names = Header(path, cells if header else None, width, line, notes)
            if header:
                continue
        cells += [""] * (width - len(cells))
        row: Row | None
        try:
            row = names.row(cells, line)
        except LineError as error:
            if not keep:
                raise
            row = UnreadRow({}, str(path), line, fault=str(error))
        if row is not None:
            yield row


def _cells(path: Path | str, notes: Notes) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row of the first sheet, as texts."""
    book = _book(path)
    try:
        sheet, *others = book.worksheets
        if others:
            titles = [other.title for other in others]
            notes.add(kinds.OTHER_SHEETS, number=len(others), file=str(path), names=titles)
        sheet.reset_dimensions()  # programs write wrong ones; without them, rows end at their last cell
        for line, row in enumerate(sheet.iter_rows(), start=1):
            errors = [cell for cell in row if cell.data_type == "e"]
            if errors:
                notes.add(kinds.SPREADSHEET_ERROR, f"{path}:{line}: {errors[0].value}", number=len(errors))
            yield line, [_text(cell.value) for cell in row]
    except DataError:
        raise
    except Exception as error:  # the library raises errors of several libraries below it; each ends the reading
        raise _unreadable(path, error) from error
    finally:
        book.close()


def _book(path: Path | str) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{path}: .xlsx files are read by openpyxl, which is not installed: pip install 'ftk[xlsx]'. Or save the "
            "sheet as CSV in UTF-8."
        ) from error
    with opened(path) as stream:
        content = io.BytesIO(stream.read(_LARGEST))
    try:
        with zipfile.ZipFile(content) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _LARGEST:
            raise DataError(f"{path}: the workbook unpacks to {size >> 20:,} MiB; save the sheet as CSV in UTF-8.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and drawings, which are not read
            return openpyxl.load_workbook(content, read_only=True, data_only=True)
    except DataError:
        raise
    except Exception as error:  # as above
        raise _unreadable(path, error) from error


def _unreadable(path: Path | str, error: Exception) -> DataError:
    return DataError(
        f"{path}: this is not an .xlsx file that can be read ({first_line(error)}). Save the sheet as CSV in UTF-8."
    )


def _text(value: Any) -> str:
    """A value as a spreadsheet writes it to CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    return str(value)
