"""Every reader survives anything: rows, all of them, or an error that names the file; never a traceback or a hang.

``FTK_FUZZ`` sets how many inputs each reader gets.
"""

import csv
import gzip
import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_helpers import data_config, ner_task
from ftk.config.data_choices import Format
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.documents.reading import documents
from ftk.data.readers.one_file import read_file
from ftk.errors import FtkError

pytestmark = pytest.mark.fuzz

MANY = settings(
    max_examples=int(os.environ.get("FTK_FUZZ", "60")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_SECONDS = 20

CONLL = "# id = 1\nAda\tB-PER\nBerg\tI-PER\nwent\tO\n\n-DOCSTART-\tO\n\nOslo\tB-LOC\n.\tO\n"
JSONL = (
    '{"tokens": ["Ada", "went"], "tags": ["B-PER", "O"]}\n'
    '{"text": "Ada in Oslo", "spans": [{"start": 0, "end": 3, "label": "PER"}]}\n'
    '{"text": "no one", "spans": [], "more": {"a": [1, 2.5e3, null]}}\n'
)
CSV = 'text,spans,id\n"Ada, in ""Oslo""","[{""start"": 0, ""end"": 3, ""label"": ""PER""}]",1\nline,[],2\n'
TEXT = "One document.\nIts second line.\n\nAnother: Ada went to Oslo.\n\n\nThe last one, without an end"
ODD = [b'"', b"{", b"}", b"[", b"\n", b"\r", b"\r\n", b"\t", b",", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b" "]
ODD += [
    b"B-",
    b"I-",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"1e999",
    b"NaN",
    b"null",
    b"-1",
    b"\xe2\x80\xa8",
    b"\x85",
    b"'",
    b"\\",
    b"tags",
    b"text",
]
ODD += [
    b"99999999999999999999",
    b"true",
    b"O",
    b"# ",
    b"\n\n",
    b"\x1b[2J",
    b"\xf0\x9f\x98\x80",
    b":",
    b"tags",
    b"text",
    b"\\",
    b"tags",
    b"text",
]


def damaged(*whole: str | bytes) -> st.SearchStrategy[bytes]:
    """A valid file after some edits, or bytes of any kind."""
    edit = st.tuples(
        st.sampled_from(["insert", "delete", "replace", "repeat", "cut", "flip"]),
        st.integers(0, 400),
        st.integers(1, 12),
        st.sampled_from(ODD) | st.binary(max_size=4),
    )
    seeds = [one.encode("utf-8") if isinstance(one, str) else one for one in whole]
    return st.one_of(
        st.builds(_edited, st.sampled_from(seeds), st.lists(edit, min_size=1, max_size=6)),
        st.lists(st.sampled_from(ODD) | st.binary(max_size=3), max_size=30).map(b"".join),
        st.binary(max_size=200),
    )


def _edited(content: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    for kind, place, size, odd in edits:
        at = place % (len(content) + 1)
        if kind == "insert":
            content = content[:at] + odd + content[at:]
        elif kind == "delete":
            content = content[:at] + content[at + size :]
        elif kind == "replace":
            content = content[:at] + odd + content[at + len(odd) :]
        elif kind == "repeat":
            content = content[:at] + content[at : at + size] * 3 + content[at + size :]
        elif kind == "cut":
            content = content[:at]
        elif content:
            at %= len(content)
            content = content[:at] + bytes([content[at] ^ 1 << size % 8]) + content[at + 1 :]
    return content


@contextmanager
def no_hang() -> Iterator[None]:
    """An error where something takes longer than any of these inputs may."""

    def late(number: int, frame: Any) -> None:
        raise TimeoutError(f"more than {_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(work: Callable[[], Any], *names: str) -> Any:
    """What a call gives; None where it ends in an error of ftk, which must name one of these."""
    with no_hang():
        try:
            return work()
        except FtkError as error:
            message = str(error)
    assert any(name in message for name in names), message
    return None


def survives(name: str, content: bytes, rows_in: Callable[[bytes], int | None], *, format: str = "auto") -> None:
    """Read a file as training and as prediction do."""
    Path(name).write_bytes(content)
    config = data_config(format=format)
    for labelled in (True, False):
        notes = Notes()
        rows = outcome(
            lambda labelled=labelled, notes=notes: list(
                read_file(name, Format(format), config, notes, labelled=labelled)
            ),
            name,
        )
        if rows is None:
            continue
        expected = rows_in(content)
        assert expected is None or len(rows) == expected or list(notes.drain()), "a row vanished without a word"

        def examples_of(labelled: bool = labelled, notes: Notes = notes, rows: Any = rows) -> Any:
            found = ner_task().read(rows, Reading(config.columns, labelled, notes))
            notes.raise_errors()
            return found

        examples = outcome(examples_of, name, "data.columns")
        assert examples is None or len(examples) == len(rows) or list(notes.drain()), "a row vanished without a word"


def _text(content: bytes) -> str | None:
    """What can be counted in simply; None for what other rules are for."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return None
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if "\n" in text else text.replace("\r", "\n")  # in a file without LF, lines end at CR


def _json_rows(content: bytes) -> int | None:
    text = _text(content)
    if text is None or text.lstrip().startswith("["):
        return None
    return sum(bool(line.strip()) for line in text.split("\n"))


def _lines(content: bytes) -> int | None:
    text = _text(content)
    if text is None:
        return None
    return len(text.split("\n")) - (text.endswith("\n") or not text)


@MANY
@given(content=damaged(CONLL))
def test_conll(content: bytes) -> None:
    survives("a.conll", content, lambda _: None)


@MANY
@given(content=damaged(CONLL))
def test_no_word_of_a_conll_file_vanishes(content: bytes) -> None:
    """As many tokens as lines that are neither blank nor comments, where the file can be read."""
    Path("b.conll").write_bytes(content)
    notes = Notes()
    try:
        rows = list(read_file("b.conll", Format.conll, data_config(), notes, labelled=True))
    except FtkError:
        return
    text = _text(content)
    if text is None or "#" in text or "-DOCSTART-" in text or list(notes.drain()):
        return
    assert sum(len(row.values["tokens"]) for row in rows) == sum(bool(line.strip()) for line in text.split("\n"))


@MANY
@given(content=damaged(JSONL, f"[{','.join(JSONL.splitlines())}]"))
def test_jsonl(content: bytes) -> None:
    survives("a.jsonl", content, _json_rows)


@MANY
@given(content=damaged(CSV))
def test_csv(content: bytes) -> None:
    survives("a.csv", content, lambda _: None)


@MANY
@given(content=damaged(CSV.replace(",", "\t")))
def test_tsv(content: bytes) -> None:
    survives("a.tsv", content, lambda _: None)


@MANY
@given(rows=st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=6))
def test_every_row_that_a_csv_writer_wrote_is_read(rows: list[list[str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([["text", "other"], *rows])
    Path("w.csv").write_text(stream.getvalue(), encoding="utf-8", errors="replace", newline="")
    notes = Notes()
    found = outcome(lambda: list(read_file("w.csv", Format.csv, data_config(), notes)), "w.csv")
    assert found is None or len(found) == len(rows) or list(notes.drain())


def _parquet() -> bytes:
    stream = io.BytesIO()
    table = pyarrow.table({"tokens": [["Ada", "went"], ["Oslo"]], "tags": [["B-PER", "O"], ["B-LOC"]], "id": [1, 2]})
    pyarrow.parquet.write_table(table, stream, compression="none")
    return stream.getvalue()


@MANY
@given(content=damaged(_parquet()))
def test_parquet(content: bytes) -> None:
    survives("a.parquet", content, lambda _: None)


@MANY
@given(content=damaged(TEXT))
def test_text(content: bytes) -> None:
    survives("a.txt", content, _lines, format="text")


@MANY
@given(content=damaged(CONLL, JSONL, CSV, TEXT))
def test_a_file_whose_name_says_nothing(content: bytes) -> None:
    survives("a.data", content, lambda _: None)


@MANY
@given(content=damaged(gzip.compress(JSONL.encode(), mtime=0)))
def test_compressed(content: bytes) -> None:
    survives("a.jsonl.gz", content, lambda _: None)


@MANY
@given(
    content=damaged(TEXT, JSONL),
    name=st.sampled_from(["d.txt", "d.jsonl"]),
    duplicates=st.sampled_from(["keep", "drop"]),
)
def test_documents(content: bytes, name: str, duplicates: str) -> None:
    Path(name).write_bytes(content)
    notes = Notes()
    pieces = outcome(lambda: list(documents([Path(name)], data_config(duplicates=duplicates), notes)), name)
    if pieces is None:
        return
    text = _text(content)
    if text is not None and name == "d.txt" and duplicates == "keep" and not list(notes.drain()):
        written = "".join(text.replace("\r\n", "\n").split())
        assert "".join("".join(piece.text for piece in pieces).split()) == written


STORE = {"version": 1, "shards": [], "settings": {}, "dtype": "uint16", "words": False, "complete": True, "notes": []}


@MANY
@given(content=damaged(json.dumps(STORE)))
def test_the_manifest_of_a_store(content: bytes) -> None:
    from ftk.data.documents.token_store import read_manifest
    from ftk.system.kept import Damaged

    Path("store.json").write_bytes(content)
    with no_hang():
        try:
            found = read_manifest(Path())
        except Damaged:
            return
    assert found is None or found.shards == []


@MANY
@given(content=damaged('task: {name: ner}\nrun:\n  - &a [1, 2]\n  - "x"\nvalue: 1.5\n'))
def test_the_config_of_a_run(content: bytes) -> None:
    from ftk.config.safe_yaml import load_yaml

    Path("config.yaml").write_bytes(content)
    outcome(lambda: load_yaml(Path("config.yaml")), "config.yaml")


@pytest.mark.torch
@MANY
@given(content=damaged('{"model_type": "bert", "hidden_size": 8, "num_labels": 3, "id2label": {"0": "O"}}'))
def test_the_files_of_a_model_folder(content: bytes) -> None:
    from ftk.models.files.untrusted_folder import check_untrusted_folder
    from ftk.models.loading.verified_folder import verify_folder

    folder = Path("model")
    folder.mkdir(exist_ok=True)
    for name in ("config.json", "model.safetensors.index.json", "ftk.json"):
        (folder / name).write_bytes(content)
        outcome(lambda: check_untrusted_folder(folder), "model/")
        outcome(lambda: verify_folder(folder), "model")
        (folder / name).unlink()


def test_a_text_in_parquet_that_is_none() -> None:
    """Such a file is valid to its writer, and says that its bytes are UTF-8."""
    offsets, letters = (
        pyarrow.py_buffer((0).to_bytes(4, "little") + (1).to_bytes(4, "little")),
        pyarrow.py_buffer(b"\x80"),
    )
    column = pyarrow.StringArray.from_buffers(1, offsets, letters)
    pyarrow.parquet.write_table(pyarrow.table({"text": column}), "broken.parquet")
    notes = Notes()
    with pytest.raises(FtkError, match=r"broken\.parquet: this is not a Parquet file that can be read .*utf-8"):
        list(read_file("broken.parquet", Format.parquet, data_config(), notes))
