"""Workbooks: the first sheet as its CSV would be read."""

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from data_helpers import counted, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

openpyxl = pytest.importorskip("openpyxl")


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLSM"])
def test_cells_are_what_their_csv_has(name: str) -> None:
    table = [
        ["text", "label", "when"],
        ["Good\nreally", "pos", datetime.date(2024, 5, 17)],
        ['😀 Ж, "q"', 1, datetime.datetime(2024, 5, 17, 12, 30)],
        [2012, 1.5, True],
        ["x", 3.0, None],
    ]
    found = read(workbook(table), name)
    assert [list(row.values()) for row in found.values] == [
        ["Good\nreally", "pos", "2024-05-17 00:00:00"],
        ['😀 Ж, "q"', "1", "2024-05-17 12:30:00"],
        ["2012", "1.5", "TRUE"],
        ["x", "3", ""],
    ]
    assert [row.line for row in found.rows] == [2, 3, 4, 5]
    assert all(row.cells for row in found.rows)


def test_what_is_left_out_is_said() -> None:
    table = [[None], [], ["text", "label", None], ["a", "x"], [], [None, None], ["text", "label"], ["b", "y", "more"]]
    content = workbook(table, [["text"], ["other"]], [["more"]])
    with pytest.raises(DataError, match=r"^a\.xlsx:8: 3 cells"):
        read(content, "a.xlsx")
    found = read(workbook(table[:-1], [["text"], ["other"]], [["more"]]), "a.xlsx")
    assert found.values == [{"text": "a", "label": "x"}]
    assert of_kind(found.findings, kinds.OTHER_SHEETS).values["names"] == ["Sheet 2", "Sheet 3"]
    assert (kinds.REPEATED_HEADER, None, 1, ["a.xlsx:7"]) in counted(found.findings)


def test_a_workbook_without_a_header() -> None:
    assert read(workbook([["a", "x"], ["b"]]), "a.xlsx", header=False).values == [
        {"0": "a", "1": "x"},
        {"0": "b", "1": ""},
    ]


def test_errors_of_formulas_are_counted() -> None:
    book = openpyxl.Workbook()
    for row in (["text", "label"], ["a", "#REF!"], ["b", "#N/A"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert of_kind(read(stream.getvalue(), "a.xlsx").findings, kinds.SPREADSHEET_ERROR).count == 2


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"text,label\n", b""])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"^a\.xlsx: "):
        read(content, "a.xlsx")


@pytest.mark.slow
def test_a_workbook_that_would_fill_the_memory_is_refused() -> None:
    with (
        zipfile.ZipFile("a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/workbook.xml", "w") as member,
    ):
        for _ in range(1025):
            member.write(b"\0" * (1 << 20))
    with pytest.raises(DataError, match="unpacks to"):
        read(Path("a.xlsx").read_bytes(), "a.xlsx")
