"""Answers of Prodigy about one label or one span, and labels that doccano joins."""

from typing import Any

import pytest

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.recognising import plain_rows
from ftk.data.rows.exports.wanted import MANY, Wanted
from ftk.errors import DataError

TEXTS = ("text", "pair", "label", "weight")
ENTITIES = ("text", "tokens", "tags", "spans", "sentence")


def made(
    rows: list[dict[str, Any]], *, cells: bool = False, **wanted: Any
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The plain rows of a file, and what reading them found."""
    notes = Notes()
    numbered = [Row(values, "export", number, cells=cells) for number, values in enumerate(rows, start=1)]
    return [row.values for row in plain_rows(numbered, Wanted({}, **wanted), notes)], list(notes)


def answers(*found: tuple[str, str], text: str | None = None) -> list[dict[str, Any]]:
    return [
        {"text": text or f"text {number}", "label": label, "answer": answer, "_task_hash": number}
        for number, (label, answer) in enumerate(found)
    ]


A, R, IGNORED = "accept", "reject", "ignore"
LABELS = [
    # answers, labels of one label a row, labels of several
    ([("X", A), ("X", R)], ["X", "not X"], [["X"], []]),
    ([("X", R), ("X", R), ("X", A)], ["not X", "not X", "X"], [[], [], ["X"]]),
    ([("X", A), ("X", IGNORED), ("X", R)], ["X", "not X"], [["X"], []]),
    ([("X", A), ("X", A)], ["X", "X"], ["X", "X"]),
    ([("X", A), ("X", IGNORED)], ["X"], ["X"]),
    ([("X", A), ("Y", R)], ["X"], [["X"], []]),
    ([("X", A), ("Y", R), ("X", R), ("Y", A)], ["X", "Y"], [["X"], [], [], ["Y"]]),
    ([("X", R), ("X", R)], ["not X", "not X"], [[], []]),
    ([("not X", A), ("not X", R)], ["not X", "not not X"], [["not X"], []]),
    ([("X", A), *[("X", A)] * 30, ("X", R)], ["X"] * 31 + ["not X"], [["X"]] * 31 + [[]]),
]


@pytest.mark.parametrize(("given", "one", "several"), LABELS)
def test_a_rejected_label_is_a_negative(given: list[tuple[str, str]], one: list[str], several: list[Any]) -> None:
    assert [row["label"] for row in made(answers(*given), roles=TEXTS)[0]] == one
    assert [row["label"] for row in made(answers(*given), roles=TEXTS, problem=MANY)[0]] == several
    predicted = made(answers(*given), roles=TEXTS, labelled=False)[0]
    assert [row.get("label") for row in predicted] == [label if answer == A else None for label, answer in given]


def test_answers_about_one_text_are_one_row_with_several_labels() -> None:
    rows, findings = made(answers(("X", A), ("Y", R), ("Z", A), ("X", IGNORED), text="a"), roles=TEXTS, problem=MANY)
    assert [row["label"] for row in rows] == [["X", "Z"]]
    counts = {one.kind.id: one.count for one in findings if one.kind.counted}
    assert counts == {kinds.REJECTED_LABEL.id: 1, kinds.ANSWER_MERGED.id: 2, kinds.NOT_ACCEPTED.id: 1}


def test_rejected_rows_of_one_label_are_said() -> None:
    _, findings = made(answers(("X", A), ("X", R), ("X", R)), roles=TEXTS)
    [found] = [one for one in findings if one.kind == kinds.REJECTED_LABEL]
    assert (found.policy, found.count, found.values["opposite"]) == ("opposite", 2, "not X")


def test_answers_about_single_spans_are_refused_for_entities_alone() -> None:
    span = {"start": 0, "end": 3, "label": "PER"}
    rows = [
        {"text": "Ada in Oslo", "spans": [span], "answer": answer, "_is_binary": True, "label": "PER"}
        for answer in (A, R, A)
    ]
    with pytest.raises(DataError) as error:
        made(rows, roles=ENTITIES)
    assert [(found.kind, found.count) for found in error.value.findings] == [(kinds.SINGLE_SPANS, 3)]
    assert ["spans" in row for row in made(rows, roles=ENTITIES, labelled=False)[0]] == [True, False, True]
    complete = [{**row, "_is_binary": False} for row in rows]
    assert [row["spans"] for row in made(complete, roles=ENTITIES)[0]] == [[span], [span]]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["a#b", "a", "b"], [["a", "b"], "a", "b"]),
        (["a#b", "a"], [["a", "b"], "a"]),
        (["a#b", "b#c"], [["a", "b"], ["b", "c"]]),
        (["a#b#c", "c", ""], [["a", "b", "c"], "c", ""]),
        (["room price#staff", "staff"], [["room price", "staff"], "staff"]),
        (["", "b#c", "b"], ["", ["b", "c"], "b"]),
        (["a#b", "c"], ["a#b", "c"]),
        (["C#", "C", "F#"], ["C#", "C", "F#"]),
        (["#a", "a"], ["#a", "a"]),
        (["a", "b"], ["a", "b"]),
        (["#1", "#2"], ["#1", "#2"]),
    ],
)
@pytest.mark.parametrize("problem", [None, MANY])
def test_labels_that_doccano_joins_are_several(cells: list[str], expected: list[Any], problem: str | None) -> None:
    rows = [
        {"id": str(number), "text": f"t{number}", "label": cell, "Comments": ""} for number, cell in enumerate(cells)
    ]
    found, findings = made(rows, cells=True, roles=TEXTS, problem=problem)
    assert [row["label"] for row in found] == expected
    joined = sum(isinstance(label, list) for label in expected)
    assert sum(one.count for one in findings if one.kind == kinds.JOINED_LABELS) == joined


@pytest.mark.parametrize(("key", "value"), [("_is_binary", True), ("_view_id", "ner")])
def test_answers_about_spans_are_known_by_their_keys(key: str, value: Any) -> None:
    row = {"text": "Ada", "spans": [{"start": 0, "end": 3, "label": "PER"}], "answer": A, key: value}
    with pytest.raises(DataError):
        made([row], roles=ENTITIES)
    assert len(made([{**row, "_is_binary": False}], roles=ENTITIES)[0]) == 1
    assert len(made([row], roles=TEXTS)[0]) == 1


def test_rows_of_two_tools_in_one_file_are_read_by_each() -> None:
    both = {"text": "a", "label": "x", "answer": A, "Comments": ""}  # of Prodigy, which comes first, and of doccano
    other = {"id": "1", "text": "b", "label": "x#y", "Comments": ""}
    for rows in ([both], [both, other], [other, both], [other, {"text": "c", "label": "y", "Comments": ""}]):
        found, _ = made(rows, cells=True, roles=TEXTS)
        assert [row["text"] for row in found] == [row["text"] for row in rows]
