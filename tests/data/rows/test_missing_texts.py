"""Texts that stand for a missing one, decided by the other texts."""

from typing import Any

import pytest

from data_helpers import counted, data_config, of_kind, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

LONG = [("Rita sleeps in Oslo.", "Rita sleeps."), ("Oslo is far away.", "Oslo is far.")]
WORDS = [("nán", "nan"), ("běi", "bei"), ("dōng", "dong")]


def read(
    pairs: list[tuple[Any, Any]], *, task: str = "translation", labelled: bool = True, unlabelled: str = "error"
) -> tuple[list[Any], Notes]:
    """The examples of rows with a source and a target, and what was noted."""
    notes = Notes()
    rows = [Row({"source": source, "target": target}, "a.csv", n) for n, (source, target) in enumerate(pairs, start=2)]
    reading = Reading(data_config().columns, labelled, notes, unlabelled)
    return shipped_task(task).read(rows, reading), notes


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [
        *[("A text of words.", mark, kinds.MISSING_TEXT) for mark in ("nan", "NaN", "<NA>", "NaT", "#N/A", "\\N")],
        *[(mark, "Words.", kinds.MISSING_TEXT) for mark in ("nan", " NaN ", "<NA>", "\\N")],
        ("A text of words.", ["nan"], kinds.MISSING_TEXT),
        *[("A text of words.", empty, kinds.HALF_A_PAIR) for empty in ("", " ", None, float("nan"))],
        *[(empty, "Words.", kinds.HALF_A_PAIR) for empty in ("", None, float("nan"))],
        ("A text of words.", [], kinds.NO_TARGETS),
    ],
)
@pytest.mark.parametrize("task", ["translation", "summarization"])
def test_a_row_without_a_source_or_a_target_is_refused_or_left_out(
    source: Any, target: Any, kind: FindingKind, task: str
) -> None:
    pairs = [*LONG, (source, target)]
    [found] = refused(read(pairs, task=task)[1])
    assert (found.kind, found.places) == (kind, ["a.csv:4"])
    examples, notes = read(pairs, task=task, unlabelled="drop")
    notes.raise_errors()
    assert len(examples) == 2
    assert [each for each in counted(notes) if each[1] == "drop"] == [(kind, "drop", 1, ["a.csv:4"])]


@pytest.mark.parametrize(
    ("pairs", "reported"),
    [
        ([*LONG, ("Who came?", "None")], 1),
        ([*LONG, ("Who came?", "N/A")], 1),
        ([*LONG, ("nan", "nan")], 1),
        ([*LONG, ("NaN", "NaN")], 1),
        (WORDS, 1),
        ([("naan", "nan"), ("no", "non")], 1),
        ([*LONG, ("nan bread", "Nan, the bread")], 0),
        ([*LONG, ("Nan", "Nan is a name.")], 0),
        ([*LONG, ("-", "?")], 0),
    ],
)
def test_what_may_be_a_text_is_kept_and_reported(pairs: list[tuple[Any, Any]], reported: int) -> None:
    examples, notes = read(pairs)
    notes.raise_errors()
    assert len(examples) == len(pairs)
    assert sum(each.count for each in notes if each.kind is kinds.ODD_TEXT) == reported


def test_marks_are_reported_in_prediction_too() -> None:
    examples, notes = read([("nan", "nan"), ("Oslo is far.", None)], labelled=False)
    notes.raise_errors()
    assert len(examples) == 2
    assert of_kind(notes, kinds.ODD_TEXT).places == ["a.csv:2"]


@pytest.mark.parametrize("labelled", [True, False])
def test_a_mark_for_a_text_with_a_label_is_reported(labelled: bool) -> None:
    notes = Notes()
    rows = [Row({"text": text, "label": "a"}, "a.csv", n) for n, text in enumerate(["nan", "Nan", "None", "x"], 2)]
    found = shipped_task("text-classification", pairs=False).read(rows, Reading(data_config().columns, labelled, notes))
    assert len(found) == 4
    assert [(each.values["mark"], each.places) for each in notes if each.kind is kinds.ODD_TEXT] == [
        ("nan", ["a.csv:2"]),
        ("None", ["a.csv:4"]),
    ]
