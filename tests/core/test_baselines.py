"""Two simple models, scored on the rows that a trained model was scored on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error

from conftest import TINY, Result, write_jsonl

pytestmark = pytest.mark.torch

WORDS = ("plum", "pear", "iron", "lead")


def rows(number: int) -> list[dict[str, Any]]:
    return [
        {
            "text": f"{WORDS[n % 4]} and {WORDS[(n + n // 4) % 4]} {n}",
            "kind": ("fruit", "fruit", "metal", "metal")[n % 4] if n % 5 else "fruit",
            "kinds": [WORDS[n % 4][0], *(["p"] if n % 3 else [])],
            "size": float(n % 7),
        }
        for n in range(number)
    ]


@pytest.fixture
def files() -> tuple[str, ...]:
    return (
        f"data.train={write_jsonl('train.jsonl', rows(40))}",
        f"data.validation={write_jsonl('dev.jsonl', rows(60)[40:])}",
    )


def trained(ftk: Callable[..., Result], task: str, files: tuple[str, ...], *words: str) -> dict[str, Any]:
    argv = ("finetune", f"task={task}", *TINY, *files, "train.epochs=null", "train.max_steps=2", "run.dir=run")
    result = ftk(*argv, *words)
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(Path("run/metrics.json").read_text())
    return found


@pytest.mark.parametrize(("task", "column"), [("text-classification", "kind"), ("regression", "size")])
@pytest.mark.slow
def test_the_majority_is_what_scikit_learn_computes(
    ftk: Callable[..., Result], files: tuple[str, ...], task: str, column: str
) -> None:
    found = trained(ftk, task, files, f"data.columns.label={column}", "train.baselines=auto")
    scores = found["baselines"]["validation"]
    gold = [row[column] for row in rows(60)[40:]]
    if task == "regression":
        mean = np.mean([row[column] for row in rows(40)])
        expected = mean_squared_error(gold, [mean] * len(gold)) ** 0.5
        assert scores["mean"]["rmse"] == pytest.approx(expected, rel=1e-6)
        assert found["validation"]["target_sd"] == pytest.approx(np.std(gold))
    else:
        constant = ["fruit"] * len(gold)
        assert scores["majority"]["accuracy"] == accuracy_score(gold, constant)
        assert scores["majority"]["f1_macro"] == f1_score(gold, constant, average="macro", zero_division=0)
        assert scores["tfidf-linear"]["accuracy"] > scores["majority"]["accuracy"]


def test_the_linear_model_is_that_of_its_config(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    words = ("data.columns.label=kinds", "task.threshold=0.5", "train.baselines=auto")
    beside = trained(ftk, "multi-label", files, *words)["baselines"]["validation"]["tfidf-linear"]
    vocabulary = "model.tokenizer.name=run/best"
    argv = (
        "finetune",
        "task=multi-label",
        "model=tfidf-linear",
        *files,
        "data.columns.label=kinds",
        "task.threshold=0.5",
    )
    result = ftk(*argv, vocabulary, "model.tokenizer.train=null", "hardware=cpu", "run.dir=own")
    assert result.code == 0, result.err
    own = json.loads(Path("own/metrics.json").read_text())
    assert "baselines" not in own
    assert beside == {name: pytest.approx(own["validation"][name], abs=1e-5) for name in beside}


def test_a_fit_that_takes_too_long_is_left_out_and_reported(
    ftk: Callable[..., Result], files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.training.ending import baselines

    monkeypatch.setattr(baselines, "_TRIED", 10)
    monkeypatch.setattr(baselines, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(baselines, "MOST_SHARE", 0.0)
    found = trained(ftk, "text-classification", files, "data.columns.label=kind", "train.baselines=auto")
    assert list(found["baselines"]["validation"]) == ["majority"]
    assert "tfidf-linear is left out" in Path("run/log.txt").read_text()


@pytest.mark.slow
def test_tasks_of_parts_of_texts_have_none(ftk: Callable[..., Result]) -> None:
    argv = ("finetune", "task=ner", *TINY, "train.epochs=null", "train.max_steps=1", "run.dir=run")
    assert ftk(*argv, "train.baselines=auto").code == 0
    assert "baselines" not in json.loads(Path("run/metrics.json").read_text())
