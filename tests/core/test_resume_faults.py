"""What a run folder guarantees to whoever resumes it: locks, damage, other versions, verification."""

import contextlib
import fcntl
import io
import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, read_jsonl, run_ftk, toy_corpus, toy_sentences, write_conll

pytestmark = pytest.mark.torch

SETTINGS = (
    *TINY,
    "train.epochs=1",
    "train.batch_size=5",
    "train.eval_every=4",
    "train.save_every=3",
    "train.log_every=2",
)


def command_line() -> list[str]:
    """A run of ten steps on the toy corpus, which is written into the current folder."""
    return ["finetune", *SETTINGS, *toy_corpus(Path()), "run.dir=run"]


@pytest.fixture
def argv() -> list[str]:
    return command_line()


@pytest.fixture(scope="module")
def stopped_at_seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run, stopped after seven steps."""
    folder, err = tmp_path_factory.mktemp("stopped"), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stderr(err):
        assert run_ftk(*command_line(), "run.stop_after=7") == 0
    assert "stopped after step 7" in err.getvalue()
    assert "run.dir=run run.resume=true" in err.getvalue().splitlines()[-1]
    assert "stop_after" not in err.getvalue().splitlines()[-1]
    return folder


@pytest.fixture
def stopped(stopped_at_seven: Path) -> Path:
    """A copy of the stopped run in the folder of the test."""
    return Path(shutil.copytree(stopped_at_seven / "run", "run"))


def weights(run: Path) -> list[bytes]:
    return [(run / name).read_bytes() for name in ("best/model.safetensors", "last/trainer.safetensors")]


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.slow
def test_a_run_that_was_told_to_stop_resumes_to_the_same_end(
    ftk: Callable[..., Result], argv: list[str], stopped: Path
) -> None:
    assert not (stopped / "metrics.json").exists()
    assert ftk(*argv, "run.resume=true").code == 0
    assert ftk(*argv[:-1], "run.dir=whole").code == 0
    assert weights(stopped) == weights(Path("whole"))


def test_a_damaged_state_is_reported_and_the_previous_one_is_used(
    ftk: Callable[..., Result], argv: list[str], stopped: Path
) -> None:
    with (stopped / "last" / "trainer.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\xff")
    result = ftk(*argv, "run.resume=true")
    assert result.code == 0, result.err
    assert "run/last/trainer.safetensors: the file has changed since it was saved" in result.out
    assert "resuming from run/previous (step 6)" in result.out
    assert ftk(*argv[:-1], "run.dir=whole").code == 0
    assert weights(stopped) == weights(Path("whole"))
    steps = [(event["split"], event["step"]) for event in read_jsonl(stopped / "metrics.jsonl")]
    assert steps == [(event["split"], event["step"]) for event in read_jsonl("whole/metrics.jsonl")]


@pytest.mark.slow
def test_a_damaged_best_model_is_not_passed_over(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    (stopped / "best" / "model.safetensors").write_bytes(b"")
    result = ftk(*argv, "run.resume=true")
    assert result.code == 1
    assert "run/best/model.safetensors: the file has 0 bytes" in result.err
    assert "The best model so far is lost. run.resume=force" in result.err
    forced = ftk(*argv, "run.resume=force")
    assert forced.code == 0, forced.err
    assert "the next validated one is kept" in forced.out


@pytest.mark.slow
def test_other_versions_are_refused_unless_forced(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    packages = json.loads((stopped / "environment.json").read_text())["packages"]
    change(stopped / "environment.json", packages={**packages, "torch": "1.0"}, precision="fp16")
    refused = ftk(*argv, "run.resume=true")
    assert refused.code == 1
    assert "torch: was 1.0, is now " in refused.err
    assert "hardware: precision: was fp16, is now " in refused.err
    assert "run.resume=force resumes anyway" in refused.err
    forced = ftk(*argv, "run.resume=force")
    assert forced.code == 0, forced.err
    assert "resumed with a difference, results may differ: torch: was 1.0, is now " in forced.out


@pytest.mark.slow
def test_more_steps_can_be_forced(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    refused = ftk(*argv, "run.resume=true", "train.epochs=2")
    assert refused.code == 1
    assert "train.epochs: was 1, is now 2" in refused.err
    forced = ftk(*argv, "run.resume=force", "train.epochs=2")
    assert forced.code == 0, forced.err
    assert json.loads((stopped / "metrics.json").read_text())["train"]["steps"] == 20
    assert "epochs: 2" in (stopped / "config.yaml").read_text()
    again = ftk(*argv, "run.resume=true", "train.epochs=2")
    assert again.code == 0, again.err


@pytest.mark.slow
def test_what_a_config_says_of_its_folder_is_taken_back(ftk: Callable[..., Result], argv: list[str]) -> None:
    """In the command to go on with, and in the trial of a resume, which would else begin trials for ever."""
    Path("mine/experiment").mkdir(parents=True)
    own = "# @package _global_\nrun: {overwrite: true, verify_resume: true, stop_after: 7}\n"
    Path("mine/experiment/mine.yaml").write_text(own)
    result = ftk(*argv, "--config-dir", "mine", "experiment=mine")
    assert result.code == 0, result.err
    assert "resume verified: stopped after step 4" in result.out
    assert "at step 8 are the same bytes as without a stop" in result.out
    told = result.err.splitlines()[-1]
    assert "run.overwrite=false run.stop_after=null run.verify_resume=false run.dir=run run.resume=true" in told
    again = ftk(*shlex.split(told)[1:])
    assert again.code == 0, again.err
    assert (Path("run") / "metrics.json").exists()


def test_a_run_that_is_past_its_stop_stops_at_once(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    before = (stopped / "last" / "ftk.json").read_bytes()
    again = ftk(*argv, "run.resume=true", "run.stop_after=7")
    assert again.code == 0
    assert "stopped after step 7" in again.err
    assert (stopped / "last" / "ftk.json").read_bytes() == before


@pytest.mark.slow
def test_a_sweep_continues_with_the_other_jobs(ftk: Callable[..., Result], argv: list[str]) -> None:
    result = ftk(*argv[:-1], "-m", "run.seed=1,2", "run.stop_after=4", "run.dir=sweep")
    assert result.code == 0, result.err
    assert result.err.count("stopped after step 4") == 2
    assert len(list(Path("sweep").glob("*/last"))) == 2


def test_another_model_cannot_be_forced(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    result = ftk(*argv, "run.resume=force", "model.dropout=0.3")
    assert result.code == 1
    assert "the model of a resumed run cannot be changed" in result.err
    assert "dropout: null" in (stopped / "config.yaml").read_text()


def test_another_optimizer_can_be_forced(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    result = ftk(*argv, "run.resume=force", "optimizer=sgd")
    assert result.code == 0, result.err
    assert "it starts without the state of the previous one" in result.out


def test_too_little_memory_elsewhere_is_reported(
    ftk: Callable[..., Result], argv: list[str], stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from ftk.tasks.token_classification.task import TokenClassification

    def full(*args: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(TokenClassification, "decode", full)
    result = ftk(*argv, "run.resume=true")
    assert result.code == 1
    assert "(CUDA out of memory. Tried to allocate 2.00 GiB)" in result.err
    assert "hardware.eval_tokens" in result.err
    assert "run.dir=run run.resume=true" in result.err.splitlines()[-1]


def test_other_data_is_refused_unless_forced(ftk: Callable[..., Result], argv: list[str], stopped: Path) -> None:
    other = [[(word.replace("Oslo", "Bergen"), tag) for word, tag in sentence] for sentence in toy_sentences(50)]
    write_conll("train.conll", other)
    refused = ftk(*argv, "run.resume=true")
    assert refused.code == 1
    assert "the files of data.train have changed" in refused.err
    assert ftk(*argv, "run.resume=force").code == 0


@pytest.mark.parametrize("way", ["run.overwrite=true", "run.resume=true"])
@pytest.mark.slow
def test_two_runs_do_not_share_a_folder(ftk: Callable[..., Result], argv: list[str], stopped: Path, way: str) -> None:
    before = weights(stopped)
    with (stopped / ".lock").open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        result = ftk(*argv, way)
        assert result.code == 1
        assert "run.dir=run: another run writes into this folder (process " in result.err
    assert weights(stopped) == before
    assert ftk(*argv, way).code == 0


def test_a_folder_that_cannot_be_written_is_reported_before_the_data_is_read(
    ftk: Callable[..., Result], argv: list[str]
) -> None:
    Path("file").write_text("x")
    result = ftk(*argv[:-1], "run.dir=file/run")
    assert result.code == 1
    assert "run.dir=file/run: file is not a folder" in result.err


def test_a_disk_without_room_is_reported_before_the_first_step(
    ftk: Callable[..., Result], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    result = ftk(*argv)
    assert result.code == 1
    assert "0 MB free" in result.err
    assert sorted(path.name for path in Path("run").iterdir()) == [".lock"]


@pytest.mark.slow
def test_a_disk_that_is_full_in_the_middle_keeps_the_state_before(
    ftk: Callable[..., Result], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.core.saving import checkpoint

    save_file, calls = checkpoint.save_file, []

    def full(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save_file(*args)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full)
        result = ftk(*argv)
    assert result.code == 1
    assert "run/last: step 4 cannot be saved (No space left on device)" in result.err
    assert "run.dir=run run.resume=true" in result.err.splitlines()[-1]
    assert ftk(*argv, "run.resume=true").code == 0
    assert ftk(*argv[:-1], "run.dir=whole").code == 0
    assert weights(Path("run")) == weights(Path("whole"))


@pytest.mark.slow
def test_a_config_that_does_not_repeat_is_found(
    ftk: Callable[..., Result], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An optimizer that draws from a generator of its own, which no seed of the run reaches."""
    Path("noisy.py").write_text(
        "import os\n"
        "import torch\n"
        "class Noisy(torch.optim.SGD):\n"
        "    def step(self, closure=None):\n"
        "        for group in self.param_groups:\n"
        "            for parameter in group['params']:\n"
        "                if parameter.grad is not None:\n"
        "                    parameter.grad.add_(int.from_bytes(os.urandom(2), 'little') / 65536)\n"
        "        return super().step(closure)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(str(Path.cwd()))
    result = ftk(*argv, "optimizer=sgd", "optimizer._target_=noisy.Noisy", "run.verify_resume=true")
    assert result.code == 1
    assert "stopped after step 4 and resumed, the run differs at step 8: " in result.err
    assert "last/model.safetensors" in result.err
    assert not Path("run").exists()


def test_what_is_saved_must_give_back_the_same_model(
    ftk: Callable[..., Result], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that computes with something that it does not save."""
    from transformers import BertForTokenClassification

    forward = BertForTokenClassification.forward
    secret: list[Any] = []

    def with_secret(self: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = forward(self, *args, **kwargs)
        secret[:] = secret or ([self] if self.training else [])
        if self in secret:
            outputs.logits = outputs.logits + 1.0
        return outputs

    monkeypatch.setattr(BertForTokenClassification, "forward", with_secret)
    result = ftk(*argv)
    assert result.code == 1
    assert "run/best: the saved model is not the trained one" in result.err
