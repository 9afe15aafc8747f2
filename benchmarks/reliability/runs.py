"""Short trainings in processes of their own, and what must be equal at their ends.

A process is forked off one that has imported torch and never computed with it: it starts at once, as often as needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAMES = ("Ada", "Boris", "Chen", "Dora", "Emil", "Fatou", "Goran", "Hana")
_PLACES = ("Oslo", "Lima", "Accra", "Kyoto", "Turin", "Quito", "Minsk", "Dakar")
_TIMES = ("seconds",)
_FILES = ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors")


@dataclass
class Process:
    """A forked process that runs a function."""

    number: int
    log: Path
    began: float = field(default_factory=time.perf_counter)

    @classmethod
    def of(cls, work: Callable[[], int], log: Path) -> Process:
        """Begin it; what it prints goes to a file."""
        sys.stdout.flush()
        sys.stderr.flush()
        number = os.fork()
        if number:
            return cls(number, log)
        code = 70
        try:
            os.setsid()
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            code = work()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def wait(self, seconds: float = 300.0) -> int:
        """Its exit code, or minus the signal that ended it; it is killed if it takes longer."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            done, status = os.waitpid(self.number, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.killpg(self.number, signal.SIGKILL)
        os.waitpid(self.number, 0)
        return -99

    def over(self) -> bool:
        """Whether it has ended by itself; it is not waited for."""
        return os.waitid(os.P_PID, self.number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it, and with SIGKILL to all that it has started."""
        os.kill(self.number, number)
        if number == signal.SIGKILL:
            with suppress(ProcessLookupError):  # it may not have its own group yet
                os.killpg(self.number, number)


def ftk(argv: list[str], log: Path) -> Process:
    """One command line of ftk."""

    def work() -> int:
        from ftk import cli

        return cli.run(argv)

    return Process.of(work, log)


def preload() -> None:
    """Import what every run needs, here, once."""
    import transformers.models.bert.modeling_bert
    import transformers.models.bert.tokenization_bert  # noqa: F401


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One sort of training."""

    task: str
    precision: str
    accumulation: int
    workers: int

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.task}, {self.precision}, accumulation {self.accumulation}, {self.workers} workers"

    def argv(self, data: Path, run: Path) -> list[str]:
        """The command line without what is said of resuming."""
        common = [
            "model=tiny",
            "hardware=cpu",
            "hardware.threads=1",
            f"hardware.precision={self.precision}",
            "train.batch_size=8",
            f"hardware.micro_batch={8 // self.accumulation}",
            "train.log_every=2",
            "train.save_every=3",
            f"run.dir={run}",
        ]
        if self.task == "ner":
            splits = [f"data.{split}={data / f'{split}.conll'}" for split in ("train", "validation", "test")]
            return ["finetune", "task=ner", *common, *splits, "train.epochs=3", "train.eval_every=7"]
        return [
            "pretrain",
            "task=mlm",
            *common,
            "data=text",
            f"data.train={data / 'stories.txt'}",
            "data.max_length=32",
            "model.tokenizer.vocab_size=200",
            f"data.workers={max(1, self.workers)}",
            "train.max_steps=36",
            "train.eval_every=7",
        ]


def write_data(folder: Path) -> None:
    """Sentences for both tasks, from a fixed seed."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(0)

    def sentence() -> list[tuple[str, str]]:
        words = [(generator.choice(_NAMES), "B-PER"), ("Berg", "I-PER"), ("went", "O"), ("to", "O")]
        words += [(generator.choice(_PLACES), "B-LOC")]
        return [
            *words,
            *((word, "O") for word in ("by", "slow", "train", "again")[: generator.randrange(5)]),
            (".", "O"),
        ]

    for split, number in (("train", 96), ("validation", 16), ("test", 16)):
        rows = ["\n".join(f"{word}\t{tag}" for word, tag in sentence()) for _ in range(number)]
        (folder / f"{split}.conll").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    # Places that are none by chance: what nobody can learn leaves a score that differs from seed to seed.
    for split, number in (("train", 96), ("validation", 48), ("test", 96)):
        rows = []
        for _ in range(number):
            tagged = [(word, "O" if tag == "B-LOC" and generator.random() < 0.3 else tag) for word, tag in sentence()]
            rows.append("\n".join(f"{word}\t{tag}" for word, tag in tagged))
        (folder / f"noisy-{split}.conll").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    stories = ["\n".join(" ".join(word for word, _ in sentence()) for _ in range(6)) for _ in range(120)]
    (folder / "stories.txt").write_text("\n\n".join(stories) + "\n", encoding="utf-8")


def fingerprint(run: Path) -> dict[str, Any]:
    """What must be equal at the end of two runs."""
    found: dict[str, Any] = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in _FILES}
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    found["metrics"] = [{key: value for key, value in json.loads(line).items() if key not in _TIMES} for line in lines]
    return found
