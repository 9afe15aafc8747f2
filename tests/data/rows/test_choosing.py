"""The column of a role is chosen once for a split, by what all its rows hold."""

from typing import Any

import pytest

from data_helpers import of_kind, refused, sentences, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.choosing import settle_columns
from ftk.errors import DataError

NAMES = {"label": ("label", "category", "class")}


def settled(rows: list[dict[str, Any]], files: list[str] | None = None, **columns: Any) -> tuple[Any, Notes]:
    """The column of the label, and what was noted."""
    notes = Notes()
    places = files or ["r.jsonl"] * len(rows)
    numbered = [Row(values, file, number) for number, (values, file) in enumerate(zip(rows, places, strict=True), 1)]
    return settle_columns(numbered, columns, NAMES, notes).get("label"), notes


BOTH = {"label": "pos", "category": "news"}


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{"label": "pos"}, {"label": "neg"}], None),
        ([{"category": "pos"}], None),
        ([BOTH, BOTH], "label"),
        ([{"label": None, "category": "news"}], "category"),
        ([{"label": "", "category": "news"}, {"label": "", "category": "blog"}], "category"),
        ([{"label": "a", "class": "a"}, {"label": "b", "class": "b"}], "label"),
        ([{"label": "a", "class": ""}, {"label": "b", "class": None}], "label"),
        ([{"label": 0, "category": "news"}, {"label": 1, "category": "blog"}], "label"),
        ([{"text": "a"}], None),
        ([], None),
    ],
)
def test_one_column_for_all_rows(rows: list[dict[str, Any]], column: str | None) -> None:
    found, notes = settled(rows)
    assert found == column
    assert not [finding for finding in notes if finding.severity == "error"]


@pytest.mark.parametrize(
    "rows",
    [
        [BOTH, BOTH, {"category": "news"}],
        [BOTH, {"label": "neg"}, {"category": "news"}],
        [{"label": "pos"}, {"category": "news"}],
        [{"label": "pos", "category": "news"}, {"label": None, "category": "news"}],
        [{"label": "", "category": "news"}, {"label": "x", "category": "blog"}],
    ],
)
def test_what_the_rows_do_not_say_is_refused_and_the_key_named(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(DataError) as error:
        settled(rows)
    [found] = error.value.findings
    assert found.kind == kinds.COMPETING_COLUMNS
    assert found.values["choices"] == "data.columns.label=label or data.columns.label=category"
    assert settled(rows, label="category")[0] == "category"


def test_each_file_may_have_a_column_of_its_own() -> None:
    found, _ = settled([{"label": "pos"}, {"category": "news"}], ["a.jsonl", "b.jsonl"])
    assert found is None


def test_of_two_columns_of_spans_the_filled_one_is_read() -> None:
    rows = [{"text": "Ada naps", "spans": [], "entities": [[0, 3, "PER"]]}, {"text": "no", "spans": [], "entities": []}]
    found, notes = sentences(rows)
    notes.raise_errors()
    assert [sentence.tags for sentence in found] == [["B-PER", "O"], ["O"]]


def test_two_columns_with_equal_spans_are_one() -> None:
    (sentence,), notes = sentences([{"text": "Ada naps", "spans": [[0, 3, "PER"]], "entities": [[0, 3, "PER"]]}])
    notes.raise_errors()
    assert sentence.tags == ["B-PER", "O"]
    assert of_kind(notes, kinds.COLUMN_CHOSEN).values["others"] == ["entities"]


def test_two_columns_of_other_spans_are_weighed_over_all_rows() -> None:
    rows = [
        {"text": "Ada naps", "spans": [], "entities": [[0, 3, "PER"]]},
        {"text": "Ada naps", "spans": [[4, 8, "ACT"]], "entities": []},
    ]
    with pytest.raises(DataError) as error:
        sentences(rows)
    assert error.value.findings[0].kind == kinds.COMPETING_COLUMNS
    (first, _), notes = sentences(rows, columns={"spans": "entities"})
    notes.raise_errors()
    assert first.tags == ["B-PER", "O"]


def test_two_columns_of_other_spans_in_every_row_are_refused() -> None:
    with pytest.raises(DataError) as error:
        sentences([{"text": "Ada naps", "spans": [[0, 3, "PER"]], "entities": [[4, 8, "ACT"]]}])
    assert error.value.findings[0].kind == kinds.COMPETING_COLUMNS


def test_of_two_columns_of_tags_the_one_that_marks_spans_is_read() -> None:
    rows = [{"tokens": ["Ada", "naps"], "tags": ["NNP", "VBZ"], "ner_tags": ["B-PER", "O"]}]
    (sentence,), notes = sentences(rows)
    notes.raise_errors()
    assert sentence.tags == ["B-PER", "O"]


def test_columns_that_all_mark_spans_are_weighed_and_the_others_are_said_not_to() -> None:
    words = ["Ada", "of", "Oslo", "naps"]
    outer, inner = ["B-PER", "I-PER", "I-PER", "O"], ["B-PER", "O", "B-LOC", "O"]
    row = {"tokens": words, "tags": ["NNP", "IN", "NNP", "VBZ"], "ner_tags": inner, "ner": outer}
    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert sentence.tags == outer
    assert of_kind(notes, kinds.TAG_COLUMNS).values["taken"] == "ner"
    assert of_kind(notes, kinds.COLUMN_CHOSEN).values["others"] == ["tags"]


def test_a_column_that_some_rows_lack_is_not_replaced_by_another() -> None:
    rows = [{"text": "Ada", "spans": [[0, 3, "PER"]]}, {"text": "Oslo", "spans": "Oslo"}]
    _, notes = sentences(rows)
    assert [found.kind for found in refused(notes)] == [kinds.SPANS_NOT_A_LIST]


TAGGED = {"tokens": ["Ada", "naps"], "text": "Ada naps", "tags": ["B-PER", "O"]}


@pytest.mark.parametrize(
    ("row", "columns", "tags", "policy"),
    [
        ({**TAGGED, "entities": [[0, 3, "PER"]]}, {}, ["B-PER", "O"], "tags"),
        ({**TAGGED, "entities": [[0, 3, "X"], [4, 8, "X"]]}, {}, ["B-PER", "O"], "tags"),
        ({**TAGGED, "entities": [[0, 3, "X"], [4, 8, "X"]]}, {"spans": "entities"}, ["B-X", "B-X"], None),
        ({**TAGGED, "entities": [[4, 8, "X"]]}, {"spans": "entities", "tags": "tags"}, ["B-PER", "O"], None),
        ({**TAGGED, "tags": ["O", "O"], "entities": [[4, 8, "X"]]}, {}, ["O", "B-X"], "spans"),
        ({**TAGGED, "entities": []}, {}, ["B-PER", "O"], None),
        ({**TAGGED, "label": "news"}, {}, ["B-PER", "O"], None),
        ({"tokens": ["a", "b"], "tags": ["O", "O"], "spans": [[0, 1, "X"], [1, 2, "X"]]}, {}, ["B-X", "B-X"], "spans"),
    ],
)
def test_tags_and_spans_are_weighed_and_the_choice_is_said(
    row: dict[str, Any], columns: dict[str, str], tags: list[str], policy: str | None
) -> None:
    (sentence, _), notes = sentences([row, row], columns=columns)
    notes.raise_errors()
    assert sentence.tags == tags
    assert [found.policy for found in notes if found.kind == kinds.TAGS_AND_SPANS] == (
        [] if policy is None else [policy]
    )


@pytest.mark.parametrize(
    ("source", "text", "is_refused"),
    [
        (lambda number: "CNN", lambda number: f"text {number}", True),
        (lambda number: "ab"[number % 2], lambda number: f"text {number}", True),
        (lambda number: f"source {number}", lambda number: f"text {number}", False),
        (lambda number: f"source {number}", lambda number: "CNN", False),
        (lambda number: f"source {number // 2}", lambda number: f"text {number}", False),
        (lambda number: "CNN", lambda number: "x", False),
    ],
)
def test_a_column_that_repeats_a_few_values_is_not_taken_for_the_texts(
    source: Any, text: Any, is_refused: bool
) -> None:
    task = shipped_task("summarization")
    rows = [{"source": source(n), "text": text(n), "summary": f"short {n}"} for n in range(12)]
    numbered = [Row(values, "r.jsonl", number) for number, values in enumerate(rows, 1)]
    notes = Notes()
    if is_refused:
        with pytest.raises(DataError) as error:
            task.read(numbered, Reading({}, True, notes))
        assert error.value.findings[0].values["choices"] == "data.columns.source=source or data.columns.source=text"
    else:
        task.read(numbered, Reading({}, True, notes))
        assert of_kind(notes, kinds.COLUMN_CHOSEN).values["column"] == "source"
    found = task.read(numbered, Reading({"source": "text"}, True, Notes()))
    assert [example.source for example in found] == [row["text"] for row in rows]


def test_a_text_that_repeats_beside_other_texts_is_refused() -> None:
    rows = [{"text": "en", "sentence": f"text {number}", "label": "xy"[number % 2]} for number in range(8)]
    numbered = [Row(values, "r.jsonl", number) for number, values in enumerate(rows, 1)]
    with pytest.raises(DataError) as error:
        shipped_task("text-classification", pairs=False).read(numbered, Reading({}, True, Notes()))
    assert [found.kind for found in error.value.findings] == [kinds.COMPETING_COLUMNS]
