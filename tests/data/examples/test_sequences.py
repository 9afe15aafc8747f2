"""Sources and targets: which columns they are read from, parallel files, and what is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Reason, Result, assert_refused, write_jsonl, write_lines
from data_helpers import counted, data_config, read
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sequences import SequenceExample, SequenceReader
from ftk.data.readers.parallel import parallel_files, read_parallel
from ftk.errors import DataError


def examples(
    *rows: dict[str, Any], labelled: bool = True, columns: dict[str, Any] | None = None, cells: bool = False
) -> tuple[list[SequenceExample], Notes]:
    """The examples of rows without faults, and the findings."""
    notes = Notes()
    numbered = [Row(row, "rows.jsonl", number, cells=cells) for number, row in enumerate(rows, start=1)]
    reader = SequenceReader(columns=data_config(columns=columns or {}).columns, labelled=labelled, notes=notes)
    found = reader.read(numbered)
    notes.raise_errors()
    return found, notes


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("source", "target"),
        ("text", "summary"),
        ("document", "tgt"),
        ("article", "highlights"),
        ("src", "translation"),
    ],
)
def test_columns_are_found_by_the_names_that_people_use(source: str, target: str) -> None:
    ([example], notes) = examples({"id": 7, source: "a long text", target: "short"})
    assert (example.source, example.targets, example.gold) == ("a long text", ("short",), "short")
    assert example.columns == {"id": 7}
    guessed = {role: name for role, name in (("source", source), ("target", target)) if role != name}
    assert [finding.values for finding in notes] == ([{"columns": guessed}] if guessed else [])


def test_the_config_names_columns_and_parts_of_them() -> None:
    row = {"translation": {"en": "a cat", "de": "eine Katze"}, "text": "kept", "source": "kept, too", "n": "2.5"}
    columns = {"source": "translation.en", "target": "translation.de", "weight": "n"}
    ([example], notes) = examples(row, columns=columns)
    assert (example.source, example.targets, example.weight) == ("a cat", ("eine Katze",), 2.5)
    assert example.columns == {"text": "kept", "source": "kept, too", "n": "2.5"}
    assert list(notes) == []


def test_parts_of_an_object_that_are_not_read_are_kept_and_an_unlabelled_row_may_lack_the_target() -> None:
    row = {"id": 1, "translation": {"en": "a cat", "de": "eine Katze", "fr": "un chat"}}
    columns = {"source": "translation.en", "target": "translation.de"}
    ([example], _) = examples(row, columns=columns)
    assert example.columns == {"id": 1, "translation": {"fr": "un chat"}}
    del row["translation"]["de"]  # type: ignore[attr-defined]
    ([example], _) = examples(row, columns=columns, labelled=False)
    assert (example.source, example.targets, example.gold) == ("a cat", None, None)
    assert example.columns == {"id": 1, "translation": {"fr": "un chat"}}


def test_an_object_that_nobody_named_a_part_of_is_hinted_at_or_no_target() -> None:
    row = {"translation": {"en": "a cat", "de": "eine Katze"}}
    with pytest.raises(DataError) as refused:
        examples(row)
    [found] = refused.value.findings
    assert (found.kind, found.values["role"], found.values["example"]) == (kinds.MISSING, "source", "translation.en")
    ([example], _) = examples(row, labelled=False, columns={"source": "translation.en"})
    assert (example.gold, example.columns) == (None, {"translation": {"de": "eine Katze"}})
    ([example], notes) = examples({"source": " "}, labelled=False)
    assert counted(notes) == [(kinds.EMPTY_ROW, "empty_text", 1, ["rows.jsonl:1"])]


def test_of_several_targets_the_first_is_learned_and_all_are_references() -> None:
    (found, notes) = examples({"source": "s", "target": ["one", "two"]}, {"source": "t", "target": ["three"]})
    assert [example.targets for example in found] == [("one", "two"), ("three",)]
    assert counted(notes) == [(kinds.SEVERAL_TARGETS, None, 1, [])]


def test_a_cell_of_a_table_may_spell_a_list_and_a_string_of_json_lines_may_not() -> None:
    rows = read('source,target\ns,"[""one"", ""two""]"\nt,"[1, 2]"\nu,"[so it begins"\n', "rows.csv").values
    (found, _) = examples(*rows, cells=True)
    assert [example.targets for example in found] == [("one", "two"), ("[1, 2]",), ("[so it begins",)]
    ([example], _) = examples({"source": "s", "target": '["one", "two"]'})
    assert example.targets == ('["one", "two"]',)


def test_unlabelled_rows_need_no_target_and_keep_the_one_that_they_have() -> None:
    (found, _) = examples({"text": "a"}, {"text": "", "n": 1}, {"text": "b", "target": ["x", ""]}, labelled=False)
    assert [example.targets for example in found] == [None, None, None]
    assert [example.gold for example in found] == [None, None, ["x", ""]]
    assert found[1].columns == {"n": 1}


def test_rows_that_are_empty_on_both_sides_are_no_fault() -> None:
    (found, _) = examples({"source": " ", "target": ""}, {"source": "", "target": None})
    assert [example.references for example in found] == [(), ()]


BROKEN: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "no source": ({"target": "t"}, (kinds.MISSING, {"role": "source"}), " has target"),
    "no target": ({"source": "s"}, (kinds.MISSING, {"role": "target"}), " has source"),
    "empty target": ({"source": "s", "target": " "}, (kinds.HALF_A_PAIR, {"empty": "target"}), ""),
    "null target": ({"source": "s", "target": None}, (kinds.HALF_A_PAIR, {"empty": "target"}), ""),
    "empty source": ({"source": "", "target": "t"}, (kinds.HALF_A_PAIR, {"empty": "source"}), ""),
    "null source": ({"source": None, "target": "t"}, (kinds.HALF_A_PAIR, {"empty": "source"}), ""),
    "number as source": ({"source": 3, "target": "t"}, (kinds.NOT_A_STRING, {"role": "source"}), ": source=3"),
    "number as target": ({"source": "s", "target": 3}, kinds.NOT_A_TARGET, ": target=3"),
    "empty list": ({"source": "s", "target": []}, kinds.NO_TARGETS, ""),
    "number in a list": ({"source": "s", "target": ["t", 4]}, kinds.NOT_A_TARGET, ": target 2 is 4"),
    "empty one in a list": ({"source": "s", "target": ["t", ""]}, kinds.EMPTY_TARGET_IN_LIST, ": target 2"),
    "object": (
        {"source": "s", "translation": {"de": "t"}},
        (kinds.NOT_AN_OBJECT_PART, {"role": "target", "example": "translation.de"}),
        ": translation has de",
    ),
    "source object": (
        {"text": {"en": "s"}, "target": "t"},
        (kinds.NOT_AN_OBJECT_PART, {"role": "source", "example": "text.en"}),
        ": text has en",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_rows_are_reported_with_their_place_before_anything_is_loaded(ftk: Any, fault: str) -> None:
    row, reason, place = BROKEN[fault]
    path = write_jsonl("train.jsonl", [{"source": "a", "target": "b"}, row])
    result: Result = ftk("finetune", "--json", "task=translation", "model=t5-tiny", f"data.train={path}")
    assert_refused(result, reason)
    assert result.findings[-1].places == [f"train.jsonl:2{place}"]
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("columns", "kind", "place"),
    [
        ({"source": "body"}, kinds.MISSING_COLUMN, " has text, translation"),
        ({"target": "translation.fr"}, kinds.MISSING_COLUMN, " has translation.en, translation.de"),
        ({"source": "text", "target": "text"}, kinds.SAME_COLUMN, ": 'text'"),
        ({"weight": "n"}, kinds.MISSING_COLUMN, " has text, translation"),
    ],
)
def test_missing_columns_are_reported(columns: dict[str, Any], kind: FindingKind, place: str) -> None:
    row = {"text": "s", "translation": {"en": "s", "de": "t"}}
    columns = {"source": "text", "target": "translation.de", **columns}
    with pytest.raises(DataError) as refused:
        examples(row, columns=columns)
    assert counted(refused.value.findings) == [(kind, None, 1, [f"rows.jsonl:1{place}"])]


def test_parallel_files_are_read_line_by_line() -> None:
    Path("a.en").write_bytes("one\r\n\ntwo words\n".encode("utf-8-sig"))
    Path("a.de").write_text("eins\n\nzwei Wörter", encoding="utf-8")
    rows = list(read_parallel(*parallel_files(["a.en", "a.de"], key="data.train"), "utf-8"))
    assert [row.values for row in rows] == [
        {"source": "one", "target": "eins"},
        {"source": "", "target": ""},
        {"source": "two words", "target": "zwei Wörter"},
    ]
    assert [row.where for row in rows][2] == "a.en:3 and a.de:3"


def test_parallel_files_of_different_length_are_refused_with_both_counts_whatever_is_read_of_them(ftk: Any) -> None:
    one, other = write_lines("a.en", "abcd"), write_lines("a.de", "abc")
    argv = ("task=translation", "model=t5-tiny", "data=parallel", f"data.train=[{one},{other}]", "data.limit=2")
    result: Result = ftk("finetune", *argv)
    assert result.code == 1
    assert "a.en has 4 lines, a.de has 3" in result.err


def test_a_line_without_its_other_half_is_reported_with_both_places(ftk: Any) -> None:
    one, other = write_lines("a.en", ["a", "", "c"]), write_lines("a.de", ["x", "y", "z"])
    argv = ("task=translation", "model=t5-tiny", "data=parallel", f"data.train=[{one},{other}]")
    result: Result = ftk("finetune", "--json", *argv)
    assert_refused(result, (kinds.HALF_A_PAIR, {"there": "target", "empty": "source"}))
    assert "a.en:2 and a.de:2" in result.err


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("a.en", "two files are read with data=parallel, the sources first: data.train=["),
        ("[a.en]", "two files are read with data=parallel"),
        ("[a.en,a.en,a.en]", "two files are read with data=parallel"),
        ("[a.en,b.de]", "here is no such file: b.de"),
        ("[a.en,a.en]", "oth are one file"),
    ],
)
def test_what_are_no_two_files_is_a_mistake_of_the_config(ftk: Any, spec: str, message: str) -> None:
    write_lines("a.en", ["a"])
    result: Result = ftk("finetune", "task=translation", "model=t5-tiny", "data=parallel", f"data.train={spec}")
    assert result.code == 1
    assert message in " ".join(result.err.split()).replace("Two files", "two files"), result.err
    assert "1 mistake in the configuration" in result.err


def test_a_file_of_rows_gives_the_same_as_two_parallel_ones() -> None:
    rows = [{"source": "a b", "target": "c"}, {"source": "d", "target": "e f"}]
    write_jsonl("rows.jsonl", rows)
    write_lines("a.en", [row["source"] for row in rows])
    write_lines("a.de", [row["target"] for row in rows])
    parallel = [row.values for row in read_parallel(Path("a.en"), Path("a.de"), "utf-8")]
    assert parallel == [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
