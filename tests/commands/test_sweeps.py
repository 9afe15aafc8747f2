"""Sweeps: a folder for each job, a table of results, and an exit code that tells of failed jobs."""

import csv
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, write_lines
from ftk import cli

pytestmark = pytest.mark.torch

FAST = (*TINY, "debug=one-step")


def results(folder: str) -> list[dict[str, str]]:
    with open(Path(folder) / "results.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def folders(of: str = ".") -> list[Path]:
    return sorted(path for path in Path(of).iterdir() if path.is_dir())


@pytest.fixture
def sweep(ftk: Callable[..., Result]) -> Callable[..., Result]:
    """Run a sweep of tiny models in the folder that is named, else where ftk puts it."""

    def run(*argv: str, folder: str | None = "swept") -> Result:
        return ftk("finetune", "-m", *FAST, *([] if folder is None else [f"run.dir={folder}"]), *argv)

    return run


def test_two_jobs_in_one_folder_that_repeat_as_single_runs(
    sweep: Callable[..., Result], ftk: Callable[..., Result]
) -> None:
    result = sweep("optimizer.lr=1e-3,2e-3", "run.seed=7", folder=None)
    assert (result.code, result.err) == (0, "")
    assert {path.name for path in folders()} - {"cache"} == {"runs"}  # and no outputs/ or multirun/
    (sweep_folder,) = folders("runs")
    assert sweep_folder.name.startswith("finetune-sweep-")
    jobs = folders(str(sweep_folder))
    rows = results(str(sweep_folder))
    assert sorted(row["folder"] for row in rows) == [job.name for job in jobs]
    assert {row["job"]: row["optimizer.lr"] for row in rows} == {"0": "0.001", "1": "0.002"}
    scores = [float(row["validation f1"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "2 jobs, 0 failed" in result.out
    assert f"results: {sweep_folder / 'results.csv'}" in result.out
    for row in rows:
        metrics = json.loads((sweep_folder / row["folder"] / "metrics.json").read_text())
        assert row["test loss"] == f"{metrics['test']['loss']:.4f}"
        assert not row["error"]
    # The first line of a job's config.yaml repeats it alone; what ran before it in the sweep has left no trace in it.
    last = jobs[-1]
    command = (last / "config.yaml").read_text().splitlines()[0].removeprefix("# ftk ")
    assert "optimizer.lr=0.002" in command
    assert cli.run([*shlex.split(command), "run.dir=alone"]) == 0
    for name in ("best/model.safetensors", "predictions/test.jsonl"):
        assert (last / name).read_bytes() == Path("alone", name).read_bytes()
    # The folder of a job can be named as it is, whatever signs are in it.
    write_lines("texts.txt", ["Ada went to Oslo."])
    predicted = ftk("predict", f"checkpoint={last}/best", "input=texts.txt", "hardware=cpu", "hardware.threads=1")
    assert predicted.code == 0, predicted.err
    assert json.loads(predicted.out)["text"] == "Ada went to Oslo."


def test_a_failed_job_is_reported_and_the_others_run(
    sweep: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = sweep("model.config.hidden_size=63,64")
    assert result.code == 1
    assert result.err.startswith("ftk finetune: job 0 failed: ")
    assert "hidden size (63)" in result.err
    assert "Traceback" not in result.err
    assert [path.name[0] for path in folders("swept")] == ["1"]
    first, second = results("swept")
    assert (first["job"], first["model.config.hidden_size"], first["error"]) == ("1", "64", "")
    assert (second["job"], second["test f1"], second["folder"]) == ("0", "", "")
    assert "hidden size (63)" in second["error"]
    assert "2 jobs, 1 failed" in result.out
    table = result.out[result.out.index("2 jobs, 1 failed") :]
    assert "job 0 failed: " in table
    assert max(len(line) for line in table.splitlines() if line.startswith("│")) <= 80


def test_a_bug_in_one_job_does_not_take_the_others_with_it(
    sweep: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ftk.commands.train as module

    seeds = []

    def train(config: object, invocation: object) -> dict[str, object]:
        seeds.append(config.run.seed)  # type: ignore[attr-defined]
        if len(seeds) == 1:
            raise ZeroDivisionError("a bug")
        return {}

    monkeypatch.setattr(module, "train", train)
    result = sweep("run.seed=range(1,4)")
    assert (result.code, seeds) == (1, [1, 2, 3])
    assert "Traceback" in result.err
    assert "job 0 failed: a bug" in result.err
    assert [row["error"] for row in results("swept")] == ["", "", "a bug"]


def test_the_error_of_a_job_shows_its_traceback_on_demand(
    sweep: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTK_TRACEBACK", "1")
    result = sweep("model.config.hidden_size=63,65")
    assert result.code == 1
    assert result.err.count("Traceback (most recent call last)") >= 2
    assert [row["job"] for row in results("swept")] == ["0", "1"]


@pytest.mark.slow
def test_a_folder_with_signs_in_its_name_holds_the_sweep(sweep: Callable[..., Result]) -> None:
    folder = "été's sweep, (a=1)"
    escaped = folder.replace("'", "\\'")
    result = sweep("run.seed=1,2", folder=f"'{escaped}'")
    assert (result.code, result.err) == (0, "")
    assert len(folders(folder)) == 2
    assert {path.name for path in folders()} - {"cache"} == {folder}
    # A second sweep does not write over the first.
    kept = (Path(folder) / "results.csv").read_bytes()
    again = sweep("run.seed=3,4", folder=f"'{escaped}'")
    assert (again.code, again.out) == (1, "")
    assert "The folder is not empty." in again.err
    assert (Path(folder) / "results.csv").read_bytes() == kept
