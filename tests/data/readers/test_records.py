"""JSON lines, JSON arrays, CSV and TSV: what is written comes back, and a wrong record is named by its line."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

RECORDS = [{"text": "a\nb", "n": 1}, {"text": "ж", "deep": {"list": [1, [2, "]"]]}}, {"text": "[x], {y}"}]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_lines_and_arrays_hold_the_same(ascii_only: bool) -> None:
    texts = [json.dumps(record, ensure_ascii=ascii_only) for record in RECORDS]
    line_by_line = "\n".join(texts) + "\n"
    for content in (line_by_line, "\n" + "\n \n".join(texts), "[" + ", ".join(texts) + "]"):
        assert read(content, "rows.jsonl").values == RECORDS
    assert read("[]", "rows.json").values == []


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_records_know_their_line(indent: int | None) -> None:
    blank_lines = "\n\n" + "\n\n".join(json.dumps(record) for record in RECORDS)
    array = "\n" + json.dumps(RECORDS, indent=indent)
    for content in (blank_lines, array):
        for row, record in zip(read(content, "rows.jsonl").rows, RECORDS, strict=True):
            assert row.file == "rows.jsonl"
            rest = "\n".join(content.split("\n")[row.line - 1 :])
            begin = min(at for at in range(len(rest)) if rest[at] == "{")
            assert "\n" not in rest[:begin], "the record begins on this line"
            if indent is not None or content is blank_lines:
                assert json.JSONDecoder().raw_decode(rest, begin)[0] == record


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n\n{"a": 1\n', r"rows\.jsonl:3: this is not JSON \(Expecting ',' delimiter at column 8\)"),
        ('{"a": 1}\n"text"\n', r"rows\.jsonl:2: expected a JSON object .* found a string"),
        ("{}\nnull\n", r"rows\.jsonl:2: .* found null"),
        ("{}\n3\n", r"rows\.jsonl:2: .* found a number"),
        ('[\n{"a": 1},\n7\n]', r"rows\.jsonl:3: .* found a number"),
        ('[\n{"a": 1},\n{"a": }\n]', r"rows\.jsonl:3: this is not JSON"),
        ('{"a": ' + "[" * 100_000, r"rows\.jsonl:1: this is not JSON \(nested too deeply\)"),
        ('{"a": ' + "1" * 5000 + "}", r"rows\.jsonl:1: this is not JSON \(a number has too many digits\)"),
        ('{}\n{"a": ["\\ud83d"]}', r"rows\.jsonl:2: \\ud83d is half of a surrogate pair"),
        ('[{},\n{"\\uDC00": 1}]', r"rows\.jsonl:2: \\udc00 is half of a surrogate pair"),
    ],
)
def test_faults_of_json_are_named(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(content, "rows.jsonl")


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=8)
tables = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5))


@SOME
@given(tables, st.sampled_from([",", "\t", ";", "|"]), st.sampled_from(["\n", "\r\n"]))
def test_cells_of_csv_come_back(table: list[list[str]], delimiter: str, end: str) -> None:
    width = len(table[0]) if table else 2
    names = [f"column {number}" for number in range(width)]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    starts = []
    for cells_of_row in [names, *table]:
        starts.append(stream.getvalue().count("\n") + 1)
        writer.writerow(cells_of_row)
    found = read(stream.getvalue().encode(), "rows.tsv" if delimiter == "\t" else "rows.csv")
    assert [list(row.items()) for row in found.values] == [list(zip(names, row, strict=True)) for row in table]
    assert [row.line for row in found.rows] == starts[1:]


def test_a_tab_separates_a_tsv_whatever_else_its_header_has() -> None:
    assert read("a,b,c\td;e\n1\t2\n", "rows.tsv").values == [{"a,b,c": "1", "d;e": "2"}]


def test_blank_lines_columns_without_a_name_and_encoding() -> None:
    content = "\ufeffid,text,\n\n1,café,x\n\n".encode("utf-8")
    assert read(content, "rows.csv").values == [{"id": "1", "text": "café"}]
    assert read("text,b\ncafé,1\n".encode("latin-1"), "rows.csv", encoding="latin-1").values[0]["text"] == "café"


@pytest.mark.parametrize(
    ("content", "count", "places"),
    [
        (
            "a,b\n1,2\n1\n1,2,3\n\n1,2\n1,2,3,4\n",
            3,
            ["rows.csv:3: 1 cell", "rows.csv:4: 3 cells", "rows.csv:7: 4 cells"],
        ),
        ("a;b\n" + "1;2\n1;2;3\n" * 9, 9, [f"rows.csv:{n}: 3 cells" for n in (3, 5, 7, 9, 11)]),
        ('a,b\n1\n"x\ny",1,2\n"x,3\n', 2, ["rows.csv:2: 1 cell", "rows.csv:3: 3 cells"]),
    ],
)
def test_all_rows_of_another_width_are_reported_together(content: str, count: int, places: list[str]) -> None:
    with pytest.raises(DataError) as raised:
        read(content, "rows.csv")
    [found] = raised.value.findings
    assert (found.kind, found.count) == (kinds.ROW_WIDTH, count)
    assert [place.partition(" where")[0] for place in found.places] == places


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n"x\ny",1\n1,2,3\n', r"rows\.csv:4: 3 cells where the header names 2 columns"),
        ("a,b\n1\n", r"rows\.csv:2: 1 cell where the header names 2 columns"),
        ("a,b,a\n1,2,3\n", r"rows\.csv:1: the header names a column twice: a"),
        ("", r"rows\.csv:1: the file is empty"),
        ('a,b\n1,2\n"x,3\n4,5\n', r"rows\.csv:3: this is not CSV"),
        ("a,b\n1,2\r3,4\n", r"rows\.csv:2: this is not CSV: a carriage return"),
    ],
)
def test_faults_of_csv_are_named(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(content, "rows.csv")
