"""Contenders in processes of their own that take turns, and statistics over the pairs of their samples."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from benchmarks.speed.settings import ROOT, Settings

_PAUSE = 0.2
"""Seconds between two turns: the threads of the one before still spin a little when it has answered."""
_DRAWS = 10_000

Sample = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """A process that takes part.

    Attributes:
        name: in the tables.
        module: of ``benchmarks.speed.workers``.
        options: what the module is told.
        environment: variables that it gets beside those of this process.
        optional: whether its refusal to start is a result rather than a failure.
    """

    name: str
    module: str
    options: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    optional: bool = False


class Worker:
    """A started contender, which computes only between an order and its answer."""

    def __init__(self, contender: Contender, settings: Settings, log: Path) -> None:
        self.contender = contender
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as stream:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"benchmarks.speed.workers.{contender.module}",
                    json.dumps(contender.options),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                cwd=ROOT,
                env=settings.environment(contender.environment),
            )
        self.facts = self._answer()

    @property
    def refused(self) -> str | None:
        """Why it does not take part, in its own words; None where it does."""
        if "refused" not in self.facts:
            return None
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), str(self.facts["refused"]))

    def ask(self, do: str, **order: Any) -> Sample:
        """Give an order and wait for the answer."""
        assert self._process.stdin is not None
        time.sleep(_PAUSE)
        try:
            self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._died()
        return self._answer()

    def end(self) -> None:
        """End the process; what it holds is not asked for any more."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _answer(self) -> Sample:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._died()
        answer: Sample = json.loads(line)
        if "refused" in answer and not self.contender.optional:
            self._died()
        return answer

    def _died(self) -> NoReturn:
        self.end()
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = "\n".join(f"    {line}" for line in lines[-25:])
        raise SystemExit(
            f"The process of '{self.contender.name}' ended before its work was done. It said last:\n{told}"
        )


class Contest:
    """The contenders of a suite, started one after the other; ended with the ``with`` block.

    Attributes:
        workers: those that take part, by name.
        missing: those that refused, with their reasons.
        samples: the answers of the rounds so far, by name.
    """

    def __init__(self, settings: Settings, name: str, contenders: Sequence[Contender]) -> None:
        self._settings = settings
        self._name = name
        self._contenders = contenders
        self.workers: dict[str, Worker] = {}
        self.missing: dict[str, str] = {}
        self.samples: dict[str, list[Sample]] = {}

    def __enter__(self) -> Contest:
        try:
            for number, contender in enumerate(self._contenders):
                log = self._settings.work / "logs" / f"{self._name}-{number}-{contender.module}.txt"
                worker = Worker(contender, self._settings, log)
                if worker.refused is not None:
                    self.missing[contender.name] = worker.refused
                    self._settings.say(f"{self._name}: {contender.name}: not available ({worker.refused})")
                    worker.end()
                    continue
                self.workers[contender.name] = worker
                self.samples[contender.name] = []
        except BaseException:
            self.__exit__()
            raise
        self._settings.say(f"{self._name}: {len(self.workers)} contenders are ready")
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self.workers.values():
            worker.end()

    def rounds(self, number: int, *, keep: bool = True, **order: Any) -> None:
        """Let every contender have ``number`` turns, A B C A B C …

        Args:
            number: of rounds.
            keep: whether the answers are samples; False for a warm-up.
            order: what each is told with its ``go``.
        """
        for done in range(number):
            for name, worker in self.workers.items():
                answer = worker.ask("go", **order)
                if keep:
                    self.samples[name].append(answer)
            if keep:
                self._settings.say(f"{self._name}: round {done + 1} of {number}")

    def finish(self) -> dict[str, Sample]:
        """What each contender says at its end, one after the other."""
        ends = {}
        for name, worker in self.workers.items():
            ends[name] = worker.ask("finish")
            worker.end()
        return ends


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of paired samples, with a 95 % bootstrap interval over the pairs."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f}× ({self.low:.2f} to {self.high:.2f})"

    def percent_above(self) -> str:
        """By how much it is above 1."""
        return f"{self.median - 1:+.1%} ({self.low - 1:+.1%} to {self.high - 1:+.1%})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """The ratio of two contenders: sample by sample, each with the one of the same round."""
    shares = np.array(ours, dtype=np.float64) / np.array(theirs, dtype=np.float64)
    return interval(shares)


def interval(values: Any) -> Ratio:
    """The median of some samples with its interval."""
    values = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(0).integers(len(values), size=(_DRAWS, len(values)))
    low, high = np.percentile(np.median(values[drawn], axis=1), [2.5, 97.5])
    return Ratio(float(np.median(values)), float(low), float(high))


def column(samples: Sequence[Sample], value: Callable[[Sample], float]) -> list[float]:
    """One number of each sample."""
    return [value(sample) for sample in samples]


def tokens_per_second(sample: Sample) -> float:
    """Real tokens in each second of a sample."""
    return float(sample["tokens"] / sample["seconds"])


def median(values: Sequence[float]) -> float:
    """The median."""
    return float(np.median(values))


def padding_share(samples: Sequence[Sample]) -> float:
    """The share of padding in what was computed."""
    padding = sum(sample["padding"] for sample in samples)
    return float(padding / max(1, padding + sum(sample["tokens"] for sample in samples)))
