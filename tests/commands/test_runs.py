"""``ftk runs``, over folders that hold what runs leave."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Result

Ftk = Callable[..., Result]
TASK = "ftk.tasks.text_classification.TextClassification"


def make_run(path: Path, words: str, *, score: float | None = None, size: int = 100, age: float = 0.0) -> Path:
    """A folder as a run leaves it; without a score as one that was killed."""
    (path / "best").mkdir(parents=True)
    (path / "config.yaml").write_text(f"# ftk finetune {words}\ntask: {{_target_: {TASK}}}\nrun: {{seed: 1}}\n")
    (path / "best" / "model.safetensors").write_bytes(b"x" * size)
    if score is not None:
        (path / "metrics.json").write_text(json.dumps({"test": {"accuracy": score}, "train": {"elapsed": 1.0}}))
    for file in path.rglob("*"):
        then = file.stat().st_mtime - age
        os.utime(file, (then, then))
    return path


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs/good", "task=text-classification model=minilm", score=0.9, size=3000, age=3 * 86400)
    make_run(tmp_path / "runs/bad", "task=text-classification model=tiny", score=0.5, size=2000, age=200)
    make_run(tmp_path / "runs/lr=0.1", "task=text-classification model=bert-base-cased", age=100)
    return tmp_path


def listed(result: Result) -> list[str]:
    assert result.code == 0, result.err
    return [Path(event["path"]).name for event in result.events if event["type"] == "run"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["lr=0.1", "bad", "good"]),
        (["sort=test.accuracy"], ["good", "bad", "lr=0.1"]),
        (["sort=-accuracy", "state=done"], ["bad", "good"]),
        (["sort=size", "first=2"], ["good", "bad"]),
        (["sort=name"], ["bad", "good", "lr=0.1"]),
        (["older=1d"], ["good"]),
        (["state=begun"], ["lr=0.1"]),
        (["model=bert-*"], ["lr=0.1"]),
        (["task=text-classification", "run.seed=1", "model=tiny"], ["bad"]),
        (["run.seed=2"], []),
        (["runs/lr=0.1"], ["lr=0.1"]),
    ],
)
def test_runs_are_chosen_and_sorted(ftk: Ftk, runs: Path, words: list[str], names: list[str]) -> None:
    assert listed(ftk("--json", "runs", *words)) == names


def test_what_is_listed_is_removed_and_what_the_user_wrote_stays(ftk: Ftk, runs: Path) -> None:
    (runs / "runs/bad/notes.txt").write_text("mine")
    assert ftk("runs", "state=done", "remove=true").code == 0
    assert sorted(path.name for path in (runs / "runs").iterdir()) == ["bad", "lr=0.1"]
    assert [path.name for path in (runs / "runs/bad").iterdir() if path.name != ".lock"] == ["notes.txt"]


def test_a_run_in_progress_is_kept(ftk: Ftk, runs: Path) -> None:
    from ftk.system.locks import lock

    with lock(runs / "runs/bad", warn=pytest.fail):
        result = ftk("--json", "runs", "model=tiny", "remove=true")
    assert result.code == 0
    assert (runs / "runs/bad/best/model.safetensors").is_file()
    assert [event["state"] for event in result.events if event["type"] == "run"] == ["running"]


@pytest.mark.parametrize(
    "words",
    [
        ["remove=true"],
        ["remove=true", "sort=size"],
        ["first=0"],
        ["older=soon"],
        ["state=finished"],
        ["newer=1d"],
        ["sort=test.f2"],
        ["caches=true", "state=done"],
        ["caches=true", "remove=true"],
        ["nowhere"],
        ["runs", "--", "runs"],
        ["runs/good/config.yaml"],
    ],
)
def test_what_is_not_meant_is_refused_and_removes_nothing(ftk: Ftk, runs: Path, words: list[str]) -> None:
    assert ftk("runs", *words).code == 1
    assert len([*(runs / "runs").iterdir()]) == 3


@pytest.mark.parametrize("name", ["metrics.json", "config.yaml"])
def test_a_damaged_run_is_listed_and_said(ftk: Ftk, runs: Path, name: str) -> None:
    (runs / "runs/bad/environment.json").write_text("{}")
    (runs / "runs/bad" / name).write_text("[")
    result = ftk("--json", "runs", "state=damaged")
    assert listed(result) == ["bad"]
    assert any(event.get("severity") == "warning" for event in result.events)


def test_entries_of_the_cache_are_counted_and_removed(ftk: Ftk, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTK_CACHE", str(runs / "cache"))
    for name in ("tokens/a/shard.bin", "tokens/b/shard.bin", "vocabularies/c.json", "scratch/d.rows"):
        path = runs / "cache" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 50)
    result = ftk("--json", "runs", "caches=true", "older=0s", "remove=true")
    rows = {row["kind"]: row for event in result.events if event["type"] == "table" for row in event["rows"]}
    assert {kind: row["entries"] for kind, row in rows.items()} == {"scratch": "1", "tokens": "2", "vocabularies": "1"}
    left = [path for path in (runs / "cache").rglob("*") if path.is_file()]
    assert left == [runs / "cache/scratch/d.rows"]  # a run may still read it
