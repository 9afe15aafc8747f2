"""The metric that chooses the best model: any that the task computes, in its own direction."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, read_jsonl, write_jsonl
from ftk.contracts.score import Score, names_of
from ftk.contracts.spec import TaskSpec

SPEC = TaskSpec(columns=("text",), score="accuracy", auto_model="m", lower_is_better=frozenset({"loss", "rmse"}))


@pytest.mark.parametrize(
    ("name", "metrics", "value", "higher"),
    [
        (None, {"accuracy": 0.5}, 0.5, True),
        ("loss", {"loss": 2}, 2.0, False),
        ("per_label.PER.f1", {"per_label": {"PER": {"f1": 0.25}}}, 0.25, True),
        ("per_label.U.S.f1", {"per_label": {"U": {"f1": 0.1}, "U.S": {"f1": 0.75}}}, 0.75, True),
        ("per_target.width.rmse", {"per_target": {"width": {"rmse": 3.0}}}, 3.0, False),
        ("f1", {"f1": float("nan")}, None, True),
        ("f1", {"f1": None}, None, True),
        ("f1", {"f1": True}, None, True),
        ("scheme", {"scheme": "IOB2"}, None, True),
        ("per_label", {"per_label": {"PER": {"f1": 0.25}}}, None, True),
    ],
)
def test_a_metric_is_found_by_its_name(
    name: str | None, metrics: dict[str, Any], value: float | None, higher: bool
) -> None:
    score = Score.of_task(SPEC, name)
    assert (score.value(metrics), score.higher_is_better) == (value, higher)


def test_names_are_those_that_find_a_value() -> None:
    metrics = {"f1": 0.5, "per_label": {"U.S.": {"f1": 0.25, "support": 3}}, "scheme": "IOB2", "mcc": None}
    assert {name: Score(name, True).value(metrics) for name in names_of(metrics)} == {
        "f1": 0.5,
        "per_label.U.S..f1": 0.25,
        "per_label.U.S..support": 3.0,
    }


@pytest.fixture
def files() -> tuple[str, ...]:
    rows = [{"text": f"{word} {n}", "label": label} for n in range(8) for word, label in (("plum", "a"), ("iron", "b"))]
    data = write_jsonl("rows.jsonl", [*rows, {"text": "sun", "label": "c"}])
    return (f"data.train={data}", f"data.validation={data}", "train.batch_size=4", "train.eval_every=2")


def run(ftk: Callable[..., Result], files: tuple[str, ...], *words: str) -> Result:
    return ftk("finetune", "task=text-classification", *TINY, *files, "train.max_steps=8", "run.dir=run", *words)


@pytest.mark.torch
@pytest.mark.parametrize(("metric", "best"), [("loss", min), ("f1_macro", max), ("per_label.b.recall", max)])
@pytest.mark.slow
def test_the_best_model_is_the_best_by_it(
    ftk: Callable[..., Result], files: tuple[str, ...], metric: str, best: Callable[..., float]
) -> None:
    result = run(ftk, files, f"train.metric={metric}")
    assert result.code == 0, result.err
    value = Score(metric, best is max).value
    steps = {event["step"]: value(event) for event in read_jsonl("run/metrics.jsonl") if event["split"] == "validation"}
    found = json.loads(Path("run/metrics.json").read_text())
    assert steps[found["best_step"]] == best(steps.values())
    assert value(found["validation"]) == pytest.approx(steps[found["best_step"]])


@pytest.mark.torch
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("train.metric=f1_makro",), ("train.metric=f1_makro", "'f1_macro'")),
        (("train.metric=per_label.d.f1",), ("train.metric=per_label.d.f1", "accuracy")),
        (("train.metric=loss", "data.validation=null", "data.validation_share=0"), ("train.metric=loss", "validation")),
    ],
)
def test_a_metric_that_is_not_there_is_refused_before_the_first_step(
    ftk: Callable[..., Result], files: tuple[str, ...], words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    result = run(ftk, files, *words)
    assert result.code == 1
    assert all(part in result.err for part in parts), result.err
    assert "Traceback" not in result.err
    assert not Path("run").exists()


@pytest.mark.slow
@pytest.mark.torch
def test_a_forced_resume_compares_by_the_new_metric(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    assert run(ftk, files, "run.stop_after=4").code == 0
    result = run(ftk, files, "train.metric=loss", "run.resume=force")
    assert result.code == 0, result.err
    steps = {e["step"]: e["loss"] for e in read_jsonl("run/metrics.jsonl") if e["split"] == "validation"}
    assert json.loads(Path("run/metrics.json").read_text())["best_step"] == min(steps, key=steps.__getitem__)
