"""Folders of BEIR and files of triples as rows for ranking."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from conftest import write_jsonl, write_lines
from data_helpers import data_config, of_kind
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.examples.rankings import RankingReader
from ftk.data.readers.one_file import read_file
from ftk.data.readers.splits import read_splits, stream
from ftk.errors import DataError

ROLES = ("query", "candidate", "negatives", "label")


def folder(train: list[str], **others: list[str]) -> None:
    """A folder of BEIR with three documents and two queries."""
    Path("b/qrels").mkdir(parents=True, exist_ok=True)
    corpus = [("d1", "Oslo", "A city."), ("d2", "", "A river."), ("d3", "Alps", "Mountains.")]
    write_jsonl("b/corpus.jsonl", [{"_id": name, "title": title, "text": text} for name, title, text in corpus])
    write_jsonl("b/queries.jsonl", [{"_id": name, "text": f"what is {name}"} for name in ("q1", "q2")])
    for split, lines in {"train": train, **others}.items():
        write_lines(f"b/qrels/{split}.tsv", lines)


def read(train: Any = "b", **data: Any) -> tuple[dict[str, list[dict[str, Any]]], Notes]:
    notes = Notes()
    config = data_config(train=train, **data)
    splits = read_splits(config, ("train", "validation", "test"), demo=None, notes=notes, tagged=False, roles=ROLES)
    return {name: [row.values for row in split.rows] for name, split in splits.items()}, notes


HEADER = "query-id\tcorpus-id\tscore"


@pytest.mark.parametrize("train", ["b", "b/qrels/train.tsv"])
def test_judgements_become_queries_with_their_documents(train: str) -> None:
    folder([HEADER, "q1\td1\t1", "q1\td2\t1", "q2\td3\t1"], dev=[HEADER, "q2\td3\t2"], test=["q1 0 d1 1", "q1 0 d3 0"])
    found, notes = read(train)
    assert found["train"] == [
        {"query": "what is q1", "positive": "Oslo A city.", "query_id": "q1", "candidate_id": "d1"},
        {"query": "what is q1", "positive": "A river.", "query_id": "q1", "candidate_id": "d2"},
        {"query": "what is q2", "positive": "Alps Mountains.", "query_id": "q2", "candidate_id": "d3"},
    ]
    if train == "b":
        assert [(row["candidate_id"], row["label"]) for row in found["test"]] == [("d1", 1), ("d3", 0)]
        assert of_kind(notes, kinds.GRADES_NOT_READ).values["file"] == "b/qrels/dev.tsv"
        assert [*found] == ["train", "validation", "test"]
        assert not [one for one in notes if one.kind == kinds.ENTRIES_NOT_READ]
    rows = read_splits(data_config(train="b"), ("train",), demo=None, notes=notes, roles=ROLES)["train"].rows
    examples = RankingReader(columns={}, labelled=True, notes=Notes()).read(rows)
    assert examples[0].candidates == ("Oslo A city.",)


def test_judgements_of_unknown_texts_are_counted() -> None:
    folder([HEADER, "q1\td1\t1", "q1\tgone\t1", "nobody\td1\t1"])
    found, notes = read()
    assert len(found["train"]) == 1
    unknown = [(one.values["file"], one.places) for one in notes if one.kind == kinds.JUDGED_UNKNOWN]
    assert unknown == [("corpus.jsonl", ["b/qrels/train.tsv:3"]), ("queries.jsonl", ["b/qrels/train.tsv:4"])]


def test_compressed_documents() -> None:
    folder([HEADER, "q1\td1\t1"])
    Path("b/corpus.jsonl.gz").write_bytes(gzip.compress(Path("b/corpus.jsonl").read_bytes()))
    Path("b/corpus.jsonl").unlink()
    assert read()[0]["train"][0]["positive"] == "Oslo A city."


@pytest.mark.parametrize("line", ["q1\td1\tmany", "q1\td1", "q1\td1\tnan", "q1"])
def test_a_line_that_is_no_judgement_is_named(line: str) -> None:
    folder([HEADER, line])
    with pytest.raises(DataError, match=r"^b/qrels/train\.tsv:2: this is not a judgement"):
        read()


def test_a_folder_without_the_split_is_refused() -> None:
    folder([HEADER, "q1\td1\t1"])
    Path("b/qrels/train.tsv").rename("b/qrels/test.tsv")
    with pytest.raises(DataError, match=r"^data\.train=b: the folder holds no train split"):
        read()


def test_the_documents_are_read_as_candidates_as_in_training() -> None:
    folder([HEADER, "q1\td1\t1"])
    rows = read_file("b/corpus.jsonl", Format.auto, data_config(), Notes())
    assert [row.values["text"] for row in rows] == ["Oslo A city.", "A river.", "Alps Mountains."]


def test_the_queries_are_what_is_predicted_for() -> None:
    folder([HEADER, "q1\td1\t1"])
    rows = stream("b", data_config(), Notes(), ROLES)
    assert [row.values["text"] for row in rows] == ["what is q1", "what is q2"]


@pytest.mark.parametrize("name", ["triples.tsv", "train.small.tsv", "triples.txt", "t.tsv.gz"])
def test_triples_without_a_header(name: str) -> None:
    lines = ["what is Oslo\tA city.\tA river.", "where are Alps\tIn Europe.\tA city."]
    content = "".join(f"{line}\n" for line in lines).encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    found, notes = read(name)
    assert found["train"][0] == {"query": "what is Oslo", "positive": "A city.", "negatives": ["A river."]}
    assert len(found["train"]) == 2
    assert of_kind(notes, kinds.TRIPLES).values["file"] == name
    [row] = [*stream(name, data_config(limit=1), Notes(), ROLES)]
    assert row.values["query"] == "what is Oslo"


def test_triples_of_a_label_are_pairs() -> None:
    write_lines("t.tsv", ["what is Oslo\tA city.\t1", "what is Oslo\tA river.\t0"])
    found, _ = read("t.tsv")
    assert [row["label"] for row in found["train"]] == ["1", "0"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1\t2\t3", "4\t5\t6"], r"^t\.tsv:1: these are numbers of texts"),
        (["what is it?\ta b\tc d"] * 30 + ["only\ttwo"], r"^t\.tsv:31: 2 columns in a file of triples"),
    ],
)
def test_triples_that_cannot_be_read_are_named(lines: list[str], message: str) -> None:
    write_lines("t.tsv", lines)
    with pytest.raises(DataError, match=message):
        read("t.tsv")


@pytest.mark.parametrize("header", ["query\tpositive\tnegative", "frage\tgut\tschlecht"])
def test_a_table_with_a_header_is_no_file_of_triples(header: str) -> None:
    write_lines("t.tsv", [header, "what is Oslo\tA city.\tA river."])
    found, _ = read("t.tsv")
    assert [*found["train"][0].values()] == ["what is Oslo", "A city.", "A river."]
    notes = Notes()
    rows = read_splits(data_config(train="t.tsv"), ("train",), demo=None, notes=notes, roles=ROLES)["train"].rows
    assert bool(RankingReader(columns=Reading({}, True, notes).columns, labelled=True, notes=notes).read(rows)) == (
        header.startswith("query")
    )
