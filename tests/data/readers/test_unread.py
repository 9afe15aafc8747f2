"""Files that are not read are named, with the way to convert them; those that are read are not mistaken for one."""

import gzip
import io
import json
import pickle
import re
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

from data_helpers import read
from ftk.data.readers.unread import UNREAD
from ftk.errors import DataError


def zipped(*names: str, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.spreadsheet" if name == "mimetype" else "x" * 9)
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return stream.getvalue()


def database() -> bytes:
    with sqlite3.connect("db.tmp") as connection:
        connection.execute("create table rows (text, label)")
    connection.close()
    return Path("db.tmp").read_bytes()


def arrays() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(3))
    return stream.getvalue()


_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 12345\n"
FILES = {
    "a.pkl": lambda: pickle.dumps([{"text": "x"}]),
    "a.csv": lambda: pickle.dumps([{"text": "x"}], protocol=2),
    "a.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "a.doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "a.docx": lambda: zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "b.txt": lambda: zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "a.ods": lambda: zipped("mimetype", "content.xml", compression=zipfile.ZIP_STORED),
    "a.zip": lambda: zipped("train.csv"),
    "c.csv": lambda: zipped("train.csv"),
    "a.npz": lambda: zipped("arr_0.npy"),
    "a.npy": arrays,
    "a.pdf": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "d.txt": lambda: b"%PDF-1.4\nobj\n",
    "a.tar": tarred,
    "a.tar.gz": lambda: gzip.compress(tarred()),
    "a.tgz": lambda: gzip.compress(tarred()),
    "e.csv": lambda: gzip.compress(b"text,label\na,b\n"),
    "a.db": database,
    "f.jsonl": database,
    "a.rtf": lambda: rb"{\rtf1\ansi hello}",
    "a.xml": lambda: b"<?xml version='1.0'?><doc/>",
    "g.txt": lambda: b"<?xml version='1.0'?>\n<doc/>\n",
    "a.html": lambda: b"<p>x</p>",
    "h.txt": lambda: b"<!DOCTYPE html>\n<html></html>\n",
    "a.yaml": lambda: b"- text: x\n",
    "a.h5": lambda: b"\x89HDF\r\n\x1a\n\0",
    "a.tfrecord": lambda: b"\x0b\0\0\0",
    "t.tfrecord-00000-of-00002": lambda: b"\x0b\0\0\0",
    "b.pkl": lambda: pickle.dumps([{"text": "x"}], protocol=0),
    "a.joblib": lambda: pickle.dumps([1]),
    "a.safetensors": lambda: b"\x50\0\0\0\0\0\0\0" + b'{"a":{"dtype":"F32"}}',
    "i.txt": lambda: b"\x50\0\0\0\0\0\0\0" + b'{"a":{"dtype":"F32"}}',
    "a.gguf": lambda: b"GGUF\x03\0\0\0",
    "a.rds": lambda: gzip.compress(b"X\n\0\0\0\3"),
    "a.RData": lambda: b"RDX3\nX\n",
    "a.dta": lambda: b"\x72\x02\x01\0",
    "a.sas7bdat": lambda: b"\0" * 64,
    "a.mat": lambda: b"MATLAB 5.0 MAT-file",
    "a.arff": lambda: b"@relation iris\n",
    "a.bson": lambda: b"\x16\0\0\0\x02text",
    "a.mp3": lambda: b"ID3\x03\0\0",
    "j.csv": lambda: b"\x89PNG\r\n\x1a\n\0",
    "k.txt": lambda: b"\xff\xd8\xff\xe0\0\x10JFIF",
    "old.feather": lambda: b"FEA1\0\0\0\0",
    "a.gsheet": lambda: b'{"url": "https://docs.google.com/open?id=1"}',
    "a.sgm": lambda: b"<DOC>\n<TEXT>x</TEXT></DOC>\n",
    "a.tmx": lambda: b'<tmx version="1.4"></tmx>',
    "b.tmx": lambda: b'<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx></tmx>',
    "c.xlf": lambda: b"<?xml version='1.0'?><xliff/>",
    "a.xmi": lambda: b'<?xml version="1.0"?><xmi:XMI xmlns:xmi="http://www.omg.org/XMI"/>',
    "cas.json": lambda: b'{\n  "%TYPES" : {},\n  "%FEATURE_STRUCTURES" : []\n}',
    "a.pubtator": lambda: b"12|t|A title\n12|a|An abstract.\n12\t0\t7\tA title\tDisease\n",
    "p.txt": lambda: b"12|t|A title\n12|a|An abstract.\n12\t0\t7\tA title\tDisease\n",
    "l.csv": lambda: b"\xef\xbb\xbf<!DOCTYPE html>\n<html></html>\n",
    "m.csv": lambda: "<!DOCTYPE html>\n<html></html>\n".encode("utf-16"),
    "n.csv.gz": lambda: b"<!DOCTYPE html>\n<html></html>\n",
    "o.parquet": lambda: b"<html><title>404</title></html>",
    **{f"lfs.{ending}": lambda: _POINTER for ending in ("csv", "jsonl", "parquet", "xlsx", "conll", "txt", "csv.gz")},
}


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("labelled", [True, False])
def test_a_file_that_is_not_read_is_named(name: str, labelled: bool) -> None:
    with pytest.raises(DataError) as refused:
        read(FILES[name](), name, labelled=labelled)
    message = str(refused.value)
    assert message.startswith(f"{name}: ")
    [kind] = [kind for kind in UNREAD if re.search(rf"this is {re.escape(kind.name)}[,.] ", message)]
    assert message.endswith(kind.way)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a.csv", "pickle"),
        ("a.xls", "Excel"),
        ("a.doc", "Word"),
        ("b.txt", "Word"),
        ("a.ods", "spreadsheet"),
        ("c.csv", "ZIP"),
        ("a.npz", "NumPy"),
        ("d.txt", "PDF"),
        ("a.tar.gz", "a tar"),
        ("a.tgz", "tar"),
        ("e.csv", "gzip"),
        ("f.jsonl", "SQLite"),
        ("g.txt", "XML"),
        ("h.txt", "HTML"),
        ("b.pkl", "pickle"),
        ("a.rds", "of R"),
        ("a.dta", "Stata"),
        ("i.txt", "weights"),
        ("j.csv", "an image"),
        ("b.tmx", "TMX"),
        ("l.csv", "HTML"),
        ("m.csv", "HTML"),
        ("n.csv.gz", "HTML"),
        ("o.parquet", "HTML"),
        ("lfs.jsonl", "Git LFS"),
        ("lfs.csv.gz", "Git LFS"),
    ],
)
def test_the_name_is_the_right_one(name: str, word: str) -> None:
    with pytest.raises(DataError, match=word):
        read(FILES[name](), name)


def test_the_ways_that_keep_the_content() -> None:
    content = FILES["e.csv"]()
    assert read(content, "e.csv.gz").values == [{"text": "a", "label": "b"}]
    assert read(FILES["a.xml"](), "a.xml", labelled=False, format="text").rows


@pytest.mark.parametrize(
    "text",
    [
        "PK is short for public key, word/ by word",
        "ORCs are here",
        "BZh1 is no archive",
        "%PDF is a format",
        "<b>x</b>",
    ],
)
def test_texts_that_begin_like_one_are_texts(text: str) -> None:
    assert read(f"{text}\n", "a.txt", labelled=False).values == [{"text": text}]


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "a"])
def test_parquet_is_read_whatever_its_name_is(name: str) -> None:
    rows = [{"text": "a", "label": "b"}, {"text": "ж", "label": "c"}]
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream)
    assert read(stream.getvalue(), name).values == rows


@pytest.mark.parametrize("name", ["a.arrow", "a.feather", "a.data"])
@pytest.mark.parametrize("kind", ["feather", "file", "stream"])
def test_arrow_files_are_read(name: str, kind: str) -> None:
    rows = [{"tokens": ["Ada", "went"], "tags": ["B-PER", "O"], "id": 1}, {"tokens": ["ж"], "tags": ["O"], "id": 2}]
    table = pyarrow.Table.from_pylist(rows)
    stream = io.BytesIO()
    if kind == "feather":
        pyarrow.feather.write_feather(table, stream)
    else:
        make = pyarrow.ipc.new_file if kind == "file" else pyarrow.ipc.new_stream
        with make(stream, table.schema) as writer:
            writer.write_table(table)
    if name == "a.data" and kind == "stream":
        assert read(stream.getvalue(), name, format="arrow").values == rows
    else:
        assert read(stream.getvalue(), name).values == rows


def test_what_is_no_arrow_file_is_refused() -> None:
    with pytest.raises(DataError, match=r"^a\.arrow: the file is empty"):
        read(b"", "a.arrow")
    for content in (b"ARROW1", b"text\n", json.dumps([1]).encode()):
        with pytest.raises(DataError, match=r"^a\.arrow: this is not an Arrow file"):
            read(content, "a.arrow")


def test_arrow_files_of_the_datasets_library_name_their_classes() -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    table = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features).data.table
    stream = io.BytesIO()
    with pyarrow.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert [str(row["label"]) for row in read(stream.getvalue(), "a.arrow").values] == ["pos", "neg"]
