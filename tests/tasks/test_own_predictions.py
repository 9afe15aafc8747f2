"""Predictions of ftk as data: what is scored are the labels in them, and never the predictions."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY

pytestmark = [pytest.mark.torch, pytest.mark.slow]


def metrics(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "metrics.json").read_text())["test"]
    return found


@pytest.mark.parametrize(
    "task",
    [
        "ner",
        "token-classification",
        "text-classification",
        "multi-label",
        "regression",
        "relation",
        "ranking",
        "question-answering",
    ],
)
def test_a_file_of_predictions_has_the_scores_of_its_data(ftk, task: str) -> None:
    short = ("train.max_steps=2", "train.epochs=null", "run.dir=run")
    result = ftk("finetune", f"task={task}", *TINY, *short)
    assert result.code == 0, result.err
    for folder, test in (("one", None), ("two", "data.test=one/predictions/test.jsonl")):
        words = ["data=demo"] if test is None else [test]
        result = ftk("evaluate", "checkpoint=run/best", *words, f"run.dir={folder}")
        assert result.code == 0, result.err
    one, two = metrics("one"), metrics("two")
    assert {name: two[name] for name in one if not name.endswith("per_second")} == {
        name: one[name] for name in one if not name.endswith("per_second")
    }
