"""Columns of rows: suggestions for a missing one, numbers, and names of labels."""

from decimal import Decimal
from typing import Any

import pytest

from data_helpers import counted, data_config, refused, sentences
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import RowFault
from ftk.data.rows.columns import find_column, number_of
from ftk.data.rows.label_names import name_of, read_names
from ftk.errors import DataError
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.shared.row_task import RowTask


def text_task(name: str, **changes: Any) -> RowTask:
    """A shipped task with some fields changed."""
    shipped = values_of(f"task/{name}")
    task = build_task({**shipped, **changes})
    assert isinstance(task, RowTask)
    return task


def read(
    *rows: dict[str, Any], task: str = "text-classification", labelled: bool = True, file: str = "a.csv", **columns: Any
) -> tuple[list[TextExample], Notes]:
    """What a task makes of rows, and what it notes on the way."""
    notes = Notes()
    numbered = [Row(values, file, number, cells=file == "a.csv") for number, values in enumerate(rows, start=1)]
    settings = data_config(columns=columns).columns
    settled = text_task(task)
    if labelled:
        settled = settled.resolve_auto(numbered, Reading(settings, True, notes))
    return settled.read(numbered, Reading(settings, labelled, notes)), notes


def refusal(*rows: dict[str, Any], **settings: Any) -> Finding:
    """The one finding that stops the run."""
    [found] = refused(read(*rows, **settings)[1])
    return found


@pytest.mark.parametrize(
    ("row", "columns", "hint"),
    [
        ({"Text": "x", "label": "a"}, {"text": "text"}, "Did you mean 'Text'?"),
        ({"Text": "x", "label": "a"}, {}, "Did you mean 'Text'?"),
        ({"text ": "x", "label": "a"}, {}, "Did you mean 'text '?"),
        ({"text": "x", "LABEL": "a"}, {}, "Did you mean 'LABEL'?"),
        ({"text1": "x", "text2": "y", "label": "a"}, {}, "Did you mean 'text1'?"),
        ({"text": "x", "sentiment": "a"}, {"label": "sentimnet"}, "Did you mean 'sentiment'?"),
        ({"a cat sat on it": "a dog", "7": "1"}, {}, "data.header=false"),
        ({"a": "x", "b": "y"}, {"text": 0}, "data.header=false"),
        ({"text,label": "Good,pos"}, {}, "Each line is one cell"),
        ({"text;label": "Good; really;pos"}, {}, "Each line is one cell"),
    ],
)
def test_a_column_that_is_not_there_is_answered_with_what_may_be_meant(
    row: dict[str, Any], columns: dict[str, Any], hint: str
) -> None:
    assert hint in refusal(row, **columns).values["hint"]


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"data": {"text": "x"}, "label": "a"}, {"text": "data.text"}),
        ({"a": {"b": {"c": {"d": "x"}}}, "label": "a"}, {"text": "a.b.c.d"}),
        ({"turns": [{"say": "no"}, {"say": "x"}], "label": "a"}, {"text": "turns.1.say"}),
        ({"turns": [{"say": "no"}, {"say": "x"}], "label": "a"}, {"text": "turns.-1.say"}),
        ({"texts": ["x", "no"], "label": "a"}, {"text": "texts.0"}),
        ({"data.text": "x", "data": {"text": "no"}, "label": "a"}, {"text": "data.text"}),
        ({"a.b": {"c.d": "x"}, "label": "a"}, {"text": "a.b.c.d"}),
        ({"a": {"b.c": "x", "b": {"d": "no"}}, "label": "a"}, {"text": "a.b.c"}),
        ({"text": "x", "meta": {"gold": [{"label": "a"}]}}, {"label": "meta.gold.0.label"}),
        ({"data": {"0": "x"}, "label": "a"}, {"text": "data.0"}),
        ({"data": '{"text": "x"}', "label": "a"}, {"text": "data.text"}),
        ({"data": "{'text': 'x'}", "label": "a"}, {"text": "data.text"}),
        ({"text": "x", "label": '[{"name": "a"}]'}, {"label": "label.0.name"}),
        ({"text": "x", "marks": [{"name": "a"}]}, {"label": "marks.name"}),
        ({"text": "x", "marks": "[{'name': 'a'}]"}, {"label": "marks.name"}),
        ({"text": "x", "label": [["a"], ["b"]]}, {"label": "label.0"}),
        (
            {"text": "x", "annotations": [{"result": [{"value": {"choices": ["a"]}}]}]},
            {"label": "annotations.0.result.0.value.choices.0"},
        ),
    ],
)
def test_a_key_inside_of_a_column_is_named_by_its_path(row: dict[str, Any], columns: dict[str, Any]) -> None:
    found, notes = read(row, {**row}, file="a.jsonl", **columns)
    notes.raise_errors()
    assert [(example.text, example.target) for example in found] == [("x", "a")] * 2


@pytest.mark.parametrize(
    "path", ["data.0", "data.text.0", "data", "texts.2", "texts.-3", "texts.text", "data.", ".text", "texts.1_0"]
)
def test_a_path_that_leads_nowhere_is_a_missing_column(path: str) -> None:
    found = refusal({"data": {"text": "x"}, "texts": ["a", "b"], "label": "a"}, text=path, file="a.jsonl")
    assert found.kind == (kinds.NOT_A_STRING if path == "data" else kinds.MISSING_COLUMN)


@pytest.mark.parametrize(
    ("row", "columns", "path"),
    [
        ({"data": {"text": "x"}, "label": "a"}, {}, "data.text"),
        ({"data": {"Text": "x"}, "label": "a"}, {"text": "text"}, "data.Text"),
        ({"data": {"deep": {"text": "x"}}, "label": "a"}, {"text": "data.text"}, "data.deep.text"),
        ({"text": "x", "meta": {"label": "a"}}, {}, "meta.label"),
        ({"data": {"body": "x"}, "label": "a"}, {"text": "data.bodi"}, "data.body"),
    ],
)
def test_a_key_inside_of_a_column_is_suggested(row: dict[str, Any], columns: dict[str, Any], path: str) -> None:
    assert f"Did you mean '{path}'?" in refusal(row, file="a.jsonl", **columns).values["hint"]


def test_entities_are_read_of_keys_inside_of_columns() -> None:
    row = {"data": {"text": "Rita sleeps"}, "gold": {"spans": [[0, 4, "PER"]]}}
    [found], notes = sentences([row], columns={"text": "data.text", "spans": "gold.spans"})
    notes.raise_errors()
    assert found.tags == ["B-PER", "O"]


@pytest.mark.parametrize("settings", [{"text": 0, "file": "a.jsonl"}, {"text": "body"}])
def test_nothing_is_guessed_where_nothing_speaks_for_it(settings: dict[str, Any]) -> None:
    assert refusal({"title": "x", "label": "a"}, **settings).values["hint"] == ""


def test_numbers_of_columns_are_no_header() -> None:
    with pytest.raises(RowFault) as fault:
        find_column(Row({"0": "x", "1": "y"}, "a.csv", 1, cells=True), "text", {"text": 5}, ())
    assert fault.value.values["hint"] == ""


def test_a_name_for_entities_is_answered_alike() -> None:
    _, notes = sentences([{"Tokens": ["a"], "tags": ["O"]}])
    [found] = refused(notes)
    assert "Did you mean 'Tokens'?" in str(found)


@pytest.mark.parametrize("value", ["1_0", "١", "1e", "", " ", "0x10", "nan", "1,5", None, True])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(RowFault) as fault:
        number_of(Row({"score": value}, "a.csv", 1), "score")
    assert fault.value.kind == kinds.NOT_A_NUMBER


@pytest.mark.parametrize(("value", "number"), [("10", 10), (" -1.5e-2 ", -0.015), (".5", 0.5), ("+3.", 3), (7, 7)])
def test_what_is_a_number(value: Any, number: float) -> None:
    assert number_of(Row({"score": value}, "a.csv", 1), "score") == number


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((0, 0.0, "0", "0.0", " 0.00 ", "-0.0"), "0"),
        ((-3, -3.0, "-3", "-3.0", Decimal("-3.00")), "-3"),
        ((True, "true", "True", "TRUE"), "true"),
        ((False, "False"), "false"),
        (("007",), "007"),
        (("np.int64(3)", "np.float32(3.0)", "tensor(3)", "tensor(3, device='cuda:0')", "numpy.uint8(3)"), "3"),
        (("np.bool_(True)",), "true"),
        (("np.str_('a b')",), "a b"),
        (("f(3)",), "f(3)"),
        (("1.5",), "1.5"),
        (("Yes",), "Yes"),
    ],
)
def test_a_label_has_one_name_however_its_file_writes_it(values: tuple[Any, ...], name: str) -> None:
    row = Row({}, "a.csv", 1)
    assert {name_of(value, row, "label", None) for value in values} == {name}


def test_names_that_are_given_are_kept_as_they_are_given() -> None:
    row = Row({}, "a.csv", 1)
    assert read_names([False, True]) == ["false", "true"]
    for value in (True, "true", "True"):
        assert name_of(value, row, "label", ["False", "True"]) == "True"
    assert [name_of(value, row, "label", ["ham", "spam"]) for value in (1, "1", 1.0, "1.0")] == ["spam"] * 4
    assert name_of("2.0", row, "label", ["1.0", "2.0"]) == "2.0"


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ({"name": "a"}, kinds.NOT_AN_OBJECT_PART),
        ([["a", "b"]], kinds.LABELS_IN_LISTS),
        ([{"name": "a"}], kinds.NOT_AN_OBJECT_PART),
        (["a", "b"], kinds.SEVERAL_LABELS),
        (0.5, kinds.NOT_A_LABEL),
        ("np.float64(0.5)", kinds.NOT_A_LABEL),
    ],
)
def test_what_is_no_label_of_one_class_is_refused(label: Any, kind: Any) -> None:
    assert refusal({"text": "x", "label": label}).kind is kind


def test_a_part_of_a_name_is_suggested() -> None:
    assert "'comment_text'" in refusal({"comment_text": "x", "label": "a"}).values["hint"]


@pytest.mark.parametrize("values", [("True", "False"), (True, False), ("true",)])
def test_truth_values_are_no_names_of_labels(values: tuple[Any, ...]) -> None:
    found = refusal(*({"text": "x", "room": value} for value in values), task="multi-label", label="room")
    assert (found.kind, found.count, found.values) == (task_kinds.TRUTH_VALUES, len(values), {"columns": "'[room]'"})
    assert found.places[0].startswith("a.csv:1: room=")


def test_a_column_of_0_and_1_named_alone_is_refused() -> None:
    rows = [{"text": "x", "room": value} for value in ("1", "0", "1.0")]
    with pytest.raises(DataError, match=r"data\.columns\.label='\[room\]'"):
        read(*rows, task="multi-label", label="room")
    found, notes = read(*rows, task="multi-label", label=["room"])
    notes.raise_errors()
    assert [example.target for example in found] == [("room",), (), ("room",)]
    assert read({"text": "x", "room": "0"}, {"text": "y", "room": "0,1"}, task="multi-label", label="room")[0]


@pytest.mark.parametrize("value", ["", " ", None])
def test_an_empty_cell_says_nothing_of_a_label(value: Any) -> None:
    rows = [{"text": "x", "a": "1", "b": "0"}, {"text": "y", "a": value, "b": "1"}]
    found = refusal(*rows, task="multi-label", label=["a", "b"])
    assert (found.kind, found.places) == (task_kinds.NOT_ZERO_OR_ONE, ["a.csv:2: a is empty"])


def test_empty_rows_to_predict_for_are_counted() -> None:
    found, notes = read({"text": "x"}, {"text": " "}, {"text": ""}, labelled=False)
    assert len(found) == 3
    assert counted(notes) == [(kinds.EMPTY_ROW, "predicted", 2, ["a.csv:2", "a.csv:3"])]
    rows, notes = sentences([{"text": ""}, {"text": "a"}], labelled=False)
    assert len(rows) == 2
    assert counted(notes) == [(kinds.EMPTY_ROW, "nothing_found", 1, ["rows.jsonl:1"])]


@pytest.mark.parametrize("value", [None, float("nan"), "", " "])
def test_a_row_without_a_text_is_an_empty_row(value: Any) -> None:
    found, notes = read({"text": value, "label": "a"}, {"text": "x", "label": "b"}, file="a.jsonl")
    notes.raise_errors()
    assert [example.key for example in found] == ["", "x"]
    assert refused(read({"text": None}, labelled=False, file="a.jsonl")[1])[0].kind is kinds.NOT_A_STRING


def test_not_a_text_is_reported_with_how_one_is_written() -> None:
    assert "whose text is not a string. A text stands in quotes in JSON" in str(refusal({"text": 3, "label": "a"}))
