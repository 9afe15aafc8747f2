"""Texts and pairs of texts: which columns they are, said where rows have several."""

from typing import Any

import pytest

from conftest import read_jsonl, write_jsonl
from data_helpers import data_config, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.row_corpus import read_training_corpus
from ftk.errors import DataError


def pair_of(row: dict[str, Any], *, labelled: bool = True, columns: dict[str, Any] | None = None) -> tuple[Any, Notes]:
    """Both texts of a row that is read twice, and what was noted."""
    notes, task = Notes(), shipped_task("text-classification", pairs=True)
    rows = [Row({"label": "x", **row}, "rows.jsonl", number) for number in (1, 2)]
    first, _ = task.read(rows, Reading(columns or {}, labelled, notes))
    return (first.text, first.pair), notes


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("row", "others"),
    [
        ({"sentence1": "a", "sentence2": "b"}, None),
        ({"text": "c", "sentence1": "a", "sentence2": "b"}, ["text"]),
        ({"sentence": "c", "premise": "a", "hypothesis": "b"}, ["sentence"]),
        ({"text": "a b", "text_a": "a", "text_b": "b"}, ["text"]),
        ({"text": "id 5", "question1": "a", "question2": "b", "premise": "c"}, ["text", "premise"]),
        ({"premise": "a", "question2": "b"}, None),
        ({"text": "a", "pair": "b", "sentence": "c"}, ["sentence"]),
    ],
)
def test_the_first_text_is_that_of_the_second_one(
    row: dict[str, Any], others: list[str] | None, labelled: bool
) -> None:
    found, notes = pair_of(row, labelled=labelled)
    assert found == ("a", "b")
    if labelled and others is not None:
        said = of_kind(notes, kinds.COLUMN_CHOSEN)
        assert (said.policy, said.values["others"]) == ("partner", others)
    else:
        assert not any(finding.kind == kinds.COLUMN_CHOSEN for finding in notes)


def test_of_two_pairs_the_filled_one_is_read_whole() -> None:
    row = {"sentence1": "c", "sentence2": "", "premise": "a", "hypothesis": "b"}
    found, notes = pair_of(row)
    assert found == ("a", "b")
    said = [(one.values["role"], one.policy) for one in notes if one.kind == kinds.COLUMN_CHOSEN]
    assert said == [("pair", "filled"), ("text", "partner")]
    assert pair_of(row, columns={"text": "sentence1", "pair": "sentence2"})[0] == ("c", "")


def test_pairs_that_rows_have_in_turn_are_refused() -> None:
    task = shipped_task("text-classification", pairs=True)
    rows = [{"text": "a", "pair": "b", "label": "x"}, {"text": "a", "hypothesis": "b", "label": "x"}]
    numbered = [Row(row, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    with pytest.raises(DataError) as error:
        task.read(numbered, Reading({}, True, Notes()))
    assert [found.kind for found in error.value.findings] == [kinds.COMPETING_COLUMNS]


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"text": "a", "label": "x"}, {}),
        ({"text": "", "sentence": "a", "label": None, "category": "x"}, {"text": "sentence", "label": "category"}),
        ({"text": "a", "sentence": "b", "label": "x"}, {"text": "text"}),
    ],
)
def test_the_corpus_knows_the_columns_that_were_chosen_for_training(
    row: dict[str, Any], columns: dict[str, Any]
) -> None:
    label = "category" if "category" in row else "label"
    train = write_jsonl("train.jsonl", [row, {**row, label: "y"}])
    test = write_jsonl("test.jsonl", [{"text": "a", "label": "x"}])
    data = data_config(train=train, test=test, validation_share=0)
    assert read_training_corpus(data, shipped_task("text-classification"), Notes()).columns == columns


@pytest.mark.torch
@pytest.mark.slow
def test_a_model_reads_the_columns_that_were_chosen_for_it(ftk: Any) -> None:
    rows = [{"text": "", "sentence": f"good {number}", "label": "xy"[number % 2]} for number in range(6)]
    train = write_jsonl("train.jsonl", rows)
    words = ("model=tiny", "hardware=cpu", "debug=one-step", f"data.train={train}", "data.validation_share=0")
    result = ftk("finetune", "task=text-classification", *words, "run.dir=run")
    assert result.code == 0, result.err
    given = write_jsonl("in.jsonl", [{"text": "other", "sentence": "good"}])
    result = ftk("predict", "checkpoint=run/best", f"input={given}", "output=out.jsonl")
    assert result.code == 0, result.err
    assert read_jsonl("out.jsonl")[0]["text"] == "good"
