"""What the offsets of answers count, found by the texts of the answers."""

from typing import Any

import pytest

from data_helpers import data_config, of_kind, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

FAMILY = "👩\u200d👧"


def read(
    answers: list[tuple[str, str, int]], *, labelled: bool = True, offsets: str = "auto", files: list[str] | None = None
) -> tuple[list[Any], Notes]:
    """The examples of a context, an answer and its offset each."""
    rows = [
        Row({"question": "Who?", "context": context, "answers": [{"text": text, "start": start}]}, file, line)
        for line, ((context, text, start), file) in enumerate(
            zip(answers, files or ["a.jsonl"] * len(answers), strict=True), start=1
        )
    ]
    notes = Notes()
    return shipped_task("question-answering").read(
        rows, Reading(data_config().columns, labelled, notes, offsets=offsets)
    ), notes


UNITS = [
    ("😀 Ada naps", "Ada", 3, "UTF-16 units"),
    ("😀😀 in Oslo", "Oslo", 8, "UTF-16 units"),
    ("𝔘 Ada naps", "Ada", 3, "UTF-16 units"),
    ("né à Oslo", "Oslo", 7, "UTF-8 bytes"),
    ("小明 Ada", "Ada", 7, "UTF-8 bytes"),
    ("😀 Ada", "Ada", 5, "UTF-8 bytes"),
    (f"{FAMILY} Ada", "Ada", 2, "grapheme clusters"),
    ("👍🏽👍🏽 Ada", "Ada", 3, "grapheme clusters"),
    ("one\r\ntwo Ada", "Ada", 8, "characters, a line end as one"),
    ("one\ntwo Ada", "Ada", 9, "characters, a line end as two"),
    ("😀😀\r\nAda", "Ada", 5, "UTF-16 units, a line end as one"),
]


@pytest.mark.parametrize(("context", "text", "start", "unit"), UNITS)
@pytest.mark.parametrize("labelled", [False, True])
def test_the_unit_is_found(context: str, text: str, start: int, unit: str, labelled: bool) -> None:
    (example,), notes = read([(context, text, start)], labelled=labelled)
    notes.raise_errors()
    assert example.gold == [{"text": text, "start": context.index(text)}]
    assert of_kind(notes, kinds.ANSWER_OFFSETS).values["what"] == unit


def test_each_file_has_its_own() -> None:
    answers = [("😀 Ada naps", "Ada", 3), ("😀 Ada naps", "Ada", 2), ("one\r\nAda", "Ada", 4)]
    found, notes = read(answers, files=["studio.json", "squad.json", "tool.json"])
    notes.raise_errors()
    assert [one.gold[0]["start"] for one in found] == [2, 2, 5]
    said = [one for one in notes if one.kind == kinds.ANSWER_OFFSETS]
    assert [one.values["files"] for one in said] == ["studio.json", "tool.json"]


def test_characters_are_taken_if_they_fit_as_well() -> None:
    (example,), notes = read([("😀 Ada Ada", "Ada", 6)])
    assert (example.gold, list(notes)) == ([{"text": "Ada", "start": 6}], [])


def test_an_answer_that_no_unit_explains_is_refused_and_no_gold_standard() -> None:
    answers = [("😀 Ada naps", "Ada", 3), ("😀 Ada naps", "Ada", 3), ("😀 Ada naps", "Ada", 6)]
    _, notes = read(answers)
    [found] = refused(notes)
    assert (found.kind, found.count) == (kinds.MISPLACED_ANSWER, 1)
    found, notes = read(answers, labelled=False)
    assert [one.gold for one in found] == [[{"text": "Ada", "start": 2}]] * 2 + [None]
    assert of_kind(notes, kinds.GOLD_LEFT_OUT).places == ["a.jsonl:3"]


def test_the_unit_of_the_config_wins() -> None:
    answers = [("😀 Ada Ada", "Ada", 3)]
    (example,), notes = read(answers, offsets="utf16")
    assert (example.gold, list(notes)) == ([{"text": "Ada", "start": 2}], [])
    _, notes = read(answers, offsets="characters")
    [found] = refused(notes)
    assert found.kind == kinds.MISPLACED_ANSWER
