"""A pipe is read once, with every row, whoever looks at it; a file that changes while it is read is noticed."""

import gzip
import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, data_config
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import inputs, is_pipe, keep_pipes, reading, sha256_of
from ftk.data.readers.splits import fingerprint, read_splits, stream
from ftk.errors import DataError
from ftk.system.digests import sha256
from ftk.system.processes.workers import Died, Printed, Returned, Workers

ROWS = [{"text": f"Größe, number {number}", "label": "ab"[number % 2]} for number in range(3000)]


@pytest.fixture
def pipe() -> Iterator[Callable[[bytes], str]]:
    """The path of a pipe that gives some bytes, in writes of various lengths."""
    ends: list[int] = []
    writers: list[threading.Thread] = []

    def make(content: bytes) -> str:
        read, write = os.pipe()
        ends.append(read)

        def send() -> None:
            with suppress(BrokenPipeError), open(write, "wb", buffering=0) as stream:
                for at in range(0, len(content), 5000):
                    stream.write(content[at : at + 5000])

        writers.append(threading.Thread(target=send))
        writers[-1].start()
        return f"/dev/fd/{read}"

    yield make
    for end in ends:
        os.close(end)
    for writer in writers:
        writer.join()


def _jsonl() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def _parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


def _arrow() -> bytes:
    import pyarrow

    sink = io.BytesIO()
    table = pyarrow.Table.from_pylist(ROWS)
    with pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "jsonl": _jsonl,
    "array": lambda: json.dumps(ROWS).encode(),
    "objects over lines": lambda: "\n".join(json.dumps(row, indent=1) for row in ROWS).encode(),
    "csv": lambda: "".join(["text;label\n", *(f"{row['text']};{row['label']}\n" for row in ROWS)]).encode(),
    "tsv": lambda: "".join(["text\tlabel\r\n", *(f"{row['text']}\t{row['label']}\r\n" for row in ROWS)]).encode(),
    "cp1252": lambda: "".join(["text;label\n", *(f"{row['text']};{row['label']}\n" for row in ROWS)]).encode("cp1252"),
    "utf-16": lambda: "".join(["text\tlabel\n", *(f"{row['text']}\t{row['label']}\n" for row in ROWS)]).encode(
        "utf-16"
    ),
    "fasttext": lambda: "".join(f"__label__{row['label']} {row['text']}\n" for row in ROWS).encode(),
    "parquet": _parquet,
    "arrow": _arrow,
}


@pytest.mark.parametrize("format", FORMATS)
def test_a_split_from_a_pipe_has_the_rows_of_the_file(pipe: Callable[[bytes], str], format: str) -> None:
    content = FORMATS[format]()
    Path("rows").write_bytes(content)
    found: list[Any] = []
    for path in ("rows", pipe(content)):
        with inputs():
            read = read_splits(data_config(train=path), ["train"], demo=None, notes=Notes(), tagged=False)["train"]
            found.append(([row.values for row in read.rows], list(fingerprint(read.files).values())))
    assert found[0] == found[1]
    assert len(found[0][0]) == len(ROWS)


@pytest.mark.parametrize("format", ["jsonl", "array", "objects over lines", "parquet", "arrow"])
@pytest.mark.parametrize("live", [True, False])
def test_an_input_from_a_pipe_has_the_rows_of_the_file(pipe: Callable[[bytes], str], format: str, live: bool) -> None:
    content = FORMATS[format]()
    Path("rows").write_bytes(content)
    with inputs():
        expected = [row.values for row in stream("rows", data_config(), Notes())]
        assert [row.values for row in stream(pipe(content), data_config(), Notes(), live=live)] == expected


@SOME
@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r\x1b"), max_size=40), max_size=30))
def test_lines_of_a_pipe_are_those_of_the_file(lines: list[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    Path("lines").write_bytes(content)
    read, write = os.pipe()
    os.write(write, content)  # all of it fits into the pipe
    os.close(write)
    try:
        with inputs():
            path = f"/dev/fd/{read}"
            assert sha256_of(path) == sha256(Path("lines"))
            for _ in range(2):
                assert list(numbered_lines(path, "utf-8")) == list(numbered_lines("lines", "utf-8"))
    finally:
        os.close(read)


def test_pipes_that_are_compressed_are_refused_with_the_way_out(pipe: Callable[[bytes], str]) -> None:
    for live in (True, False):
        with inputs(), pytest.raises(DataError, match="zcat FILE"):
            list(stream(pipe(gzip.compress(b"a text\n")), data_config(), Notes(), live=live))


def test_a_fifo_is_read_once_for_two_splits(pipe: Callable[[bytes], str]) -> None:
    path = pipe(_jsonl())
    with inputs():
        data = data_config(train=[path], validation=path)
        found = read_splits(data, ["train", "validation"], demo=None, notes=Notes(), tagged=False)
    assert [len(split.rows) for split in found.values()] == [len(ROWS)] * 2


def test_outside_of_a_command_a_pipe_is_refused(pipe: Callable[[bytes], str]) -> None:
    with pytest.raises(DataError, match="input=-"):
        list(numbered_lines(pipe(b"a\n"), "utf-8"))


def test_what_is_a_pipe(pipe: Callable[[bytes], str]) -> None:
    os.mkfifo("fifo")
    Path("file").touch()
    found = {path: is_pipe(path) for path in ("fifo", pipe(b""), "/dev/null", "file", ".", "missing", "a\0b")}
    assert list(found.values()) == [True, True, True, False, False, False, False]


def _cut(path: Path) -> None:
    os.truncate(path, 100_000)


def _grown(path: Path) -> None:
    with path.open("a") as stream:
        stream.write("one more\n")


def _written_over(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.write(b"Rita")
    _touched(path)


def _touched(path: Path) -> None:
    os.utime(path, ns=(1, 1))  # whatever the clock of the file system


@pytest.mark.parametrize(
    ("change", "name"), [(_cut, "in.txt"), (_grown, "in.txt"), (_written_over, "in.txt"), (_touched, "in.txt.gz")]
)
def test_a_file_that_changes_while_it_is_read_is_an_error_at_the_end(change: Callable[[Path], None], name: str) -> None:
    path = Path(name)
    content = b"".join(b"Rita sleeps %d\n" % number for number in range(60_000))
    path.write_bytes(gzip.compress(content, 1) if name.endswith(".gz") else content)
    with inputs():
        rows = stream(name, data_config(), Notes())
        next(rows)
        change(path)
        with pytest.raises(DataError, match="changed while it was read"):
            list(rows)


def test_a_file_that_changes_between_looking_and_hashing_is_an_error() -> None:
    path = Path("in.jsonl")
    path.write_bytes(_jsonl())
    with inputs():
        read_splits(data_config(train=str(path)), ["train"], demo=None, notes=Notes(), tagged=False)
        _grown(path)
        with pytest.raises(DataError, match="changed while it was read"):
            fingerprint([path])
        with inputs():  # another job of a sweep begins with the file as it is
            fingerprint([path])


@pytest.mark.skipif(not Workers.possible(), reason="this system cannot fork")
def test_forked_processes_read_all_of_a_pipe_that_was_kept(pipe: Callable[[bytes], str]) -> None:
    content = os.urandom(1 << 20)
    path = pipe(content)

    def digest(_: str) -> str:
        found = hashlib.sha256()
        with reading(path) as stream:
            while block := stream.read(999):  # in turns with the other process
                found.update(block)
        return found.hexdigest()

    with inputs():
        keep_pipes({"data": {"train": ["rows.csv", path], "limit": None}, "name": path})
        workers = Workers(digest, 1)
        for name in "ab":
            workers.start(name, name)
        ends: list[Returned | Died] = []
        while len(ends) < 2:
            ends += [event for event in workers.wait(1) if not isinstance(event, Printed)]
        workers.close()
    expected = hashlib.sha256(content).hexdigest()
    assert sorted(ends, key=lambda one: one.name) == [Returned("a", expected), Returned("b", expected)]
