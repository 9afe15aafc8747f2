"""Predictions of ftk for rows of annotation tools: data again, with the labels that were read the first time."""

from typing import Any

import pytest

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.recognising import plain_rows
from ftk.data.rows.exports.wanted import MANY, Wanted

TEXTS = ("text", "pair", "label", "weight")
ENTITIES = ("text", "tokens", "tags", "spans", "sentence")
MARKED = [{"label": "PER", "start": 0, "end": 3, "text": "Ada"}]


def made(rows: list[dict[str, Any]], **wanted: Any) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The plain rows of a file, and what reading them found."""
    notes = Notes()
    columns = wanted.pop("columns", {})
    numbered = [Row(values, "export", number) for number, values in enumerate(rows, start=1)]
    return [row.values for row in plain_rows(numbered, Wanted(columns, **wanted), notes)], list(notes)


def record(row: dict[str, Any], column: str, predicted: Any, *, read: str) -> dict[str, Any]:
    """The record that evaluating writes for a row whose labels were read from a column."""
    others = {name: value for name, value in row.items() if name != read}
    return {**others, column: predicted, "score": 0.5, f"gold_{column}": row[read]}


@pytest.mark.parametrize("answers", ["ar", "ra", "rr", "aar", "air", "rra"])
@pytest.mark.parametrize("problem", [None, MANY])
def test_answers_about_one_label_are_the_same_again(answers: str, problem: str | None) -> None:
    given = {"a": "accept", "r": "reject", "i": "ignore"}
    rows = [
        {"text": f"text {number}", "label": "X", "answer": given[answer]} for number, answer in enumerate(answers * 20)
    ]
    wanted = {"roles": TEXTS, "problem": problem}
    first, _ = made(rows, **wanted)
    column, predicted = ("labels", ["X"]) if problem else ("label", "X")
    again, found = made([record(row, column, predicted, read="label") for row in first], **wanted)
    assert [row[column] for row in again] == [row["label"] for row in first]
    assert kinds.NOT_ACCEPTED not in [one.kind for one in found]


def test_other_spans_beside_a_gold_standard_are_no_second_control() -> None:
    row = {"id": 1, "text": "Ada", "annotation_id": 2, "lead_time": 3, "ner": MARKED, "mood": MARKED}
    [first], _ = made([row], roles=ENTITIES, columns={"spans": "ner"})
    [again], _ = made([record(first, "entities", [], read="ner")], roles=ENTITIES)
    assert again["entities"] == MARKED
    assert "spans" not in again


def test_what_was_rejected_is_no_gold_standard_of_an_earlier_prediction() -> None:
    row = {"text": "Ada", "entities": [], "gold_entities": MARKED, "answer": "reject", "_input_hash": 1}
    [predicted], _ = made([row], labelled=False)
    assert {"entities", "gold_entities"}.isdisjoint(predicted)
    assert made([row])[0] == []


def test_a_path_to_html_is_its_text() -> None:
    place = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3}
    value = {**place, "globalOffsets": {"start": 0, "end": 3}, "text": "Ada", "hypertextlabels": ["PER"]}
    result = {"from_name": "ner", "to_name": "text", "type": "hypertextlabels", "value": value}
    task = {"id": 1, "data": {"body": "<p>Ada</p>"}, "annotations": [{"result": [result]}]}
    [row], _ = made([task], roles=ENTITIES, columns={"text": "data.body"})
    [span] = row["spans"]
    assert row["data.body"] == row["body"]
    assert row["data.body"][span["start"] : span["end"]] == "Ada"
