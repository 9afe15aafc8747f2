"""An interrupted and resumed pretraining ends with the same bytes as an uninterrupted one."""

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, run_ftk
from pretraining import TINY_MODEL, write_stories

pytestmark = pytest.mark.torch

# The batch grows from 2 to 5 blocks in micro batches of 2, over a corpus of 32 blocks: steps 9 and 16 go on into the
# next epoch. Whole words are masked, and dropout is at work.
SETTINGS = (
    *TINY_MODEL,
    "task.mask_unit=word",
    "optimizer.lr=3e-3",
    "train.max_steps=20",
    "train.batch_size=5",
    "train.batch_start=2",
    "train.batch_warmup=6",
    "hardware.micro_batch=2",
    "train.eval_every=0.2",
    "train.save_every=3",
    "train.log_every=2",
)

# Sends this process a signal in the middle of the accumulation of one optimizer step.
IN_A_STEP = """
import os, sys
from ftk import cli
from ftk.tasks.mlm.task import MaskedLanguageModel

forward, seen = MaskedLanguageModel.forward, []

def counted(self, model, batch):
    if model.training:
        seen.append(1)
        if len(seen) == {number}:
            os.kill(os.getpid(), {signal})
    return forward(self, model, batch)

MaskedLanguageModel.forward = counted
sys.exit(cli.run(sys.argv[1:]))
"""

# Kills this process when it has written some shards of the tokenized text.
WHILE_TOKENIZING = """
import os, sys
from ftk import cli
from ftk.data.documents import token_store
from ftk.data.documents.token_store import ShardWriter

token_store.SHARD_TOKENS = 100
close, seen = ShardWriter.close_shard, []

def counted(self):
    close(self)
    seen.append(1)
    if len(seen) == {number}:
        os.kill(os.getpid(), {signal})

ShardWriter.close_shard = counted
sys.exit(cli.run(sys.argv[1:]))
"""


def interrupted(script: str, argv: list[str], *, number: int, by: int) -> subprocess.CompletedProcess[str]:
    code = script.format(number=number, signal=int(by))
    return subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False, env={**os.environ}
    )


def outcome(run: Path) -> dict[str, Any]:
    """All of a run but its times."""
    names = ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors", "best/tokenizer.json")
    found: dict[str, Any] = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for name in ("seconds", "elapsed", "tokens_per_second", "peak_memory_mb"):
        del metrics["train"][name]
    events = [
        {name: value for name, value in event.items() if name != "seconds"}
        for event in read_jsonl(run / "metrics.jsonl")
    ]
    return {**found, "metrics": metrics, "events": events}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("corpus")
    return (
        f"data.train={write_stories(folder / 'train.txt', 0, 40)}",
        f"data.validation={write_stories(folder / 'validation.txt', 40, 50)}",
    )


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, corpus: tuple[str, ...]) -> dict[str, Any]:
    """What a run comes to that nothing happens to."""
    folder = tmp_path_factory.mktemp("unbroken")
    argv = (*SETTINGS, *corpus, f"data.cache_dir={folder / 'cache'}", f"run.dir={folder / 'run'}")
    assert run_ftk("pretrain", *argv) == 0
    result = outcome(folder / "run")
    assert result["metrics"]["train"]["epochs"] > 2
    return result


@pytest.mark.slow
def test_killed_in_mid_step_and_resumed(
    ftk: Callable[..., Result], corpus: tuple[str, ...], unbroken: dict[str, Any]
) -> None:
    argv = ["pretrain", *SETTINGS, *corpus, "run.dir=broken"]
    assert interrupted(IN_A_STEP, argv, number=38, by=signal.SIGKILL).returncode == -signal.SIGKILL
    assert not Path("broken/metrics.json").exists()
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    assert outcome(Path("broken")) == unbroken


# 10 micro batches in the first 6 steps, then 3 a step: while the batch grows, and between two saves.
@pytest.mark.parametrize(("by", "code", "number"), [(signal.SIGTERM, 143, 23)])
@pytest.mark.slow
def test_stopped_by_a_signal_and_resumed_by_the_printed_command(
    ftk: Callable[..., Result], corpus: tuple[str, ...], unbroken: dict[str, Any], by: int, code: int, number: int
) -> None:
    stopped = interrupted(IN_A_STEP, ["pretrain", *SETTINGS, *corpus, "run.dir=stopped"], number=number, by=by)
    assert stopped.returncode == code, stopped.stderr
    assert "stopped after step" in stopped.stderr
    command = shlex.split(stopped.stderr.strip().splitlines()[-1])
    assert command[:2] == ["ftk", "pretrain"]
    resumed = ftk(*command[1:])
    assert resumed.code == 0, resumed.err
    assert outcome(Path("stopped")) == unbroken


@pytest.mark.slow
def test_killed_while_tokenizing_and_run_again(
    ftk: Callable[..., Result], corpus: tuple[str, ...], unbroken: dict[str, Any]
) -> None:
    argv = ["pretrain", *SETTINGS, *corpus, "run.dir=broken"]
    assert interrupted(WHILE_TOKENIZING, argv, number=3, by=signal.SIGKILL).returncode == -signal.SIGKILL
    assert not Path("broken").exists()
    again = ftk(*argv)
    assert again.code == 0, again.err
    assert "continuing an interrupted preparation" in again.out
    assert outcome(Path("broken")) == unbroken


@pytest.mark.slow
def test_another_seed_is_another_run(
    ftk: Callable[..., Result], corpus: tuple[str, ...], unbroken: dict[str, Any]
) -> None:
    assert ftk("pretrain", *SETTINGS, *corpus, "run.dir=other", "run.seed=2").code == 0
    other = outcome(Path("other"))
    assert other["best/tokenizer.json"] == unbroken["best/tokenizer.json"]
    assert other["best/model.safetensors"] != unbroken["best/model.safetensors"]
    refused = ftk("pretrain", *SETTINGS, *corpus, "run.dir=other", "run.resume=true", "task.mask_share=0.3")
    assert refused.code == 1
    assert "task.mask_share: was 0.15, is now 0.3" in refused.err
