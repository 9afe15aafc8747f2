"""Raw text as documents: from files of every kind, no character lost, what is left out counted."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, SOME, counted, data_config
from ftk.config.data_choices import Documents
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.documents import reading as module
from ftk.data.documents.reading import TextChunk, documents
from ftk.data.readers.paths import expand
from ftk.errors import DataError

TEXTS = ["Ada went to Oslo.\nShe came back.", "naïve café", "北京 大学"]
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0\ufeff"), min_size=1, max_size=12)


@dataclass(frozen=True)
class Found:
    """Documents, and what reading them found."""

    texts: list[str]
    findings: list[Finding]


def joined(pieces: Iterable[TextChunk]) -> list[str]:
    """Documents from their pieces."""
    texts: list[str] = []
    for piece in pieces:
        if piece.begins:
            texts.append("")
        texts[-1] += piece.text
    return texts


def found(*files: str | Path, **data: Any) -> Found:
    """The documents of some files."""
    notes = Notes()
    texts = joined(documents([Path(file) for file in files], data_config(**data), notes))
    return Found(texts, list(notes.drain()))


def of_content(content: str | bytes, **data: Any) -> Found:
    """The documents of one text file."""
    Path("in.txt").write_bytes(content.encode() if isinstance(content, str) else content)
    return found("in.txt", **data)


def blank_line_apart(texts: Sequence[str]) -> str:
    return "\n\n".join(texts) + "\n"


def test_a_document_ends_at_a_blank_line_a_line_or_a_file() -> None:
    content = "\n \na b\n c\n\n\t\n\nd\n\n"
    assert of_content(content).texts == ["a b\n c", "d"], "a blank line parts, unless the config says otherwise"
    assert of_content(content, documents=Documents.line).texts == ["a b", " c", "d"]
    assert of_content(content, documents=Documents.file).texts == ["a b\n c\n\n\t\n\nd"]


def test_files_are_documents_of_their_own_whatever_parts_documents() -> None:
    Path("a.txt").write_text("one")
    Path("b.txt").write_text("two\n")
    for ends in Documents:
        assert found("a.txt", "b.txt", documents=ends).texts == ["one", "two"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_are_no_text(end: str, mark: bytes) -> None:
    assert of_content(mark + blank_line_apart(TEXTS).replace("\n", end).encode()).texts == TEXTS


def test_other_encodings() -> None:
    assert of_content("café\n\nniño".encode("latin-1"), encoding="latin-1").texts == ["café", "niño"]
    assert of_content(blank_line_apart(TEXTS).encode("utf-16")).texts == TEXTS


def write(name: str, texts: Sequence[str]) -> None:
    """A file of these documents in the format that its name says."""
    plain = blank_line_apart(texts)
    if name.endswith(".jsonl"):
        content = "".join(json.dumps({"text": text, "source": 3}) + "\n" for text in texts)
    elif name.endswith(".json"):
        content = json.dumps([{"text": text} for text in texts], indent=1)
    elif name.endswith((".csv", ".tsv")):
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter="\t" if name.endswith(".tsv") else ",", lineterminator="\n")
        writer.writerows([["id", "text"], *enumerate(texts)])
        content = stream.getvalue()
    else:
        content = plain
    Path(name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("name", ["a.txt", "a.raw", "a.jsonl", "a.json", "a.csv", "a.tsv"])
def test_every_format_gives_the_same_documents(name: str) -> None:
    write(name, TEXTS)
    assert found(name).texts == TEXTS


@pytest.mark.torch  # pyarrow
def test_parquet_and_compressed_files_give_the_same_documents() -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"text": TEXTS, "id": range(len(TEXTS))}), "a.parquet")
    assert found("a.parquet").texts == TEXTS
    for inner in ("a.txt", "a.jsonl", "a.csv"):
        write(inner, TEXTS)
        for ending, codec in ((".gz", "gzip"), (".zst", "zstd"), (".bz2", "bz2"), (".lz4", "lz4")):
            with open(inner + ending, "wb") as raw, pyarrow.CompressedOutputStream(raw, codec) as stream:
                stream.write(Path(inner).read_bytes())
            assert found(inner + ending).texts == TEXTS
            parts = Path(inner + ending).read_bytes()
            if inner == "a.txt":  # as 'cat a.gz b.gz' makes them
                Path("two" + inner + ending).write_bytes(parts + parts)
                assert " ".join(found("two" + inner + ending).texts).split() == " ".join(TEXTS * 2).split()


@pytest.mark.torch  # datasets
def test_a_local_dataset() -> None:
    from datasets import Dataset

    from ftk.data.readers.hub import read_hub

    Dataset.from_dict({"text": TEXTS, "n": [1, 2, 3]}).save_to_disk("saved")
    config = data_config(format="hub", name="saved", train="train")
    rows = read_hub("saved", None, None, "train")
    assert joined(documents((), config, Notes(), rows)) == TEXTS


def test_tokens_of_labelled_files_are_text_too() -> None:
    Path("a.conll").write_text("Ada\tB-PER\nwent\tO\n\nOslo\tB-LOC\n")
    assert found("a.conll").texts == ["Ada went", "Oslo"]
    Path("b.conll").write_text("1\tAda\tB-PER\n2\twent\tO\n\n1\tOslo\tB-LOC\n")
    assert found("b.conll", columns={"tokens": 1}).texts == ["Ada went", "Oslo"]
    Path("c.jsonl").write_text('{"words": ["Ada", "went"], "tags": [0, 0]}\n')
    assert found("c.jsonl", columns={"tokens": "words"}).texts == ["Ada went"]


def test_folders_and_globs_hold_every_format() -> None:
    Path("texts").mkdir()
    for name in ("b.txt", "a.jsonl", "c.csv"):
        write(f"texts/{name}", TEXTS[:1])
    Path("texts/notes.md").write_text("no data")
    assert found(*expand("texts", key="data.train")).texts == TEXTS[:1] * 3
    assert [path.name for path in expand("texts/*.*v", key="data.train")] == ["c.csv"]
    Path("texts/d.txt.gz").write_bytes(gzip.compress(b"text"))
    assert [path.name for path in expand("texts", key="data.train")] == ["a.jsonl", "b.txt", "c.csv", "d.txt.gz"]


def test_the_column_of_the_text_is_named_or_the_only_one() -> None:
    Path("a.jsonl").write_text('{"body": "one", "id": 1}\n{"body": "two", "id": 2}\n')
    assert found("a.jsonl").texts == ["one", "two"]
    Path("b.jsonl").write_text('{"title": "t", "body": "one"}\n')
    assert found("b.jsonl", columns={"text": "body"}).texts == ["one"]
    with pytest.raises(DataError, match=r"b\.jsonl:1: which column is the text\? There are title, body; name it with"):
        found("b.jsonl")
    with pytest.raises(DataError, match=r"b\.jsonl:1: there is no column 'boddy'; there are title, body"):
        found("b.jsonl", columns={"text": "boddy"})
    Path("c.jsonl").write_text('{"text": 7}\n')
    with pytest.raises(DataError, match=r"c\.jsonl:1: column 'text' holds int 7, not text"):
        found("c.jsonl")
    Path("d.jsonl").write_text('{"tokens": ["a", 1]}\n')
    with pytest.raises(DataError, match=r"d\.jsonl:1: the row has no text .* and no list of tokens"):
        found("d.jsonl")


lines = st.lists(st.one_of(LINE, st.just(""), st.just("  ")), max_size=12)


@MANY
@given(lines, st.integers(1, 6), st.integers(0, 20))
def test_long_documents_come_in_pieces_without_losing_a_character(written: list[str], piece: int, more: int) -> None:
    content = "\n".join(written)
    Path("in.txt").write_bytes(content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", piece)
        patch.setattr(module, "_LONGEST", piece + 1 + more)
        for ends in Documents:
            notes = Notes()
            pieces = list(documents([Path("in.txt")], data_config(documents=ends), notes))
            assert all(part.text for part in pieces)
            assert joined(pieces) == _expected(written, ends)
            assert all(len(part.text) <= 2 * piece + more + 2 for part in pieces), "in constant memory"


def _expected(written: list[str], ends: Documents) -> list[str]:
    filled = [bool(line.strip()) for line in written]
    if ends is Documents.line:
        return [line for line, full in zip(written, filled, strict=True) if full]
    if ends is Documents.file:
        places = [place for place, full in enumerate(filled) if full]
        return ["\n".join(written[places[0] : places[-1] + 1])] if places else []
    texts: list[list[str]] = [[]]
    for line, full in zip(written, filled, strict=True):
        if full:
            texts[-1].append(line)
        else:
            texts.append([])
    return ["\n".join(text) for text in texts if text]


def test_a_line_of_megabytes_is_cut_at_white_space() -> None:
    words = "word " * 500_000
    Path("in.txt").write_text("before\n" + words + "\nbehind")
    pieces = list(documents([Path("in.txt")], data_config(), Notes()))
    assert "".join(piece.text for piece in pieces) == "before\n" + words + "\nbehind"
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert len(pieces) > 2
    assert all(piece.text.endswith(("word ", "word \n", "behind")) for piece in pieces)
    Path("in.txt").write_text("x" * 3_000_000)
    assert found("in.txt").texts == ["x" * 3_000_000]


@SOME
@given(st.lists(st.sampled_from(["a\nb", "a", "b", "c \nd", "c\nd", "", "x"]), max_size=9), st.integers(0, 9))
def test_limit_and_duplicates(texts: list[str], limit: int) -> None:
    rows = [Row({"text": text}, "rows", number) for number, text in enumerate(texts, start=1)]
    full = [text for text in texts if text]
    assert joined(documents((), data_config(limit=limit), Notes(), rows)) == full[:limit]
    notes = Notes()
    assert joined(documents((), data_config(duplicates="drop"), notes, rows)) == list(dict.fromkeys(full))
    repeated = len(full) - len(set(full))
    said = [finding.count for finding in notes if finding.kind == kinds.REPEATED_DOCUMENT]
    assert said == ([repeated] if repeated else [])


def test_repeated_documents_are_kept_dropped_or_refused() -> None:
    content = blank_line_apart(["a\nb", "c", "a\nb", "a", "c"])
    kept = of_content(content)
    assert kept.texts == ["a\nb", "c", "a\nb", "a", "c"]
    assert kept.findings == []
    dropped = of_content(content, duplicates="drop")
    assert dropped.texts == ["a\nb", "c", "a"]
    places = ["in.txt:6", "in.txt:11"]  # the lines in which they begin
    assert counted(dropped.findings) == [(kinds.REPEATED_DOCUMENT, "drop", 2, places)]
    with pytest.raises(DataError) as refused:
        of_content(content, duplicates="error")
    assert counted(refused.value.findings) == [(kinds.REPEATED_DOCUMENT, "error", 2, places)]


def test_repeated_lines_are_kept_dropped_or_refused() -> None:
    content = blank_line_apart(["a\nmenu\nb", "menu\n menu ", "menu\nc"])
    assert of_content(content, duplicate_lines="keep").texts == ["a\nmenu\nb", "menu\n menu ", "menu\nc"]
    dropped = of_content(content, duplicate_lines="drop")
    assert dropped.texts == ["a\nmenu\nb", "c"], "spaces around a line do not matter; a document without lines is none"
    assert [(one.kind, one.count) for one in dropped.findings] == [(kinds.REPEATED_LINE, 3)]
    with pytest.raises(DataError, match=r"3 lines that occurred before.*data\.duplicate_lines=keep or drop"):
        of_content(content, duplicate_lines="error")


def test_blank_lines_do_not_outlive_the_lines_around_them() -> None:
    Path("a.txt").write_text("x\n\ny\n\n")
    Path("b.txt").write_text("x\n\nnew\n\nx\n\ny\n")
    Path("c.txt").write_text("y\n\n\nx\n")
    dropped = found("a.txt", "b.txt", "c.txt", documents=Documents.file, duplicate_lines="drop")
    assert dropped.texts == ["x\n\ny", "new"]


def test_duplicates_are_found_across_files() -> None:
    write("a.txt", TEXTS)
    write("b.jsonl", [*TEXTS, "new"])
    result = found("a.txt", "b.jsonl", duplicates="drop")
    assert result.texts == [*TEXTS, "new"]
    assert [(one.kind, one.count) for one in result.findings] == [(kinds.REPEATED_DOCUMENT, 3)]


def test_empty_files_and_rows_are_counted_and_reported() -> None:
    for name, content in (("a.txt", ""), ("b.txt", "\n \n"), ("c.txt", "text"), ("d.jsonl", "")):
        Path(name).write_text(content)
    result = found("a.txt", "b.txt", "c.txt", "d.jsonl")
    assert result.texts == ["text"]
    assert counted(result.findings) == [(kinds.FILE_WITHOUT_TEXT, None, 3, ["a.txt", "b.txt", "d.jsonl"])]
    Path("e.jsonl").write_text('{"text": ""}\n{"text": null}\n{"text": "x"}\n')
    assert counted(found("e.jsonl").findings) == [(kinds.ROW_WITHOUT_TEXT, None, 2, ["e.jsonl:1", "e.jsonl:2"])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text\nx\0y\n", r"in\.txt: this is a binary file \(it has a NUL byte\)"),
        (b"line\n" * 1000 + b"x\0y\n", r"in\.txt:1001: this is a binary file"),
        (b"ab\ncd\nef\xffg\n", r"in\.txt:3: byte 3 of the line, 9 of the file \(0xff\), is not utf-8.*data\.encoding"),
        (b"\xef\xbb\xbfab\n\xe9t\xe9\n", r"in\.txt:2: byte 1 of the line, 7 of the file \(0xe9\), is not utf-8"),
    ],
)
def test_what_is_no_text_is_named_by_its_place(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        of_content(content)


@pytest.mark.torch  # pyarrow
def test_damaged_compressed_files_are_named() -> None:
    whole = gzip.compress(b"some text\n" * 5000)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 0xFF
    for content in (whole[:-12], b"no gzip at all", bytes(changed), whole + b"rest"):
        Path("in.txt.gz").write_bytes(content)
        with pytest.raises(DataError, match=r"in\.txt\.gz: cannot be read as gzip \(\w"):
            found("in.txt.gz")
    Path("in.txt.gz").write_bytes(gzip.compress(b"ab\ncd\nef\xffg\n"))
    with pytest.raises(DataError, match=r"in\.txt\.gz:3: byte 3 of the line, 9 of the file \(0xff\), is not utf-8"):
        found("in.txt.gz")
    for ending in (".zst", ".bz2", ".lz4"):
        Path(f"in.txt{ending}").write_bytes(b"nothing of this kind, and long enough")
        with pytest.raises(DataError, match=rf"in\.txt\{ending}: cannot be read as"):
            found(f"in.txt{ending}")
