"""Columns that stand for one label each."""

from typing import Any

import pytest

from data_helpers import data_config, of_kind, refused
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.shared.row_task import RowTask

TOXIC = ["toxic", "obscene", "threat"]


def read(
    *rows: dict[str, Any], task: str = "multi-label", label: list[str] | None = None, **reading: Any
) -> tuple[list[Any], Notes]:
    """The targets of rows, and what was noted."""
    made, notes = build_task(values_of(f"task/{task}")), Notes()
    assert isinstance(made, RowTask)
    numbered = [Row({"text": f"t{n}", **row}, "a.csv", n, cells=True) for n, row in enumerate(rows, start=1)]
    settings = Reading(data_config(columns={"label": label}).columns, True, notes, **reading)
    with notes.of("train"):
        return [example.target for example in made.resolve_auto(numbered, settings).read(numbered, settings)], notes


def row(*values: Any) -> dict[str, Any]:
    """A row with the values of the labels."""
    return dict(zip(TOXIC, values, strict=True))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (("1", "0", "0"), ("toxic",)),
        ((1, 0, 1.0), ("toxic", "threat")),
        (("1.0", "0.0", "0"), ("toxic",)),
        ((True, False, True), ("toxic", "threat")),
        (("TRUE", "FALSE", "false"), ("toxic",)),
        (("yes", "No", "no"), ("toxic",)),
        (("Y", "N", "y"), ("toxic", "threat")),
        (("t", "f", "f"), ("toxic",)),
        (("0", "0", "0"), ()),
    ],
)
def test_a_column_says_whether_a_row_has_its_label(values: Any, labels: Any) -> None:
    targets, notes = read(row(*values), label=TOXIC)
    notes.raise_errors()
    assert targets == [labels]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (("-1", "-1", "-1"), kinds.UNLABELLED_ROW),
        ((-100, -100, -100), kinds.UNLABELLED_ROW),
        (("", "", ""), kinds.EMPTY_LABEL),
        ((None, None, None), kinds.EMPTY_LABEL),
        (("-1", "0", "1"), task_kinds.NOT_ZERO_OR_ONE),
        (("1", "", ""), task_kinds.NOT_ZERO_OR_ONE),
        (("x", "", "x"), task_kinds.NOT_ZERO_OR_ONE),
        (("0.83", "0.1", "0"), task_kinds.NOT_ZERO_OR_ONE),
        (("2", "0", "0"), task_kinds.NOT_ZERO_OR_ONE),
    ],
)
def test_a_row_that_does_not_say_it_is_refused_or_without_a_label(values: Any, kind: Any) -> None:
    targets, notes = read(row(1, 0, 1), row(*values), label=TOXIC, unlabelled="drop")
    assert targets == [("toxic", "threat")]
    assert of_kind(notes, kind).severity == ("error" if kind is task_kinds.NOT_ZERO_OR_ONE else "warning")


def test_columns_of_0_and_1_are_named_where_no_column_has_labels() -> None:
    rows = [{"id": "7", **row(1, 0, 1)}, {"id": "1", **row(0, 0, 0)}]
    for task in ("multi-label", "text-classification"):
        [found] = refused(read(*rows, task=task)[1])
        assert (found.kind, found.values["listed"]) == (task_kinds.LABELS_IN_COLUMNS, "'[toxic,obscene,threat]'")
    assert read(*rows, label=TOXIC)[0] == [("toxic", "threat"), ()]
    assert read({"labels": "a", **row(1, 0, 1)})[0] == [("a",)]


def test_one_of_several_columns_is_the_class_of_a_row() -> None:
    targets, notes = read(row(1, 0, 0), row(0, 0, 1), task="text-classification", label=TOXIC)
    notes.raise_errors()
    assert targets == ["toxic", "threat"]
    found = refused(read(row(1, 0, 1), row(0, 0, 0), task="text-classification", label=TOXIC)[1])
    assert [(each.kind, each.values["found"]) for each in found] == [
        (task_kinds.NOT_ONE_LABEL, 2),
        (task_kinds.NOT_ONE_LABEL, 0),
    ]
