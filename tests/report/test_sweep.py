"""The table at the end of a sweep."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ftk.config.invocation import Outcome
from ftk.report.sweep import report_sweep


def outcome(number: int, task: str, score: str, value: float | None, *, higher: bool = True) -> Outcome:
    """A job of a sweep over tasks and models; without a value one that failed."""
    Path("swept").mkdir(exist_ok=True)
    invocation: Any = SimpleNamespace(
        sweep_job=number,
        sweep_dir=Path("swept"),
        swept=(f"task={task}", f"model=m{number}", "model.config.hidden_size=128"),
        choices={"task": task},
    )
    if value is None:
        return Outcome(invocation=invocation, error=ValueError("broken"))
    scores = {"loss": 0.5, score: value}
    metrics = {
        "score": score,
        "higher_is_better": higher,
        "validation": scores,
        "test": scores,
        "dir": f"swept/{number}",
    }
    return Outcome(invocation=invocation, metrics=metrics)


def test_jobs_are_ranked_within_one_task_and_score(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    jobs = [
        outcome(0, "regression", "rmse", 0.9, higher=False),
        outcome(1, "text-classification", "accuracy", 0.2),
        outcome(2, "regression", "rmse", 0.3, higher=False),
        outcome(3, "text-classification", "accuracy", 0.8),
        outcome(4, "regression", "rmse", None),
    ]
    assert report_sweep(jobs) == 1
    out = capsys.readouterr().out
    assert "5 jobs, 1 failed; scores of different tasks or metrics are not ranked together" in out
    order = [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")]
    assert [number for number in order if number.isdigit()] in (["3", "1", "2", "0", "4"], ["2", "0", "3", "1", "4"])
    assert "regression, best rmse first" in out
    assert max(map(len, out.splitlines()[1:])) <= 80
    for word in ("validation", "accuracy", "hidden_size"):
        assert word in out  # no header is broken within a word
    with open("swept/results.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["job"]: row["validation rmse"] for row in rows if row["task"] == "regression"} == {
        "2": "0.3000",
        "0": "0.9000",
        "4": "",
    }


def test_one_task_has_one_table_with_its_failed_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [outcome(0, "ner", "f1", None), outcome(1, "ner", "f1", 0.2), outcome(2, "ner", "f1", 0.4)]
    assert report_sweep(jobs) == 1
    out = capsys.readouterr().out
    assert out.startswith("3 jobs, 1 failed\n")
    rows = [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")]
    assert rows == ["2", "1", "0"]
