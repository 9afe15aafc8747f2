"""``ftk compare``: verdicts of runs and files, and what cannot be compared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from conftest import TINY, Result, assert_refused, write_jsonl
from ftk.config.paths import values_of

Ftk = Callable[..., Result]
ROWS = 400


def records(right: float, seed: int, corpus: str = "a") -> list[dict[str, Any]]:
    """Predictions of which this share is right; the seed decides which ones, and every tenth row is hard for all."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(ROWS):
        gold = ("yes", "no")[number % 2]
        wrong = number % 10 == 0 or draw.random() > right / 0.9
        rows.append({"text": f"{corpus} {number}", "label": "maybe" if wrong else gold, "gold_label": gold})
    return rows


def predictions(name: str, right: float, seed: int, corpus: str = "a") -> str:
    return write_jsonl(name, records(right, seed, corpus))


def run_folder(name: str, rows: list[dict[str, Any]], **changed: Any) -> str:
    """A run folder with what a comparison reads of it."""
    folder = Path(name)
    task = {**values_of("task/text-classification"), **changed.pop("task", {})}
    config = {"task": task, "train": {"metric": None}, "run": {"seed": 1}, **changed}
    (folder / "predictions").mkdir(parents=True)
    (folder / "config.yaml").write_text(f"# ftk finetune\n{yaml.safe_dump(config)}", encoding="utf-8")
    (folder / "environment.json").write_text('{"data": {}, "packages": {}}', encoding="utf-8")
    write_jsonl(str(folder / "predictions" / "test.jsonl"), rows)
    return name


def compared(result: Result) -> dict[str, Any]:
    """The event of the comparison."""
    [event] = [event for event in result.events if event["type"] == "comparison"]
    return event


def test_two_models_are_compared_on_their_rows(ftk: Ftk) -> None:
    words = (predictions("one.jsonl", 0.6, 1), predictions("other.jsonl", 0.8, 2))
    result = ftk("compare", *words, "compare.resamples=500", "--json")
    found = compared(result)
    assert result.code == 0
    assert (found["verdict"], found["of"], found["score"]) == ("better", "models", "accuracy")
    assert found["interval"][0] < found["effect"] < found["interval"][1]
    assert 0 < found["p"] < 0.05
    assert found["corpora"][0]["rows"] == ROWS


@pytest.mark.parametrize(
    ("right", "required", "margin", "code"),
    [
        (0.85, "better", 0.5, 0),
        (0.6, "better", 0.5, 3),
        (0.6, "equivalent", 2, 0),
        (0.6, "equivalent", 0.5, 3),  # equal, but on too few rows
        (0.85, "equivalent", 0.5, 0),
        (0.4, "equivalent", 0.5, 3),
    ],
)
def test_the_exit_code_answers_what_is_required(
    ftk: Ftk, right: float, required: str, margin: float, code: int
) -> None:
    words = (predictions("one.jsonl", 0.6, 1), predictions("other.jsonl", right, 1))
    keys = ("compare.resamples=500", f"compare.require={required}", f"compare.margin={margin}")
    assert ftk("compare", *words, *keys).code == code


def test_files_of_seeds_are_recipes(ftk: Ftk) -> None:
    one = [predictions(f"one-{seed}.jsonl", 0.6, seed) for seed in range(3)]
    other = [predictions(f"other-{seed}.jsonl", 0.75, 10 + seed) for seed in range(3)]
    few, enough = (
        compared(ftk("compare", *one[:seeds], "--", *other[:seeds], "--json", "compare.resamples=500"))
        for seeds in (2, 3)
    )
    assert (few["of"], few["verdict"], few["more_runs"], few["p"]) == ("recipes", "not enough evidence", 1, None)
    assert (enough["of"], enough["verdict"]) == ("recipes", "better")
    assert enough["corpora"][0]["scores"]["B"]["runs"] == 3


def test_runs_of_one_config_are_one_side(ftk: Ftk) -> None:
    runs = [
        run_folder(
            f"{name}-{seed}",
            records(right, at),
            task={"focal": focal},
            run={"seed": seed, "dir": name},
            tracker="mlflow" if seed == 2 else None,
        )
        for at, (name, right, focal, seed) in enumerate(
            (name, right, focal, seed)
            for name, right, focal in (("plain", 0.6, 0.0), ("focal", 0.75, 2.0))
            for seed in (1, 2, 3)
        )
    ]
    found = compared(ftk("compare", *runs[::2], *runs[1::2], "--json", "compare.resamples=500"))
    assert [sorted(group["runs"]) for group in found["groups"]] == [sorted(runs[:3]), sorted(runs[3:])]
    assert found["verdict"] == "better"


def test_several_corpora_have_one_verdict_and_one_each(ftk: Ftk) -> None:
    words = [
        predictions(f"{name}{corpus}.jsonl", right, seed, corpus)
        for seed, (name, right, corpus) in enumerate(
            (name, right, corpus) for name, right in (("one", 0.6), ("other", 0.68)) for corpus in ("a", "b", "c")
        )
    ]
    found = compared(ftk("compare", *words[:3], "--", *words[3:], "--json", "compare.resamples=500"))
    assert len(found["corpora"]) == 3
    widths = [np.ptp(corpus["against_first"]["B"]["interval"]) for corpus in found["corpora"]]
    assert np.ptp(found["interval"]) < min(widths)
    assert found["effect"] == pytest.approx(np.mean([one["against_first"]["B"]["effect"] for one in found["corpora"]]))


@pytest.mark.slow
def test_a_lower_error_is_better(ftk: Ftk) -> None:
    draw = np.random.default_rng(1)
    gold = draw.normal(size=200)
    words = [
        write_jsonl(
            name,
            [{"text": str(at), "value": one, "gold_value": one + far * draw.normal()} for at, one in enumerate(gold)],
        )
        for name, far in (("far.jsonl", 1.0),)
    ]
    rows = [json.loads(line) for line in Path(words[0]).read_text(encoding="utf-8").splitlines()]
    nearer = [{**row, "value": (row["value"] + row["gold_value"]) / 2} for row in rows]
    found = compared(ftk("compare", *words, write_jsonl("near.jsonl", nearer), "--json", "compare.resamples=500"))
    assert (found["verdict"], found["unit"]) == ("better", "%")
    assert found["effect"] == pytest.approx(50)


REFUSED: dict[str, tuple[Callable[[], tuple[str, ...]], str]] = {
    "one run": (lambda: (predictions("one.jsonl", 0.6, 1),), "two runs or more"),
    "no run": (tuple, "name the runs"),
    "other rows": (
        lambda: (write_jsonl("one.jsonl", records(0.6, 1)[:300]), write_jsonl("other.jsonl", records(0.6, 1)[100:])),
        "were not scored on the same rows",
    ),
    "another gold standard": (
        lambda: (
            write_jsonl("one.jsonl", records(0.6, 1)),
            write_jsonl("other.jsonl", [{**row, "gold_label": "yes"} for row in records(0.6, 1)]),
        ),
        "different gold standards in 200 of 400 rows",
    ),
    "other corpora": (
        lambda: (predictions("one.jsonl", 0.6, 1), predictions("other.jsonl", 0.6, 1, "b")),
        "no corpus in common",
    ),
    "other tasks": (
        lambda: (
            predictions("one.jsonl", 0.6, 1),
            write_jsonl("other.jsonl", [{"text": "a", "value": 1, "gold_value": 2}]),
        ),
        "one of regression",
    ),
    "twice": (lambda: (predictions("one.jsonl", 0.6, 1), "./one.jsonl"), "named twice"),
    "no such score": (
        lambda: (predictions("one.jsonl", 0.6, 1), predictions("other.jsonl", 0.6, 2), "compare.score=f1"),
        "f1_macro",
    ),
    "other scores": (
        lambda: (
            run_folder("one", records(0.6, 1)),
            run_folder("other", records(0.6, 2), train={"metric": "f1_macro"}),
        ),
        "compare.score=accuracy",
    ),
    "no predictions": (lambda: (run_folder("one", records(0.6, 1)), "compare.split=validation"), "compare.split=test"),
    "no run folder": (lambda: (str(Path("empty").mkdir() or "empty"),), "not a run of ftk"),
    "a sweep": (lambda: (predictions("one.jsonl", 0.6, 1), "-m"), "no sweep"),
    "a bad margin": (lambda: (predictions("one.jsonl", 0.6, 1), "compare.margin=0"), "above 0"),
    "half a line": (lambda: (predictions("one.jsonl", 0.6, 1), "--"), "no run on one side"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compared_is_refused(ftk: Ftk, what: str) -> None:
    words, reason = REFUSED[what]
    assert_refused(ftk("compare", *words(), "--json"), reason)


@pytest.mark.slow
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_rows_may_stand_in_any_order(ftk: Ftk, order: slice) -> None:
    other = write_jsonl("other.jsonl", records(0.8, 2)[order])
    found = compared(ftk("compare", predictions("one.jsonl", 0.6, 1), other, "--json", "compare.resamples=500"))
    assert found["effect"] == pytest.approx(17, abs=8)


@pytest.mark.slow
def test_a_group_of_rows_is_drawn_together(ftk: Ftk) -> None:
    rows = [
        [{**row, "author": number // 20} for number, row in enumerate(records(right, seed))]
        for seed, right in ((1, 0.6), (2, 0.8))
    ]
    words = (write_jsonl("one.jsonl", rows[0]), write_jsonl("other.jsonl", rows[1]), "compare.group=author")
    [corpus] = compared(ftk("compare", *words, "--json", "compare.resamples=500"))["corpora"]
    assert (corpus["resampled"], corpus["grouped_by"]) == (20, "author")


@pytest.mark.slow
@pytest.mark.torch
def test_scored_models_are_runs_of_their_training(ftk: Ftk) -> None:
    """Runs of evaluate are grouped by the config that trained their models, which may be gone."""
    for seed in (1, 2):
        words = (*TINY, "train.max_steps=2", f"run.seed={seed}", f"run.dir=run{seed}", "run.curves=false")
        assert ftk("finetune", "task=text-classification", *words).code == 0
        assert ftk("evaluate", f"checkpoint=run{seed}/best", "data=demo", f"run.dir=scored{seed}").code == 0
    of_trained = compared(ftk("compare", "run1", "run2", "--json", "compare.of=models"))
    of_scored = compared(ftk("compare", "scored1", "scored2", "--json", "compare.of=models"))
    assert of_trained["effect"] == of_scored["effect"]
    shutil.rmtree("run1")
    assert compared(ftk("compare", "scored1", "scored2", "--json"))["effect"] == of_trained["effect"]
