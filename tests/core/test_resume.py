"""An interrupted and resumed run ends with the same bytes as an uninterrupted one."""

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, read_jsonl, run_ftk, toy_corpus, toy_sentences, write_conll
from ftk.contracts import finding_kinds as kinds
from image_models import CONVOLUTIONS, HERE, write_splits
from pretraining import TINY_MODEL, write_stories
from small_models import save_model_folder

pytestmark = pytest.mark.torch

# Batches of 5 in micro batches of 2: accumulation with a ragged end; saves and validations in mid-epoch.
SETTINGS = (
    *TINY,
    "train.epochs=2",
    "train.batch_size=5",
    "hardware.micro_batch=2",
    "train.eval_every=7",
    "train.save_every=3",
    "train.log_every=2",
)

# Sends this process a signal in the middle of the accumulation of one optimizer step; what cannot be caught only when
# a state to resume from has been saved, which happens while the training continues.
INTERRUPTED = """
import os, sys
from ftk import cli
from ftk.tasks.{task} import {name} as Task

number, forward, seen = {forward}, Task.forward, []

def counted(self, model, batch):
    if model.training:
        seen.append(1)
        if len(seen) == number or ({signal} == 9 and len(seen) > number):
            if {signal} != 9 or os.path.isdir("broken/last"):
                os.kill(os.getpid(), {signal})
    return forward(self, model, batch)

Task.forward = counted
sys.exit(cli.run(sys.argv[1:]))
"""


def digests(run: Path) -> dict[str, str]:
    names = ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors", "best/config.json")
    files = [*names, "predictions/validation.jsonl", "predictions/test.jsonl"]
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in files}


def events(run: Path) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in event.items() if key != "seconds"} for event in read_jsonl(run / "metrics.jsonl")
    ]


def interrupted(
    argv: list[str], *, forward: int, signal: int, task: str = "token_classification"
) -> subprocess.CompletedProcess[str]:
    name = "".join(word.capitalize() for word in task.split("_"))
    script = INTERRUPTED.format(forward=forward, signal=signal, task=task, name=name)
    return subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, check=False, env={**os.environ}
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(folder):
        assert run_ftk("finetune", *SETTINGS, *toy_corpus(Path()), "run.dir=unbroken") == 0
    return folder


@pytest.fixture
def toy() -> tuple[str, ...]:
    """The toy corpus under the names that it has for ``finished``: a resumed run compares them."""
    return toy_corpus(Path())


@pytest.fixture
def unbroken(finished: Path) -> Path:
    """A copy of the run in the folder of the test."""
    return Path(shutil.copytree(finished / "unbroken", "unbroken"))


# 48 rows: 10 steps an epoch, 29 micro batches an epoch.
@pytest.mark.slow
@pytest.mark.parametrize("forward", [12, 56])
def test_killed_and_resumed(ftk: Callable[..., Result], toy: tuple[str, ...], unbroken: Path, forward: int) -> None:
    argv = ["finetune", *SETTINGS, *toy, "run.dir=broken"]
    assert interrupted(argv, forward=forward, signal=9).returncode == -9
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    assert digests(Path("broken")) == digests(unbroken)
    assert events(Path("broken")) == events(unbroken)


@pytest.mark.slow
def test_killed_and_resumed_with_embeddings_that_are_not_trained(
    ftk: Callable[..., Result], toy: tuple[str, ...]
) -> None:
    argv = ["finetune", *SETTINGS, *toy, "+model.config.vocab_size=5000"]
    unbroken = ftk(*argv, "run.dir=unbroken")
    assert unbroken.code == 0, unbroken.err
    assert "rows are frozen" in unbroken.out
    assert interrupted([*argv, "run.dir=broken"], forward=33, signal=9).returncode == -9
    resumed = ftk(*argv, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert digests(Path("broken")) == digests(Path("unbroken"))


@pytest.mark.parametrize(
    ("task", "model"),
    [("image_classification", CONVOLUTIONS)],
    ids=["image-classification"],
)
@pytest.mark.slow
def test_killed_and_resumed_with_images(
    ftk: Callable[..., Result], tmp_path: Path, task: str, model: tuple[str, ...]
) -> None:
    """What images add: the order of their changes, the statistics of norms, two towers and a share."""
    data = write_splits(tmp_path, both=True)
    words = (f"task={task.replace('_', '-')}", "task.flip=true", "task.shift=0.2", *model, *HERE, *data)
    argv = ["finetune", *SETTINGS[len(TINY) :], *words]
    unbroken = ftk(*argv, "run.dir=unbroken")
    assert unbroken.code == 0, unbroken.err
    assert interrupted([*argv, "run.dir=broken"], forward=24, signal=9, task=task).returncode == -9
    resumed = ftk(*argv, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    assert digests(Path("broken")) == digests(Path("unbroken"))
    assert events(Path("broken")) == events(Path("unbroken"))


@pytest.mark.slow
def test_a_run_of_a_release_with_one_cut_keeps_its_rows(ftk: Callable[..., Result]) -> None:
    """Its config has none of the keys that choose a cut, and rows are held out for it as they were."""
    argv = ("finetune", *TINY, f"data.train={write_conll('train.conll', toy_sentences(40))}", "train.max_steps=4")
    assert ftk(*argv, "data.cut=simple", "run.dir=unbroken").code == 0
    assert ftk(*argv, "data.cut=simple", "run.dir=run", "run.stop_after=2").code == 0
    config = Path("run/config.yaml")
    new = ("  cut:", "  test_share:", "  group:")
    kept = [line for line in config.read_text().splitlines() if not line.startswith(new)]
    config.write_text("\n".join(kept) + "\n")
    refused = ftk(*argv, "data.cut=stratified", "run.dir=run", "run.resume=true")
    assert refused.code == 1
    assert "data.cut: was simple, is now stratified" in refused.err
    resumed = ftk(*argv, "run.dir=run", "run.resume=true")
    assert resumed.code == 0, resumed.err
    names = ("best/model.safetensors", "predictions/validation.jsonl")
    assert all(Path("run", name).read_bytes() == Path("unbroken", name).read_bytes() for name in names)


@pytest.mark.parametrize(("signal", "code"), [(2, 130)])
def test_stopped_by_a_signal_and_resumed_by_the_printed_command(
    ftk: Callable[..., Result], toy: tuple[str, ...], unbroken: Path, signal: int, code: int
) -> None:
    stopped = interrupted(["finetune", *SETTINGS, *toy, "run.dir=stopped"], forward=20, signal=signal)
    assert stopped.returncode == code
    assert "stopped after step 7" in stopped.stderr
    command = shlex.split(stopped.stderr.strip().splitlines()[-1])
    assert command[0] == "ftk"
    resumed = ftk(*command[1:])
    assert resumed.code == 0, resumed.err
    assert digests(Path("stopped")) == digests(unbroken)
    assert events(Path("stopped")) == events(unbroken)


@pytest.mark.slow
def test_a_resumed_run_keeps_the_windows_that_its_model_was_pretrained_with(
    ftk: Callable[..., Result], tmp_path: Path
) -> None:
    stories = f"data.train={write_stories('stories.txt', 0, 40)}"
    assert ftk("pretrain", *TINY_MODEL, stories, "train.max_steps=1", "run.dir=pretrained").code == 0
    sentences = toy_sentences(24 * 6)
    rows = [[pair for sentence in sentences[at : at + 6] for pair in sentence] for at in range(0, len(sentences), 6)]
    data = [f"data.{split}={write_conll(f'{split}.conll', rows)}" for split in ("train", "validation", "test")]
    model = ("model=auto", "model.name=pretrained/best", "model.default_lr=3e-3", "train.epochs=2")
    argv = ["finetune", *SETTINGS, *model, *data]
    whole = ftk(*argv, "--json", "run.dir=unbroken")
    assert whole.code == 0, whole.err
    assert "windows of 32 tokens, as in the model's training" in whole.out
    assert whole.found(kinds.LONG_ROW, "train", length=32).count == 24
    stopped = interrupted([*argv, "run.dir=stopped"], forward=20, signal=15)
    assert stopped.returncode == 143, stopped.stderr
    resumed = ftk(*shlex.split(stopped.stderr.strip().splitlines()[-1])[1:])
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    for folder in ("best", "last"):
        assert json.loads(Path("stopped", folder, "ftk.json").read_text())["max_length"] == 32
    assert digests(Path("stopped")) == digests(Path("unbroken"))
    assert events(Path("stopped")) == events(Path("unbroken"))


@pytest.mark.slow
def test_two_runs_of_one_seed_are_the_same_and_of_two_seeds_are_not(
    ftk: Callable[..., Result], toy: tuple[str, ...], unbroken: Path
) -> None:
    assert ftk("finetune", *SETTINGS, *toy, "run.dir=again").code == 0
    assert ftk("finetune", *SETTINGS, *toy, "run.dir=other", "run.seed=2").code == 0
    assert digests(Path("again")) == digests(unbroken)
    assert digests(Path("other"))["best/model.safetensors"] != digests(unbroken)["best/model.safetensors"]


def test_resume_refuses_another_config_or_other_data(
    ftk: Callable[..., Result], toy: tuple[str, ...], unbroken: Path
) -> None:
    argv = ["finetune", *SETTINGS, *toy, "run.dir=unbroken", "run.resume=true"]
    other = ftk(*argv, "optimizer.lr=1e-5")
    assert other.code == 1
    assert "optimizer.lr: was auto, is now 1e-05" in other.err
    write_conll("train.conll", toy_sentences(40))
    changed = ftk(*argv)
    assert changed.code == 1
    assert "data.train have changed since the run began" in changed.err


@pytest.mark.slow
def test_resume_does_not_need_the_model_that_the_run_began_with(
    ftk: Callable[..., Result], toy: tuple[str, ...]
) -> None:
    folder = save_model_folder(Path("model"), "bert")
    argv = ["finetune", *TINY[2:], "model=auto", f"model.name={folder}", *toy, "train.max_steps=4", "run.dir=run"]
    assert ftk(*argv, "run.stop_after=2").code == 0
    (folder / "model.safetensors").unlink()
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert ftk(*argv, "run.overwrite=true").code == 1


def test_resume_needs_a_saved_state(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    Path("empty").mkdir()
    result = ftk("finetune", *SETTINGS, *toy, "run.dir=empty", "run.resume=true")
    assert result.code == 1
    assert "there is no saved state (last/) to resume from" in result.err


def test_a_crash_between_the_renames_of_a_save_is_recovered(
    ftk: Callable[..., Result], toy: tuple[str, ...], unbroken: Path
) -> None:
    expected = digests(unbroken)
    (unbroken / "last").rename(unbroken / ".last.old")
    (unbroken / ".last.new").mkdir()
    result = ftk("finetune", *SETTINGS, *toy, "run.dir=unbroken", "run.resume=true")
    assert result.code == 0, result.err
    assert digests(unbroken) == expected
    assert not list(unbroken.glob(".last.*"))
