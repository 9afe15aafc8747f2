"""Lines, cells, sentences and texts that no memory holds are refused with their place; raw text may have them."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from data_helpers import data_config
from ftk.config.data_choices import BadRows
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding import blocks
from ftk.data.readers.decoding.blocks import ROW, WHOLE
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.splits import stream
from ftk.data.readers.tables.tabular import read_csv
from ftk.data.readers.tagged import conll_lines
from ftk.data.readers.tagged.conll import read_conll
from ftk.data.rows.cells import RowFault, not_too_long
from ftk.errors import DataError

MIB = 1 << 20


def packed(name: str, before: bytes, unit: bytes, times: int, after: bytes) -> str:
    """A small file whose text is ``times`` MiB of the same."""
    block = unit * (MIB // len(unit))
    with gzip.open(name, "wb", compresslevel=1) as stream:
        stream.write(before)
        for _ in range(times):
            stream.write(block)
        stream.write(after)
    return name


@pytest.mark.parametrize(
    ("before", "unit", "place"),
    [(b"", b"a", 1), (b"first\n", b"Rita ", 2), (b"\xef\xbb\xbfone\r\n", b"\xc3\xa9", 2), (b"caf\xe9\n", b"b", 2)],
)
def test_a_line_that_is_a_row(before: bytes, unit: bytes, place: int) -> None:
    path = packed("line.txt.gz", before, unit, (ROW >> 20) + 1, b"\nlast\n")
    assert Path(path).stat().st_size < MIB
    with pytest.raises(DataError, match=rf"line\.txt\.gz:{place}: the line has more than 64 MiB"):
        list(numbered_lines(path, "auto", Notes()))


KEPT = {
    "last.txt": (b"one\ntwo\n" + b"a" * 5000, [3]),
    "first.txt": (b"a" * 5000 + b"\none\n", [1]),
    "several.txt": (b"one\n" + (b"a" * 5000 + b"\n") * 3 + b"two\n", [2, 3, 4]),
    "mark.txt": (b"\xef\xbb\xbf" + b"a" * 5000 + b"\none\n", [1]),
    "latin.txt": (b"caf\xe9\n" + b"a" * 5000 + b"\ncaf\xe9\n", [2]),
    "cut letters.txt": (b"one\n" + "é".encode() * 3000 + "\né\n".encode(), [2]),
    "no text.txt": (b"one\n" + b"\xff" * 6000 + b"\ntwo\n", [2]),
    "blanks.txt": (b"one\n" + b" " * 5000 + b"\ntwo\n", [2]),
    "crlf.txt": (b"one\r\n" + b"a" * 5000 + b"\r\ntwo\r\n", [2]),
    "objects.jsonl": (b'{"text": "a"}\n{"text": "' + b"b" * 5000 + b'"}\n{"text": "c"}\n{"text": "d"}\n', [2]),
    "blanks.jsonl": (b'{"text": "a"}\n' + b" " * 5000 + b'\n{"text": "c"}\n{"text": "d"}\n', [2]),
    "table.csv": (b"text,label\na,1\n" + b"b" * 5000 + b",2\nc,3\n", [3]),
    "quoted.csv": (b'text,label\na,1\n"' + b"b" * 5000 + b'",2\n"c",3\n', [3]),
    "commas.csv": (b"text,label\na,1\n" + b"b," * 5000 + b"2\nc,3\n", [3]),
    "closing.csv": (b'text,label\na,1\n"b\n' + b"b" * 5000 + b'",2\n"c",3\n', [3]),
    "table.tsv": (b"text\tlabel\na\t1\n" + b"b" * 5000 + b"\t2\nc\t3\n", [3]),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_line_that_is_too_long_is_a_bad_row(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    content, bad = KEPT[name]
    monkeypatch.setattr(numbered_lines, "__kwdefaults__", {**(numbered_lines.__kwdefaults__ or {}), "longest": 4000})
    monkeypatch.setattr("ftk.data.readers.json.jsonl.WHOLE", 4000)
    monkeypatch.setattr(blocks, "BLOCK", 1000)
    for packed in (False, True):
        path = f"{name}.gz" if packed else name
        Path(path).write_bytes(gzip.compress(content) if packed else content)
        rows = list(stream(path, data_config(bad_rows=BadRows.keep), Notes(), ("text",)))
        assert [row.line for row in rows if isinstance(row, UnreadRow)] == bad
        assert all("the line has more than" in row.fault for row in rows if isinstance(row, UnreadRow))
        assert all(len(row.values["text"]) < 10 for row in rows if not isinstance(row, UnreadRow))
        assert len(rows) > len(bad)
        with pytest.raises(DataError, match="the line has more than"):
            list(stream(path, data_config(), Notes(), ("text",)))


def test_a_line_that_is_skipped_is_never_held() -> None:
    path = packed("line.txt.gz", b"first\n", b"a", 2 * (ROW >> 20), b"\nlast\n")
    tracemalloc.start()
    lines = [line for _, line in numbered_lines(path, "auto", Notes(), broken=True)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == ["first", "a" * 100, "last"]
    assert most < 3 * ROW


@pytest.mark.slow
def test_a_line_that_may_be_a_file_is_longer() -> None:
    path = packed("line.txt.gz", b"", b"a", (ROW >> 20) + 1, b"\nlast\n")
    lines = [len(line) for _, line in numbered_lines(path, "utf-8", Notes(), longest=WHOLE)]
    assert lines == [65 * MIB, 4]


@pytest.mark.slow
def test_a_cell() -> None:
    path = packed("cell.csv.gz", b'text,label\n"', b"Rita sleeps\n", 70, b'",x\n')
    with pytest.raises(DataError, match=r"cell\.csv\.gz:2: .* more than 64 MiB"):
        list(read_csv(path, "utf-8", Notes()))


def test_a_sentence_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conll_lines, "_MOST_TOKENS", 1000)
    Path("ends.conll").write_text("Rita B-PER\n" * 900 + "\n" + "Rita B-PER\n" * 900)
    assert len(list(read_conll("ends.conll", "utf-8", {}, Notes(), labelled=True))) == 2
    Path("on.conll").write_text("Rita B-PER\n\n" + "Rita B-PER\n" * 1100)
    with pytest.raises(DataError, match=r"on\.conll:3: 1,000 tokens without a blank line"):
        list(read_conll("on.conll", "utf-8", {}, Notes(), labelled=True))


def test_a_text_and_a_list_of_a_row() -> None:
    fits = Row({"text": "a" * (1 << 24), "tokens": ["a"] * (1 << 21), "number": 3, "nothing": None}, "rows.jsonl", 7)
    assert not_too_long(fits) is fits
    for value in ("a" * ((1 << 24) + 1), ["a"] * ((1 << 21) + 1)):
        with pytest.raises(RowFault) as caught:
            not_too_long(Row({"id": 1, "text": value}, "rows.jsonl", 7))
        assert caught.value.kind is kinds.LONG_TEXT
        assert caught.value.place.startswith("rows.jsonl:7: text has ")
