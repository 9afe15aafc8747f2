"""The targets of regression: how cells spell them, and rows without one."""

from typing import Any

import pytest

from data_helpers import data_config, of_kind, refused
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.numbers import Decimal
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.regression import Regression


def read(
    *scores: Any, test: list[Any] | None = None, unlabelled: str = "error", label: Any = None, decimal: str = "auto"
) -> tuple[list[list[float]], Notes, Regression]:
    """The targets of rows, of a test split if one is given, what was noted, and the task after training."""
    task, notes = build_task({**values_of("task/regression"), "decimal": decimal}), Notes()
    assert isinstance(task, Regression)
    reading = Reading(data_config(columns={"label": label}).columns, True, notes, unlabelled)
    rows = [Row({"text": str(n), "score": score}, "a.csv", n, cells=True) for n, score in enumerate(scores, start=2)]
    task = task.resolve_auto(rows, reading)
    examples = task.read(rows, reading)
    if test is not None:
        rows = [Row({"text": str(n), "score": score}, "b.csv", n, cells=True) for n, score in enumerate(test, start=2)]
        examples = task.read(rows, reading)
    return [list(example.target.values()) for example in examples], notes, task


@pytest.mark.parametrize(
    ("scores", "found", "kind"),
    [
        (["3,5", "2", "1,250"], [3.5, 2, 1.25], task_kinds.DECIMAL_COMMA),
        (["1.234,5", "2,25"], [1234.5, 2.25], task_kinds.THOUSANDS),
        (["1,234.5", "1,250"], [1234.5, 1250], task_kinds.THOUSANDS),
        (["1 234", "2"], [1234, 2], task_kinds.THOUSANDS),
        (["50%", "3.5 %"], [50, 3.5], task_kinds.PERCENT),
    ],
)
def test_numbers_are_read_as_all_of_them_say_and_reported(scores: list[str], found: list[float], kind: Any) -> None:
    targets, notes, _ = read(*scores)
    notes.raise_errors()
    assert targets == [[number] for number in found]
    assert kind in [each.kind for each in notes]


def test_usual_numbers_are_not_reported() -> None:
    targets, notes, task = read("3.5", "-2", "1e3", "4000.5", 3)
    notes.raise_errors()
    assert targets == [[3.5], [-2], [1000], [4000.5], [3]]
    assert [each.kind for each in notes] == [kinds.COLUMNS_FOUND]
    assert task.decimal is Decimal.point


@pytest.mark.parametrize(
    ("scores", "kind", "places"),
    [
        (["1,250", "3,400"], task_kinds.SIGN_IN_NUMBER, 2),
        (["3,5", "3.5"], task_kinds.SIGN_IN_NUMBER, 1),
        (["50%", "3.5"], task_kinds.SOME_PERCENT, 1),
        ([[1, 2], [3, 4]], task_kinds.LIST_OF_NUMBERS, 2),
        (["2020-01-01", "2"], kinds.NOT_A_NUMBER, 1),
        ([True, False], kinds.NOT_A_NUMBER, 2),
        *[([mark, "2"], kinds.MISSING_LABEL, 1) for mark in ("nan", "NaN", "<NA>", "-", "N/A", "None", "\\N")],
        *[([empty, "2"], kinds.EMPTY_LABEL, 1) for empty in ("", " ", None, float("nan"))],
    ],
)
def test_what_is_no_number_is_refused(scores: list[Any], kind: Any, places: int) -> None:
    [found] = refused(read(*scores)[1])
    assert (found.kind, len(found.places)) == (kind, places)


def test_the_way_out_of_each_refusal_works() -> None:
    assert read("1,250", "3,400", decimal="point")[0] == [[1250], [3400]]
    assert read("1,250", "3,400", decimal="comma")[0] == [[1.25], [3.4]]
    assert read([1, 2], [3, 4], label=["score.0", "score.1"])[0] == [[1, 2], [3, 4]]
    targets, notes, _ = read("1", "nan", None, "-", "2", unlabelled="drop")
    notes.raise_errors()
    assert targets == [[1], [2]]
    assert of_kind(notes, kinds.EMPTY_LABEL).policy == "drop"


def test_what_training_finds_holds_for_numbers_that_do_not_tell() -> None:
    assert read("3,5", "2,5", test=["1,250"])[0] == [[1.25]]
    assert read("3.5", "1,234.5", test=["1,250"])[0] == [[1250]]
    assert read("3,5", "2,5", test=["1.25"])[0] == [[1.25]]
    assert read("3.5", "2.5", test=["1,25"])[0] == [[1.25]]
    [found] = refused(read("3", "2", test=["1,250"])[1])
    assert found.kind is task_kinds.SIGN_IN_NUMBER
