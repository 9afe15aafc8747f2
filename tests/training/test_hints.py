"""What is said about the course of a training, and the validation lines that it rests on."""

from collections.abc import Callable

import pytest

from conftest import TINY, Result, write_jsonl
from ftk.contracts.score import Score
from ftk.training.ending.hints import best_mark, readable_gain

pytestmark = pytest.mark.torch

F1, RMSE = Score("f1", higher_is_better=True), Score("rmse", higher_is_better=False)


@pytest.mark.parametrize(
    ("score", "values", "gain"),
    [
        (F1, [0.1, 0.2, 0.35], ("0.2000", "0.3500")),
        (F1, [0.4, 0.2, 0.5], ("0.4000", "0.5000")),  # the best one before, not the one before
        (F1, [0.1, 0.35], None),
        (F1, [0.0, 0.0, 0.0], None),
        (F1, [0.2, 0.80001, 0.80004], None),
        (F1, [0.2, 0.5, 1.0], None),
        (F1, [0.2, 0.5, 0.99999], None),
        (F1, [0.2, 1.0, 1.0], None),
        (Score("rouge1", higher_is_better=True), [20.0, 50.0, 100.0], None),
        (RMSE, [3.0, 2.0, 1.0], ("2.0000", "1.0000")),
        (RMSE, [3.0, 2.0, 0.00001], None),
        (RMSE, [3.0, 2.00001, 2.0], None),
    ],
)
def test_a_gain_is_told_if_it_can_be_read_and_more_is_possible(
    score: Score, values: list[float], gain: tuple[str, str] | None
) -> None:
    assert readable_gain(values, score) == gain


@pytest.mark.parametrize(("score", "value", "is_doubtful"), [(F1, 0.0, True), (F1, 0.1, False), (RMSE, 0.0, False)])
def test_the_best_validation_is_marked_where_nothing_was_found(score: Score, value: float, is_doubtful: bool) -> None:
    assert (best_mark(score, {score.name: value}) != "(best)") == is_doubtful


def test_the_line_of_a_validation_shows_the_metric_that_decides(ftk: Callable[..., Result]) -> None:
    rows = [{"text": f"Rita sleeps in Oslo {n}", "spans": [[0, 4, "PER"], [15, 19, "LOC"]]} for n in range(12)]
    argv = ("finetune", *TINY, f"data.train={write_jsonl('rows.jsonl', rows)}", "run.dir=run", "data.duplicates=keep")
    result = ftk(*argv, "train.epochs=null", "train.max_steps=1", "train.metric=per_label.LOC.recall")
    assert result.code == 0, result.err
    [line] = [line for line in result.out.splitlines() if line.startswith("validation at step 1 ")]
    assert "  per_label.LOC.recall " in line
