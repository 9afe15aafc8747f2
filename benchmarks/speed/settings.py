"""What all suites are told: how much to do, and where things are."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """One run of the benchmark.

    Attributes:
        pairs: rounds in which every contender of a suite has its turn.
        quick: a smoke run, whose numbers say nothing.
        data: the folder of the corpora.
        encoder: the folder of the pretrained encoder.
        work: a folder for everything that is written on the way.
        bf16: whether the processor multiplies bf16 natively.
        began: when the run began, by ``time.perf_counter``.
    """

    pairs: int
    quick: bool
    data: Path
    encoder: Path
    work: Path
    bf16: bool
    began: float

    def say(self, text: str) -> None:
        """A line on the terminal."""
        minutes, seconds = divmod(round(time.perf_counter() - self.began), 60)
        print(f"{minutes:3}:{seconds:02}  {text}", flush=True)

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables of a process that takes part."""
        return {
            **os.environ,
            "FTK_CACHE": str(self.work / "cache"),
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(self.work / "huggingface"),
            **(changes or {}),
        }

    def ftk(self, *words: str, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
        """Run an ftk command to its end.

        Raises:
            SystemExit: it failed, and may not.
        """
        argv = [sys.executable, "-m", "ftk", *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=self.environment())
        if done.returncode and not may_fail:
            raise SystemExit(f"ftk {' '.join(words)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done

    def corpus(self, *parts: str) -> Path:
        """A file or folder of the corpora.

        Raises:
            SystemExit: it is not there.
        """
        path = self.data.joinpath(*parts)
        if not path.exists():
            raise SystemExit(f"{path}: this corpus is needed and is not there; --data=FOLDER names the folder of all.")
        return path
