"""The same line again: what is done is skipped, what began goes on, what failed is tried again. Nothing is trained."""

import csv
import json
import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ftk.commands.train as command
from conftest import Result
from ftk.config.invocation import Invocation
from ftk.data.readers.decoding.once import inputs, sha256_of
from ftk.errors import DataError, RunError
from ftk.models.loading.verified_folder import write_manifest
from ftk.report.run_folder import RunFolder
from ftk.system.locks import lock

LINE = ("finetune", "-m", "task=text-classification", "model=tiny", "data.train=rows.csv")


class Trainings:
    """Stands for training: notes each job, and writes what a run writes."""

    def __init__(self) -> None:
        self.began: list[tuple[int, Any, bool]] = []
        """The seed of each job, and how it began: ``run.resume`` and ``run.overwrite``."""
        self.fails: dict[int, Exception] = {}
        self.killed: set[int] = set()
        self.stopped_at: int | None = None
        self.data = "rows.csv"

    @inputs()
    def __call__(self, config: Any, invocation: Invocation) -> dict[str, Any]:
        seed = config.run.seed
        self.began.append((seed, config.run.resume, config.run.overwrite))
        folder = RunFolder.claim(config.run, invocation, "task", "model")
        folder.lock(print)
        try:
            if seed in self.fails:
                raise self.fails.pop(seed)
            data = {"train": {self.data: sha256_of(self.data)}}
            folder.open(hardware={"device": "cpu", "precision": "fp32"}, data=data, model={})
            if seed == self.stopped_at:
                os.kill(os.getpid(), signal.SIGINT)
            if seed not in self.killed:
                scores = {"loss": 1 / seed, "accuracy": 0.1 * seed}
                folder.write("metrics.json", {"validation": scores, "test": scores, "train": {"elapsed": 2.5}})
        finally:
            folder.close()
        return {}

    @property
    def seeds(self) -> list[int]:
        """The seeds of the jobs since the last time."""
        seeds = [seed for seed, _, _ in self.began]
        self.began.clear()
        return seeds


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    trainings = Trainings()
    monkeypatch.setattr(command, "train", trainings)
    Path("rows.csv").write_text("text,label\na,b\n")
    return trainings


def rows(folder: str = "swept") -> dict[str, dict[str, str]]:
    """The rows of results.csv by seed."""
    with open(Path(folder) / "results.csv", encoding="utf-8", newline="") as stream:
        return {row["run.seed"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("key", ["sweep.dir", pytest.param("run.dir", marks=pytest.mark.slow)])
def test_more_seeds_run_only_what_is_new(ftk: Callable[..., Result], trainings: Trainings, key: str) -> None:
    assert ftk(*LINE, "run.seed=1,2", f"{key}=swept").code == 0
    assert trainings.seeds == [1, 2]
    for line in (["run.seed=1,2"], ["run.seed=2,1", "run.curves=true", "run.resume=true"]):
        again = ftk(*LINE, *line, f"{key}=swept")
        assert (again.code, trainings.seeds) == (0, [])
        assert "2 done before" in again.out
    assert ftk(*LINE, "run.seed=range(0,4)", f"{key}=swept").code == 1  # 1/0
    assert trainings.seeds[:2] == [0, 3]
    assert {seed: row["state"] for seed, row in rows().items()} == {
        "0": "failed",
        "1": "done",
        "2": "done",
        "3": "done",
    }
    assert rows()["3"]["validation loss"] == repr(1 / 3)
    before = Path("swept/results.csv").read_bytes()
    assert ftk("sweep", "swept").code == 0
    assert Path("swept/results.csv").read_bytes() == before


@pytest.mark.slow
def test_a_sweep_of_an_earlier_release_is_recognised(ftk: Callable[..., Result], trainings: Trainings) -> None:
    assert ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept").code == 0
    for number, path in enumerate(sorted(Path("swept").glob("*/"))):
        config = (path / "config.yaml").read_text()
        config = re.sub(r"^sweep:\n(  .*\n)+", "", config, flags=re.MULTILINE).replace("  baselines: none\n", "")
        (path / "config.yaml").write_text(config)
        path.rename(path.with_name(f"{number}-run.seed={number}"))
    Path("swept/sweep.json").unlink()
    trainings.began.clear()
    again = ftk(*LINE, "run.seed=1,2,3,4", "sweep.dir=swept", "train.baselines=auto")
    assert (again.code, trainings.seeds) == (0, [4])
    assert sorted(rows()) == ["1", "2", "3", "4"]
    ftk(*LINE, "run.seed=1", "sweep.dir=swept", "train.epochs=9")  # another config is another job
    assert trainings.seeds == [1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "tries"), [(RunError("the disk is full"), 2), (OSError(28, "full"), 2), (DataError("a row"), 1)]
)
def test_what_failed_is_tried_again(
    ftk: Callable[..., Result], trainings: Trainings, error: Exception, tries: int
) -> None:
    trainings.fails = {2: error}
    result = ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept")
    assert (result.code, trainings.seeds) == (int(tries == 1), [1, 2, 3, 2][: 2 + tries])
    assert ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept").code == 0
    assert trainings.seeds == ([2] if tries == 1 else [])
    assert {row["state"] for row in rows().values()} == {"done"}
    assert json.loads(Path("swept/sweep.json").read_text())["failed"] == {}


@pytest.mark.slow
def test_a_good_row_stays_when_its_job_fails_later(ftk: Callable[..., Result], trainings: Trainings) -> None:
    ftk(*LINE, "run.seed=1,2", "sweep.dir=swept")
    good = rows()
    trainings.fails = {1: DataError("a row"), 2: DataError("a row")}
    again = ftk(*LINE, "run.seed=1,2", "sweep.dir=swept", "run.overwrite=true")
    assert (again.code, rows()) == (1, good)
    assert "2 jobs, 2 failed" in again.out


@pytest.mark.slow
def test_what_began_goes_on_or_begins_again(ftk: Callable[..., Result], trainings: Trainings) -> None:
    trainings.killed = {1, 2, 3}
    ftk(*LINE, "run.seed=1,2,3,4", "sweep.dir=swept")
    folders = {seed: Path("swept", row["folder"]) for seed, row in rows().items()}
    assert [row["state"] for row in rows().values()] == ["done", *["begun"] * 3]
    for seed, name in (("1", "last"), ("2", "previous"), ("3", "last")):
        (folders[seed] / name).mkdir()
        write_manifest(folders[seed] / name, {"task": {}, "labels": None, "max_length": 1, "stride": 0, "step": 1})
    (folders["3"] / "last/ftk.json").write_text("{")  # no state is whole
    trainings.began.clear()
    trainings.killed = set()
    assert ftk(*LINE, "run.seed=1,2,3,4", "sweep.dir=swept").code == 0
    assert trainings.began == [(1, True, False), (2, True, False), (3, False, True)]


@pytest.mark.slow
def test_data_that_has_changed_is_refused(ftk: Callable[..., Result], trainings: Trainings) -> None:
    ftk(*LINE, "run.seed=1,2", "sweep.dir=swept")
    before = Path("swept/results.csv").read_bytes()
    os.utime("rows.csv")
    assert ftk(*LINE, "run.seed=1,2", "sweep.dir=swept").code == 0  # touched, and the same
    Path("rows.csv").write_text("text,label\na,c\n")
    os.utime("rows.csv", (1, 1))  # as a copy that keeps its time
    trainings.began.clear()
    refused = ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept")
    assert (refused.code, trainings.seeds) == (1, [])
    assert "rows.csv: 2 jobs" in refused.err
    assert Path("swept/results.csv").read_bytes() == before
    assert ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept", "run.overwrite=true").code == 0
    assert trainings.seeds == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["swept", "a b", "it's, (1)=é", "-m", "007", "1e3", "null", "true", "a:b#c", "ü/🙂"])
def test_the_command_that_goes_on_works_when_pasted(
    ftk: Callable[..., Result], trainings: Trainings, folder: str
) -> None:
    escaped = folder.replace("'", "\\'")
    trainings.stopped_at = 2
    stopped = ftk(*LINE, "run.seed=1,2,3", f"sweep.dir='{escaped}'", "run.overwrite=true")
    assert (stopped.code, trainings.seeds) == (130, [1, 2])
    assert [row["state"] for row in rows(folder).values()] == ["done", "begun"]
    assert "1 begun, 1 not begun" in stopped.out
    trainings.stopped_at = None
    pasted = stopped.err.splitlines()[-1]
    assert ftk(*shlex.split(pasted)[1:]).code == 0
    assert trainings.began == [(2, False, True), (3, False, False)]


@pytest.mark.slow
def test_a_stop_in_a_folder_that_ftk_named_says_which(ftk: Callable[..., Result], trainings: Trainings) -> None:
    trainings.stopped_at = 1
    stopped = ftk(*LINE, "run.seed=1,2")
    trainings.stopped_at = None
    assert ftk(*shlex.split(stopped.err.splitlines()[-1])[1:]).code == 0
    (folder,) = Path("runs").iterdir()
    assert len(list(folder.glob("*/metrics.json"))) == 2


@pytest.mark.slow
def test_jobs_that_would_be_the_same_run_once(ftk: Callable[..., Result], trainings: Trainings) -> None:
    result = ftk(*LINE, "run.seed=1,2,1", "run.keep=state,best", "sweep.dir=swept")
    assert (result.code, trainings.seeds) == (0, [1, 2])
    assert "4 jobs of this line would train the same as another one" in result.out


@pytest.mark.slow
def test_one_sweep_at_a_time_writes_into_a_folder(ftk: Callable[..., Result], trainings: Trainings) -> None:
    ftk(*LINE, "run.seed=1", "sweep.dir=swept")
    with lock(Path("swept"), warn=print):
        refused = ftk(*LINE, "run.seed=1,2", "sweep.dir=swept")
        assert (refused.code, trainings.seeds) == (1, [1])
        assert "another sweep writes into this folder" in refused.err
        looked = ftk("sweep", "swept")
        assert looked.code == 0
        assert "is not written" in looked.out


@pytest.mark.slow
@pytest.mark.parametrize("text", ["{", "[]", '{"swept": 1, "failed": {}}', '{"swept": [], "failed": {"a": 1}}', "\x00"])
def test_a_damaged_memory_is_said(ftk: Callable[..., Result], trainings: Trainings, text: str) -> None:
    ftk(*LINE, "run.seed=1", "sweep.dir=swept")
    Path("swept/sweep.json").write_text(text)
    again = ftk(*LINE, "run.seed=1,2", "sweep.dir=swept")
    assert (again.code, trainings.seeds) == (0, [1, 2])
    assert "sweep.json: the file is damaged" in again.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("sweep.dir=x",), "Only a sweep reads it: add -m."),
        (("-m", "run.seed=1,2", "sweep.jobs=1,2"), "It holds for the whole sweep"),
        (("-m", "run.seed=1,2", "sweep.jobs=0"), "It must be greater than 0."),
        (("-m", "run.seed=1,2", "sweep.retry=-1"), "It must be 0 or more."),
        (("-m", "run.seed=1,2", "sweep.dir=x", "run.dir=y"), "Both name the folder of the sweep"),
        (("-m", "run.seed=1,2", "sweep.dir=rows.csv"), "This is a file, not a folder"),
        (("-m", "run.seed=1,2", "sweep.dir=."), "It holds no sweep to go on with"),
        (("-m", "run.seed=1,2", "sweep.dir=deep/single"), "It is that of a single run"),
        (("-m", "run.seed=1,2", "sweep.dir=~nobodyhere/x"), "here is no user 'nobodyhere'"),
        (("-m", "run.seed=1,2", "run.resume=true"), "Say which run to resume"),
    ],
)
def test_mistakes(ftk: Callable[..., Result], trainings: Trainings, words: tuple[str, ...], what: str) -> None:
    Path("deep/single").mkdir(parents=True)
    Path("deep/single/config.yaml").write_text("# ftk finetune\n")
    result = ftk("finetune", "model=tiny", *words)
    assert (result.code, trainings.seeds) == (1, [])
    assert what in result.err


def test_a_stop_of_jobs_that_run_again_says_which_results_are_old(
    ftk: Callable[..., Result], trainings: Trainings
) -> None:
    ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept")
    trainings.stopped_at = 2
    stopped = ftk(*LINE, "run.seed=1,2,3", "sweep.dir=swept", "run.overwrite=true")
    assert stopped.code == 130
    assert "1 of 3 jobs are done again. The results of 1 are those of before" in stopped.err


@pytest.mark.slow
def test_the_command_that_goes_on_names_one_folder(
    ftk: Callable[..., Result], trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("own/experiment").mkdir(parents=True)
    Path("own/experiment/mine.yaml").write_text("# @package _global_\nrun: {dir: 'a/${now:%f}'}\n")
    monkeypatch.setenv("FTK_CONFIG_PATH", "own")
    trainings.stopped_at = 1
    stopped = ftk(*LINE, "run.seed=1,2", "experiment=mine")
    trainings.stopped_at = None
    assert ftk(*shlex.split(stopped.err.splitlines()[-1])[1:]).code == 0
    (folder,) = Path("a").iterdir()
    assert len(list(folder.glob("*/metrics.json"))) == 2


@pytest.mark.slow
def test_a_folder_with_a_lock_alone_is_new(ftk: Callable[..., Result], trainings: Trainings) -> None:
    Path("swept").mkdir()
    for name in (".lock", ".sweep.json.7-abcd.tmp"):  # what a sweep leaves that is killed as it begins
        Path("swept", name).touch()
    assert ftk(*LINE, "run.seed=1,2", "sweep.dir=swept").code == 0


@pytest.mark.slow
def test_another_pipe_of_the_same_name_is_other_data(ftk: Callable[..., Result], trainings: Trainings) -> None:
    read, write = os.pipe()
    line = (*LINE[:-1], f"data.train=/dev/fd/{read}", "sweep.dir=swept")
    trainings.data = f"/dev/fd/{read}"
    for content, code in ((b"text,label\na,b\n", 0), (b"text,label\na,b\n", 0), (b"text,label\na,c\n", 1)):
        os.write(write, content)
        os.close(write)
        assert ftk(*line, "run.seed=1,2").code == code
        again, write = os.pipe()
        os.dup2(again, read)
        os.close(again)
    os.close(read)
    os.close(write)
    assert trainings.seeds == [1, 2]
