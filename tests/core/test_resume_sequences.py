"""An interrupted and resumed run of an encoder-decoder ends with the same bytes as an uninterrupted one."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl
from sequence_runs import FAST, number_files

pytestmark = pytest.mark.torch

# 96 rows: 12 steps an epoch of 3 micro batches. Dropout is at work; every other validation has the loss alone.
SETTINGS = (
    *FAST,
    "model.dropout=0.1",
    "train.epochs=2",
    "train.batch_size=8",
    "hardware.micro_batch=3",
    "train.eval_every=5",
    "train.save_every=3",
    "train.log_every=4",
    "task.num_beams=2",
    "task.generate_every=2",
    "task.generate_rows=6",
)

# Kills this process in the accumulation of a step, as soon as a state has been saved to go on from.
KILLED = """
import os, sys
from ftk import cli
from ftk.tasks.sequence_task import SequenceTask

forward, seen = SequenceTask.forward, []

def counted(self, model, batch):
    if model.training:
        seen.append(1)
        if len(seen) >= 26 and os.path.isdir("broken/last"):
            os.kill(os.getpid(), 9)
    return forward(self, model, batch)

SequenceTask.forward = counted
sys.exit(cli.run(sys.argv[1:]))
"""


def digests(run: Path) -> dict[str, str]:
    names = ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors", "best/config.json")
    files = [*names, "best/generation_config.json", "predictions/validation.jsonl", "predictions/test.jsonl"]
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in files}


def events(run: Path) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in event.items() if key != "seconds"} for event in read_jsonl(run / "metrics.jsonl")
    ]


@pytest.mark.parametrize(("task", "model"), [("summarization", "t5-tiny"), ("translation", "bart-tiny")])
def test_killed_and_resumed(ftk: Callable[..., Result], task: str, model: str) -> None:
    argv = ["finetune", f"task={task}", f"model={model}", *SETTINGS, *number_files()]
    assert ftk(*argv, "run.dir=unbroken").code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, *argv, "run.dir=broken"], capture_output=True, check=False)
    assert killed.returncode == -9
    resumed = ftk(*argv, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "going on after step" in resumed.out
    assert digests(Path("broken")) == digests(Path("unbroken"))
    assert events(Path("broken")) == events(Path("unbroken"))
    scored = [event.get("scored") for event in events(Path("broken")) if event["split"] == "validation"]
    assert set(scored) == {None, 6}
