"""Sweeps: a folder for each job, a table of results, and an exit code that tells of failed jobs."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.reliability.sweeps import line, measure, write_rows

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
    assert {row["optimizer.lr"] for row in rows} == {"0.001", "0.002"}
    assert all(row["folder"].startswith(f"{row['job']}-optimizer.lr={row['optimizer.lr']}") for row in rows)
    scores = [float(row["validation f1"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "2 jobs, 0 failed" in result.out
    assert f"results: {sweep_folder / 'results.csv'}" in result.out
    for row in rows:
        metrics = json.loads((sweep_folder / row["folder"] / "metrics.json").read_text())
        assert float(row["test loss"]) == metrics["test"]["loss"]  # in full
        assert float(row["test per_label.LOC.f1"]) == metrics["test"]["per_label"]["LOC"]["f1"]
        assert float(row["seconds"]) == metrics["train"]["elapsed"]
        assert int(row["parameters"]) > 10_000
        assert (row["state"], row["error"]) == ("done", "")
    # The first line of a job's config.yaml repeats it alone; what ran before it in the sweep has left no trace in it.
    last = next(job for job in jobs if "optimizer.lr=0.002" in job.name)
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
    assert result.err.startswith("ftk finetune: job model.config.hidden_size=63 (")
    assert "hidden size (63)" in result.err
    assert "Traceback" not in result.err
    assert len(folders("swept")) == 1
    first, second = results("swept")
    assert (first["model.config.hidden_size"], first["state"], first["error"]) == ("64", "done", "")
    assert (second["model.config.hidden_size"], second["state"]) == ("63", "failed")
    assert (second["test f1"], second["folder"]) == ("", "")
    assert "hidden size (63)" in second["error"]
    assert "2 jobs, 1 failed" in result.out
    table = result.out[result.out.index("2 jobs, 1 failed") :]
    assert f"job {second['job']} failed: " in table
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
    assert (result.code, seeds) == (0, [1, 2, 3, 1])  # it may have been the machine's fault
    assert "Traceback" in result.err
    assert ") failed: a bug" in result.err
    assert "1 job that failed: tried again" in result.out


def test_the_error_of_a_job_shows_its_traceback_on_demand(
    sweep: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTK_TRACEBACK", "1")
    result = sweep("model.config.hidden_size=63,65")
    assert result.code == 1
    assert result.err.count("Traceback (most recent call last)") >= 2
    assert [row["state"] for row in results("swept")] == ["failed"] * 2


@pytest.mark.slow
def test_a_folder_with_signs_in_its_name_holds_the_sweep(sweep: Callable[..., Result]) -> None:
    folder = "été's sweep, (a=1)"
    escaped = folder.replace("'", "\\'")
    result = sweep("run.seed=1,2", folder=f"'{escaped}'")
    assert (result.code, result.err) == (0, "")
    assert len(folders(folder)) == 2
    assert {path.name for path in folders()} - {"cache"} == {folder}
    # A second sweep adds to the first.
    again = sweep("run.seed=2,3", folder=f"'{escaped}'")
    assert again.code == 0
    assert sorted(row["run.seed"] for row in results(folder)) == ["1", "2", "3"]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_sweep_that_is_killed_ends_as_an_unbroken_one(tmp_path: Path, processes: int) -> None:
    found = measure(tmp_path, jobs=6, kills=3, seed=processes, processes=processes)
    assert found.equal
    assert found.trained_twice == 0


@pytest.mark.slow
def test_a_job_whose_process_dies_is_tried_again(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl")
    argv = [sys.executable, "-m", "ftk", *line(tmp_path / "rows.jsonl", tmp_path / "swept", 4), "sweep.jobs=2"]
    sweep = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    workers = Path(f"/proc/{sweep.pid}/task/{sweep.pid}/children")
    while not workers.read_text():
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(int(workers.read_text().split()[0]), signal.SIGKILL)
    out, err = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, err
    assert "its process ended by SIGKILL" in err
    assert "1 job that failed: tried again" in out
    assert [row["state"] for row in results(str(tmp_path / "swept"))] == ["done"] * 4
