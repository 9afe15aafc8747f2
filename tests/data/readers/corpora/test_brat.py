"""Documents of brat as rows of spans, and as rows of relations."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, data_config, ner_task, of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits, stream
from ftk.errors import DataError

TEXT = "Rita Kos\nsleeps in Oslo.\n"


def document(name: str, text: str | bytes, *lines: str, ending: str = ".ann") -> None:
    """One document in the folder brat."""
    Path("brat").mkdir(exist_ok=True)
    Path(f"brat/{name}.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    Path(f"brat/{name}{ending}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read(train: Any = "brat", roles: tuple[str, ...] = ()) -> tuple[list[dict[str, Any]], Notes]:
    notes = Notes()
    tagged = "head" not in roles
    config = data_config(train=train)
    rows = read_splits(config, ("train",), demo=None, notes=notes, tagged=tagged, roles=roles)["train"].rows
    return [row.values for row in rows], notes


def spans(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Each span's text at its offsets, and its label."""
    return [(row["text"][span["start"] : span["end"]], span["label"]) for span in row["spans"]]


@pytest.mark.parametrize("train", ["brat", "brat/*.txt", "brat/a.txt", "brat/a.ann", "brat/*", ["brat/a.ann"]])
def test_a_document_is_a_row_with_its_spans(train: Any) -> None:
    document("a", TEXT, "T1\tPER 0 8\tRita Kos", "T2\tLOC 19 23\tOslo")
    [row], notes = read(train)
    assert spans(row) == [("Rita Kos", "PER"), ("Oslo", "LOC")]
    assert row["id"] == "a"
    assert not [one for one in notes if one.kind == kinds.ENTRIES_NOT_READ]
    [sentence] = ner_task().read(
        read_splits(data_config(train=train), ("train",), demo=None, notes=Notes())["train"].rows,
        Reading({}, True, Notes()),
    )
    assert sentence.tags == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


@pytest.mark.parametrize(
    ("text", "lines", "found"),
    [
        ("😀 小明在北京", ["T1\tPER 2 4\t小明"], [("小明", "PER")]),
        ("😀 小明在北京", ["T1\tPER 3 5\t小明"], [("小明", "PER")]),
        ("小明在北京", ["T1\tLOC 9 15\t北京"], [("北京", "LOC")]),
        ("Rita\r\nKos in Oslo", ["T1\tLOC 13 17\tOslo"], [("Oslo", "LOC")]),
        ("Rita\r\nKos in Oslo", ["T1\tLOC 12 16\tOslo"], [("Oslo", "LOC")]),
        ("\ufeffRita sleeps", ["T1\tPER 0 4\tRita"], [("Rita", "PER")]),
        ("Rita\nKos", ["T1\tPER 0 8\tRita Kos"], [("Rita\nKos", "PER")]),
        ("Anna und Rita Kos", ["T1\tPER 0 4;14 17\tAnna Kos"], [("Anna und Rita Kos", "PER")]),
        ("Rita", [], []),
        ("Rita", ["T1\tPER 0 4"], [("Rita", "PER")]),
    ],
)
def test_offsets_are_counted_as_the_texts_of_the_spans_say(
    text: str, lines: list[str], found: list[tuple[str, str]]
) -> None:
    document("a", text, *lines)
    [row], _ = read()
    assert spans(row) == found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T1\tPER 5 9\tRita", r"^brat/a\.ann:1: the span is 'Rita', and at its offsets stands 'Kos\\n'"),
        ("T1\tPER 0 99\tRita", r"^brat/a\.ann:1: the span 0-99 is outside the text"),
        ("T1\tPER 4 4\t", r"^brat/a\.ann:1: the span 4-4 is outside"),
        ("T1 PER 0 4 Rita", r"^brat/a\.ann:1: this is not a span of brat"),
        ("T1\tPER zero 4\tRita", r"^brat/a\.ann:1: this is not a span of brat"),
        ("Rita B-PER", r"^brat/a\.ann:1: this is not a relation of brat"),
        ("X1\tPER 0 4\tRita", r"^brat/a\.ann:1: this is not an annotation of brat"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, message: str) -> None:
    document("a", TEXT, line)
    with pytest.raises(DataError, match=message):
        read()


def test_annotations_without_their_text_are_named() -> None:
    document("a", TEXT, "T1\tPER 0 8\tRita Kos")
    Path("brat/a.txt").unlink()
    for train in ("brat/a.ann", "brat/*"):
        with pytest.raises(DataError, match=r"^brat/a\.ann: .* text brat/a\.txt is not there"):
            read(train)
    with pytest.raises(DataError, match=r"a\.ann \(no text of that name\)"):
        read()


def test_what_is_not_a_span_is_counted() -> None:
    others = ["R1\tLives Arg1:T1 Arg2:T2", "E1\tMove:T1 Theme:T2", "A1\tSure E1", "N1\tReference T1 Wiki:1\tRita"]
    more = ["#1\tAnnotatorNotes T1\tsic", "*\tEquiv T1 T2", "M1\tNegation T1"]
    document("a", TEXT, "T1\tPER 0 8\tRita Kos", "T2\tLOC 19 23\tOslo", *others, *more)
    document("b", TEXT, "T1\tPER 0 4;19 23\tRita Oslo")
    Path("brat/c.txt").write_text("Nobody looked.")
    Path("brat/d.ann").write_text("")
    Path("brat/annotation.conf").write_text("[entities]")
    rows, notes = read()
    assert len(rows) == 2
    assert {one.values["what"]: one.count for one in notes if one.kind == kinds.ANNOTATION_NOT_READ} == {
        "relations": 1,
        "events": 1,
        "attributes": 2,
        "normalizations": 1,
        "notes": 1,
        "equivalences": 1,
    }
    assert of_kind(notes, kinds.DISCONTINUOUS_SPAN).places == ["brat/b.ann:1: 'Rita Oslo'"]
    assert of_kind(notes, kinds.WITHOUT_ANNOTATIONS).places == ["brat/c.txt"]
    assert of_kind(notes, kinds.ENTRIES_NOT_READ).values["names"] == ["annotation.conf", "d.ann"]
    texts = [row.values["text"] for row in stream("brat", data_config(), Notes())]
    assert texts == [TEXT, TEXT, "Nobody looked."]


def test_relations_are_rows_of_a_head_and_a_tail() -> None:
    document(
        "a",
        TEXT,
        "T1\tPER 0 8\tRita Kos",
        "T2\tLOC 19 23\tOslo",
        "T3\tSleep 9 15\tsleeps",
        "T4\tPER 0 4\tRita",
        "R1\tLives Arg1:T1 Arg2:T2",
        "R2\tDoes Theme:T2 Cause:E1",
        "R3\tPart Arg1:T4 Arg2:T1",
        "E1\tSleep:T3",
    )
    Path("brat/b.txt").write_text("Nobody looked.")
    rows, notes = read(roles=("text", "head", "tail", "label"))
    ends = [tuple(row["text"][row[role]["start"] : row[role]["end"]] for role in ("head", "tail")) for row in rows]
    assert [(row["label"], *end) for row, end in zip(rows, ends, strict=True)] == [
        ("Lives", "Rita Kos", "Oslo"),
        ("Does", "Oslo", "sleeps"),
    ]
    assert of_kind(notes, kinds.RELATION_OF_ONE_PLACE).places == ["brat/a.ann:7"]
    document("a", TEXT, "T1\tPER 0 8\tRita Kos", "R1\tLives Arg1:T1 Arg2:T9")
    with pytest.raises(DataError, match=r"^brat/a\.ann:2: the relation names T9"):
        read(roles=("head",))


def test_the_two_files_of_the_bionlp_shared_tasks_are_one() -> None:
    document("a", TEXT, "T1\tPER 0 8\tRita Kos", ending=".a1")
    Path("brat/a.a2").write_text("T2\tSleep 9 15\tsleeps\nE1\tSleep:T2 Theme:T1\n")
    [row], _ = read()
    assert spans(row) == [("Rita Kos", "PER"), ("sleeps", "Sleep")]


@SOME
@given(
    words=st.lists(st.text(st.sampled_from("aé小😀Ω"), min_size=1, max_size=4), min_size=1, max_size=8),
    between=st.sampled_from([" ", "\n", "\r\n"]),
    unit=st.sampled_from(["characters", "utf-16-le", "utf-8"]),
)
def test_every_word_is_found_in_every_unit(words: list[str], between: str, unit: str) -> None:
    text, lines = between.join(words), []
    at = 0
    for number, word in enumerate(words, start=1):
        size = 2 if unit == "utf-16-le" else 1
        start, end = (
            end if unit == "characters" else len(text[:end].encode(unit)) // size for end in (at, at + len(word))
        )
        lines.append(f"T{number}\tX {start} {end}\t{word}")
        at += len(word) + len(between)
    document("a", text, *lines)
    [row], _ = read()
    assert [found for found, _ in spans(row)] == words
