"""The rows and tables of a sweep, from run folders of any release."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ftk import cli
from ftk.config.paths import values_of
from ftk.report.sweeps.identity import Identity

CONFIG = {
    "task": {"_target_": "ftk.tasks.text_classification.TextClassification"},
    "model": {"name": None, "config": {"hidden_size": 128}},
    "optimizer": {"lr": 1e-3},
    "train": {"max_steps": 5},
    "run": {"seed": 1},
}


def run_of(folder: str, words: str, value: float | None, score: str = "accuracy", **run: Any) -> None:
    """A run folder of a sweep; without a value one that is not finished."""
    path = Path("swept", folder)
    path.mkdir(parents=True)
    task = values_of("task/regression" if score == "rmse" else "task/text-classification")
    config = {
        **CONFIG,
        "task": task,
        "train": {"metric": score},
        "run": {"seed": 1, **run},
        "optimizer": {"lr": words.partition(" run.seed")[0]},
    }
    (path / "config.yaml").write_text(f"# ftk finetune {words}\n{yaml.safe_dump(config, sort_keys=False)}")
    if value is not None:
        scores = {"loss": 0.5, score: value}
        metrics = {"validation": scores, "test": scores}
        (path / "metrics.json").write_text(json.dumps({**metrics, "train": {"elapsed": 61.25}}))


def table() -> list[dict[str, str]]:
    with open("swept/results.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_jobs_are_ranked_within_one_task_and_score(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run_of("0-a", "task=regression model=m0 model.config.hidden_size=128", 0.9, "rmse")
    run_of("1-a", "task=text-classification model=m1 model.config.hidden_size=128", 0.2)
    run_of("2-a", "task=regression model=m2 model.config.hidden_size=128", 0.3, "rmse")
    run_of("3-a", "task=text-classification model=m3 model.config.hidden_size=64", 0.8)
    run_of("4-a", "task=regression model=m4 model.config.hidden_size=128", None)
    assert cli.run(["sweep", "swept"]) == 0
    out = capsys.readouterr().out
    title = "5 jobs, 0 failed, 1 begun; scores of different tasks or metrics are not ranked together"
    assert title in out.replace("\n", " ")
    assert [row["model"] for row in table()] == ["m2", "m0", "m3", "m1", "m4"]
    assert "regression, best rmse first" in out
    for word in ("validation", "accuracy", "hidden_size"):
        assert word in out  # a table that is too wide is written as lines, and no header is broken within a word
    assert {row["model"]: row["validation rmse"] for row in table() if row["task"] == "regression"} == {
        "m2": "0.3",
        "m0": "0.9",
        "m4": "",
    }


def test_seeds_are_grouped(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"1e-3": (0.25, 0.5, 0.1), "2e-3": (0.125, None), "3e-3": (1 / 3,)}
    for lr, some in values.items():
        for seed, value in enumerate(some, 1):
            run_of(f"{lr}-{seed}", f"optimizer.lr={lr} run.seed={seed}", value, seed=seed)
    assert cli.run(["sweep", "swept"]) == 0
    out = capsys.readouterr().out
    assert "0.2833 ± 0.2021" in out  # of a sample
    with open("swept/seeds.csv", encoding="utf-8", newline="") as stream:
        groups = {row["optimizer.lr"]: row for row in csv.DictReader(stream)}
    assert {lr: row["n"] for lr, row in groups.items()} == {"1e-3": "3", "2e-3": "1", "3e-3": "1"}
    assert float(groups["3e-3"]["test accuracy mean"]) == 1 / 3
    assert groups["3e-3"]["test accuracy deviation"] == ""
    assert [row["state"] for row in table()].count("begun") == 1
    assert {row["seconds"] for row in table() if row["state"] == "done"} == {"61.25"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", "# ftk 'finetune\n: ["),
        ("config.yaml", "# ftk finetune\n[]"),
        ("metrics.json", "{"),
        ("metrics.json", "[]"),
    ],
)
def test_a_damaged_folder_is_said_and_left_out(capsys: pytest.CaptureFixture[str], name: str, text: str) -> None:
    run_of("good", "optimizer.lr=1", 0.5)
    run_of("bad", "optimizer.lr=2", 0.25)
    Path("swept/bad", name).write_text(text)
    assert cli.run(["sweep", "swept"]) == 0
    assert [row["folder"] for row in table()] == ["good"]
    assert f"{Path('swept/bad', name)}: " in capsys.readouterr().out


def identity(**changes: Any) -> Identity:
    return Identity.of("finetune", {**CONFIG, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"run": {"seed": 1, "dir": "other", "resume": True, "curves": False}},
        {"sweep": {"dir": "x", "jobs": 2}},
        {"train": {"max_steps": 5, "metric": None, "baselines": "auto"}},  # keys of later releases, at their default
        {"train": {"max_steps": 5.0}},
        {"task": {**CONFIG["task"], "label_map": None}},  # type: ignore[dict-item]
        {"optimizer": {"lr": 0.001}},
    ],
)
def test_what_makes_no_other_job(changes: dict[str, Any]) -> None:
    assert identity(**changes) == identity()


@pytest.mark.parametrize(
    "changes",
    [
        {"train": {"max_steps": 6}},
        {"train": {"max_steps": 5, "metric": "loss"}},
        {"optimizer": {"lr": 0.0010000000000000002}},
        {"data": {"train": "a.csv"}},
        {"hardware": {"precision": "fp32"}},
        {"model": {"name": None, "config": {"hidden_size": 128, "x": False}}},
    ],
)
def test_what_makes_another_job(changes: dict[str, Any]) -> None:
    assert identity(**changes).key != identity().key
    assert identity(**changes).group != identity().group


def test_the_seed_makes_another_job_of_one_group() -> None:
    one, other = identity(), identity(run={"seed": 2})
    assert one.key != other.key
    assert one.group == other.group


def test_no_class_that_only_a_file_names_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    run_of("a", "optimizer.lr=1", 0.5)
    run_of("b", "optimizer.lr=2", 0.25)
    Path("planted.py").write_text("raise SystemExit('imported')\n")
    for path in Path("swept").glob("*/config.yaml"):
        text = path.read_text().replace("ftk.tasks.text_classification.TextClassification", "planted.Task")
        path.write_text(text)
    assert cli.run(["sweep", "swept"]) == 0
    assert [row["state"] for row in table()] == ["done", "done"]
