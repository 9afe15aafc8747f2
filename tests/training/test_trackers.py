"""Trackers: each step is shown once, whatever stops and resumes, and nothing asks or connects unasked."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import TINY, assert_refused, write_jsonl
from ftk.training.tracking.tracker import State

pytestmark = pytest.mark.torch

FAST = (*TINY, "train.max_steps=6", "train.batch_size=4", "train.log_every=1", "train.eval_every=2", "run.dir=run")


@pytest.fixture
def files() -> tuple[str, ...]:
    rows = [{"text": f"two crates of {'zinc' if i % 2 else 'plum'}", "label": i % 2} for i in range(32)]
    parts = {"train": rows[:16], "validation": rows[16:]}
    return tuple(f"data.{split}={write_jsonl(f'{split}.jsonl', part)}" for split, part in parts.items())


class FakeRun:
    """A run of Weights & Biases that refuses what the real one refuses: an earlier step."""

    def __init__(self, given: dict) -> None:
        self.given, self.logged, self.exit_code = given, [], None
        self.id = given["id"] or "made"

    def log(self, values: dict, step: int) -> None:
        assert not self.logged or step >= self.logged[-1][0]
        self.logged.append((step, values))

    def finish(self, exit_code: int, quiet: bool) -> None:
        self.exit_code = exit_code


@pytest.fixture
def wandb(monkeypatch) -> list[FakeRun]:
    """A stand-in for the package, and its runs."""
    runs: list[FakeRun] = []

    def init(**given) -> FakeRun:
        runs.append(FakeRun(given))
        return runs[-1]

    spec = SimpleNamespace(name="wandb", loader=None, origin="fake", submodule_search_locations=None)
    module = SimpleNamespace(init=init, Settings=dict, __spec__=spec)
    monkeypatch.setitem(sys.modules, "wandb", module)
    for name in ("WANDB_MODE", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return runs


def test_a_state_takes_each_step_once_also_when_it_is_read_again(tmp_path):
    first = State(tmp_path, "wandb", resume=False)
    first.begin("x")
    assert [first.take("train", step) for step in (1, 2, 2, 1)] == [True, True, False, False]
    assert first.take("validation", 2)
    again = State(tmp_path, "wandb", resume=True)
    assert again.id == "x"
    assert [again.take("train", step) for step in (2, 3)] == [False, True]
    assert State(tmp_path, "mlflow", resume=True).id is None
    assert State(tmp_path, "wandb", resume=False).take("train", 1)


def test_a_state_is_whole_if_it_could_not_be_written(tmp_path, monkeypatch):
    state = State(tmp_path, "wandb", resume=False)
    state.begin("x")

    def half(path, text, **_):
        with open(path, "w") as stream:
            stream.write(text[:3])
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", half)
        with pytest.raises(OSError, match="full"):
            state.take("train", 1)
    again = State(tmp_path, "wandb", resume=True)
    assert again.id == "x"
    assert again.take("train", 1)


@pytest.mark.slow
def test_a_run_that_resumes_goes_on_in_the_tracker_without_repeating_a_step(ftk, files, wandb):
    line = ("finetune", "task=text-classification", *FAST, *files, "tracker=wandb")
    assert ftk(*line, "run.stop_after=3").code == 0
    assert ftk(*line, "run.resume=true").code == 0
    first, second = wandb
    assert first.given["id"] is None
    assert second.given["id"] == first.id
    assert {run.given["mode"] for run in wandb} == {"offline"}
    steps = [step for run in wandb for step, values in run.logged if "train/loss" in values]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert [step for run in wandb for step, values in run.logged if "validation/accuracy" in values] == [2, 4, 6]
    assert (first.exit_code, second.exit_code) == (1, 0)
    assert ftk(*line, "run.resume=true").code == 0  # it is done: nothing is shown again
    assert wandb[2].logged == []


@pytest.mark.slow
def test_a_tracker_that_fails_does_not_end_the_run(ftk, files, wandb, monkeypatch):
    def fail(self, values, step):
        raise ConnectionError("the server is down")

    monkeypatch.setattr(FakeRun, "log", fail)
    result = ftk("finetune", "task=text-classification", *FAST, *files, "tracker=wandb")
    assert result.code == 0
    assert "the server is down" in result.out + result.err
    assert Path("run/metrics.json").exists()


def test_what_would_ask_or_is_not_installed_is_refused_before_training(ftk, files, wandb, monkeypatch):
    line = ("finetune", "--json", "task=text-classification", *FAST, *files)
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("NETRC", "no-such-file")
    assert_refused(ftk(*line, "tracker=wandb"), "WANDB_API_KEY")
    if find_spec("tensorboard") is None:
        assert_refused(ftk(*line, "tracker=tensorboard"), "pip install 'ftk[tensorboard]'")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_event_files_have_each_step_once_after_a_resume(ftk, files):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    line = ("finetune", "task=text-classification", *FAST, *files, "tracker=tensorboard")
    assert ftk(*line, "run.stop_after=3").code == 0
    assert ftk(*line, "run.resume=true").code == 0
    read = EventAccumulator("run/tensorboard").Reload()
    assert [event.step for event in read.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]
    lines = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    losses = [event["loss"] for event in lines if event["split"] == "train"]
    assert [event.value for event in read.Scalars("train/loss")] == pytest.approx(losses)
    assert "best/validation/accuracy" in read.Tags()["scalars"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_one_run_with_each_step_once(ftk, files, monkeypatch):
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path.cwd()}/mlflow.db")
    line = ("finetune", "task=text-classification", *FAST, *files, "tracker=mlflow")
    assert ftk(*line, "run.stop_after=3").code == 0
    assert ftk(*line, "run.resume=true").code == 0
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    [run] = client.search_runs([client.get_experiment_by_name("ftk").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["train.max_steps"] == "6"
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert sorted(one.step for one in history) == [1, 2, 3, 4, 5, 6]
