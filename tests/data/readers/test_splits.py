"""Files, folders, globs and standard input become rows; their format is found by ending and by content."""

from pathlib import Path
from typing import Any

import pytest

from conftest import write_jsonl, write_lines
from data_helpers import data_config, read, standard_input
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs
from ftk.data.readers.paths import expand
from ftk.data.readers.splits import fingerprint, read_splits, stream
from ftk.errors import DataError

TWO_COLUMNS = "EU\tB-ORG\nleft\tO\n"


def texts(spec: Any, **data: Any) -> list[str]:
    """The texts that are read for prediction."""
    with inputs():
        return [row.values["text"] for row in stream(spec, data_config(**data), Notes(), live=True)]


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.conll", TWO_COLUMNS, ["tokens", "tags"]),
        ("a.iob2", TWO_COLUMNS, ["tokens", "tags"]),
        ("a.CoNLL", TWO_COLUMNS, ["tokens", "tags"]),
        ("a.txt", TWO_COLUMNS, ["tokens", "tags"]),
        ("a", TWO_COLUMNS, ["tokens", "tags"]),
        ("a.txt", "[\tO\n]\tO\n", ["tokens", "tags"]),
        ("a.txt", "{\tO\n}\tO\n", ["tokens", "tags"]),
        ("a.jsonl", '{"text": "x"}\n', ["text"]),
        ("a.json", '[{"text": "x"}]', ["text"]),
        ("a.txt", '\n{"text": "x"}\n', ["text"]),
        ("a", '[\n {"text": "x"}]', ["text"]),
        ("a.csv", "text,more\nx,1\n", ["text", "more"]),
        ("a.tsv", "text\tmore\nx\t1\n", ["text", "more"]),
    ],
)
def test_the_format_is_found(name: str, content: str, columns: list[str]) -> None:
    assert [list(row) for row in read(content, name).values] == [columns]


def test_a_format_that_is_set_wins_over_the_ending() -> None:
    assert read('{"text": "x"}\n', "a.conll", format="jsonl").values == [{"text": "x"}]


def test_unlabelled_text_is_one_row_a_line_blank_ones_included() -> None:
    assert read("EU\tO\n\n[x\n", "in.txt", labelled=False).values == [{"text": "EU\tO"}, {"text": ""}, {"text": "[x"}]


def test_standard_input() -> None:
    with standard_input(b"one\r\n\nthree"):
        assert texts("-") == ["one", "", "three"]
    with standard_input("\ufeffкот\n".encode("utf-16")):
        assert texts("-") == ["кот"]
    with standard_input(b'{"text": "x"}\n'):
        assert texts("-", format="jsonl") == ["x"]
    with standard_input(b'{"text": "x"}\n{'), pytest.raises(DataError, match=r"^<stdin>:2: this is not JSON"):
        texts("-", format="jsonl")


def test_files_folders_globs_and_lists() -> None:
    Path("d/deep").mkdir(parents=True)
    for name in ("d/b.txt", "d/a.txt", "d/c.jsonl", "d/.hidden.txt", "d/notes.md", "d/deep/e.txt", "x[1].txt"):
        write_lines(name, [name])

    def names(spec: Any) -> list[str]:
        return [str(path) for path in expand(spec, key="data.train")]

    assert names("d/b.txt") == ["d/b.txt"]
    assert names("d") == ["d/a.txt", "d/b.txt", "d/c.jsonl"]
    assert names("d/*.txt") == ["d/a.txt", "d/b.txt"]
    assert names("d/**/*.txt") == ["d/a.txt", "d/b.txt", "d/deep/e.txt"]
    assert names(["d/c.jsonl", "d/[ab].txt"]) == ["d/c.jsonl", "d/a.txt", "d/b.txt"]
    assert names("x[1].txt") == ["x[1].txt"]


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_lines("a.txt", ["x"])
    assert expand("~/a.txt", key="input") == [tmp_path / "a.txt"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("d/trian.conll", r"^data\.train=d/trian\.conll: there is no such file .*Did you mean 'd/train\.conll'\?$"),
        ("nowhere/train.conll", r"^data\.train=nowhere/train\.conll: there is no such file or folder \(resolved to /"),
        ("d/*.csv", r"^data\.train=d/\*\.csv: no file matches"),
        ("empty", r"^data\.train=empty: the folder holds no file with a known ending \(\.conll, "),
        ("", r"^data\.train='': expected a path, a glob, a folder"),
        ([], r"^data\.train=\[\]: expected a path"),
        (["d/train.conll", 3], r"^data\.train=3: expected a path"),
    ],
)
def test_a_missing_file_is_named(spec: Any, message: str) -> None:
    Path("d").mkdir()
    Path("empty").mkdir()
    write_lines("d/train.conll", ["a\tO"])
    with pytest.raises(DataError, match=message):
        expand(spec, key="data.train")


def test_splits_are_read_from_all_their_files() -> None:
    first = write_jsonl("1.jsonl", [{"text": "a"}, {"text": "b"}])
    second = write_jsonl("2.jsonl", [{"text": "c"}])

    def found(**data: Any) -> dict[str, list[str]]:
        splits = read_splits(data_config(**data), ("train", "test"), demo=None, notes=Notes())
        return {name: [row.values["text"] for row in split.rows] for name, split in splits.items()}

    assert found(train=[first, second]) == {"train": ["a", "b", "c"]}
    assert found(train="*.jsonl", test=second) == {"train": ["a", "b", "c"], "test": ["c"]}
    assert texts("*.jsonl", limit=2) == ["a", "b"]


def test_what_a_folder_has_beside_the_data_is_reported() -> None:
    Path("d/deep").mkdir(parents=True)
    write_jsonl("d/a.jsonl", [{"text": "a"}])
    write_jsonl("d/deep/b.jsonl", [{"text": "b"}])

    def noted(train: Any) -> list[tuple[int, int, list[str]]]:
        notes = Notes()
        read_splits(data_config(train=train), ("train", "test"), demo=None, notes=notes)
        left = [one.values for one in notes if one.kind == kinds.ENTRIES_NOT_READ]
        return [(each["left_out"], each["entries"], each["names"]) for each in left]

    assert noted("d") == [(1, 2, ["deep/"])]
    assert noted("d/*.jsonl") == noted(["d/a.jsonl", "d/deep"]) == []
    for name in ("README.md", "LICENSE", "a.pdf", "b.pdf", "c.pdf", ".hidden"):
        write_lines(f"d/{name}", [name])
    assert noted(["d/deep", "d"]) == [(6, 7, ["LICENSE", "README.md", "a.pdf", "b.pdf", "c.pdf", "…"])]


@pytest.mark.parametrize("content", ["", "\n\n", "# only a comment\n", "-DOCSTART-\tO\n\n"])
def test_a_split_without_rows_is_an_error(content: str) -> None:
    Path("train.conll").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"^data\.train: there is no row in train\.conll[;.]") as refused:
        read_splits(data_config(train="train.conll"), ("train",), demo=None, notes=Notes())
    assert str(refused.value).endswith("; the file is empty.") == (content == "")


def test_a_file_that_is_lost_before_it_is_read_is_an_error() -> None:
    Path("a.txt").write_text("x\n", encoding="utf-8")
    rows = stream("a.txt", data_config(), Notes())
    Path("a.txt").unlink()
    with pytest.raises(DataError, match=r"^a\.txt: cannot be read \(No such file or directory\)"):
        list(rows)


def test_fingerprints_change_with_the_content_alone() -> None:
    a, b, c = Path("a"), Path("b"), Path("c")
    for path, content in ((a, "x"), (b, "x"), (c, "y")):
        path.write_text(content, encoding="utf-8")
    found = fingerprint([a, b, c])
    assert found["a"] == found["b"] != found["c"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a.png", "b.png"], r"a\.png is an image without a label\. .* one folder per class"),
        (["a.en", "a.de"], r"a\.en has no named columns, .* lines belong together use data=parallel\."),
    ],
)
def test_files_without_labels_are_refused_with_what_would_be_read(files: list[str], message: str) -> None:
    for name in files:
        Path(name).write_bytes(b"\x89PNG\r\n\x1a\n\0" if name.endswith(".png") else b"one\ntwo\n")
    with pytest.raises(DataError, match=message):
        read_splits(data_config(train=files), ("train",), demo=None, notes=Notes(), tagged=False)


def test_texts_in_a_folder_a_class_say_where_they_come_from() -> None:
    for name in ("cat/1", "dog/1"):
        Path("texts", name).parent.mkdir(parents=True)
        write_lines(f"texts/{name}.txt", [f"a {name}"])
    rows = list(stream("texts", data_config(), Notes()))
    assert [(row.values["label"], row.values["file"]) for row in rows] == [("cat", "cat/1.txt"), ("dog", "dog/1.txt")]
    with pytest.raises(DataError, match=r"known ending \([^)]*\), and no image\. .* a glob: texts/\*/\*\.txt\.$"):
        expand("texts", key="data.train")
    Path("texts/README.md").touch()
    with pytest.raises(DataError, match=r"One folder per class is read where no file is beside the folders \(README"):
        expand("texts", key="data.train")


def test_texts_without_labels_are_refused_where_a_row_needs_one() -> None:
    Path("texts").mkdir()
    write_lines("texts/1.txt", ["a cat", "sat on the mat"])
    with pytest.raises(DataError, match=r"^data\.train: texts/1\.txt has no named columns.*texts/cat/1"):
        read_splits(data_config(train="texts"), ("train",), demo=None, notes=Notes(), tagged=False)
    write_jsonl("texts/1.txt", [{"text": "a cat", "label": "cat"}])
    found = read_splits(data_config(train="texts"), ("train",), demo=None, notes=Notes(), tagged=False)
    assert [row.values["label"] for row in found["train"].rows] == ["cat"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": 1, "data": {"text": "a"}, "annotations": []}], "without an annotation"),
        ([{"id": 1, "data": {"text": "a"}, "annotations": [{"was_cancelled": True}]}], "cancelled"),
        ([{"text": "a", "answer": "ignore", "spans": []}], "did not accept"),
    ],
)
def test_a_split_whose_rows_are_all_left_out_says_why(rows: list[dict[str, Any]], words: str) -> None:
    write_jsonl("train.jsonl", rows)
    with pytest.raises(DataError, match=rf"^data\.train: there is no row in train\.jsonl; 1 row .*{words}"):
        read_splits(data_config(train="train.jsonl"), ["train"], demo=None, notes=Notes())
