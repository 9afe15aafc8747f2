"""A sweep that is killed at random moments and started again by the same line, compared with an unbroken one."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
_TIMES = ("seconds",)
_WORDS = {"red": "apple cherry brick", "blue": "sky sea jeans", "green": "leaf frog grass"}


@dataclass(frozen=True)
class Found:
    """What came of the kills.

    Attributes:
        equal: whether the results are those of the unbroken sweep, but for the times.
        trained_twice: how many jobs began anew although they were done.
        skipping: for each start, the jobs that were done before and the seconds until the first other job began.
        again: the seconds of the whole line when all is done.
        processor: the seconds of processor time that it takes then.
        kills: the signals in their order.
    """

    equal: bool
    trained_twice: int
    skipping: list[tuple[int, float]]
    again: float
    processor: float
    kills: list[str]


def write_rows(path: Path) -> None:
    """A corpus that a tiny model reads in no time."""
    with open(path, "w", encoding="utf-8") as stream:
        for number in range(48):
            label = list(_WORDS)[number % 3]
            words = _WORDS[label].split()
            stream.write(
                json.dumps({"text": f"{words[number % 2]} and {words[2]} {number % 5}", "label": label}) + "\n"
            )


def line(rows: Path, folder: Path, jobs: int) -> list[str]:
    """The command line of a sweep of so many jobs."""
    seeds = f"run.seed=range(1,{jobs // 2 + 1})"
    files = [f"data.{split}={rows}" for split in ("train", "validation", "test")]
    model = [
        "model=tiny",
        "model.config.hidden_size=32",
        "hardware=cpu",
        "hardware.threads=1",
    ]
    train = [
        "train.max_steps=12",
        "train.batch_size=8",
        "train.save_every=3",
        "train.eval_every=6",
        "train.baselines=none",
    ]
    swept = ["optimizer.lr=1e-3,3e-3", seeds, f"sweep.dir={folder}"]
    return ["finetune", "-m", "task=text-classification", *files, *model, *train, "run.curves=false", *swept]


def measure(place: Path, jobs: int, kills: int, seed: int = 1, processes: int = 1) -> Found:
    """Run a sweep, and another one that is killed so often.

    Args:
        place: an empty folder.
        jobs: how many jobs the sweep has.
        kills: how often it is killed.
        seed: of the moments and the signals.
        processes: how many jobs run at once.
    """
    rows, whole, broken = place / "rows.jsonl", place / "whole", place / "broken"
    write_rows(rows)
    log = place / "sweep.log"
    began = time.perf_counter()
    if _start(line(rows, whole, jobs), log).wait():
        raise RuntimeError(f"the unbroken sweep failed:\n{log.read_text(encoding='utf-8')[-2000:]}")
    length = time.perf_counter() - began
    chance = random.Random(seed)
    argv = [*line(rows, broken, jobs), f"sweep.jobs={processes}"]
    skipping, signals, made = [], [], {}
    twice = 0
    for number in range(kills + 1):
        done = _done(broken)
        twice += sum(made[name] != when for name, when in done.items() if name in made)
        made |= done
        log = place / f"sweep-{number}.log"
        process = _start(argv, log)
        skipping.append((len(done), _until(log, process, "job 1 of", "results:")))
        if number == kills:
            if process.wait():
                raise RuntimeError(f"the last start failed:\n{log.read_text(encoding='utf-8')[-2000:]}")
            break
        left = max(0, jobs - len(done) - 1)
        _until_more(broken, process, len(done) + chance.randint(0, 2 * left // (kills - number + 1)))
        time.sleep(chance.uniform(0, 2 * length / jobs))
        how = chance.choice(_SIGNALS)
        if process.poll() is None:
            os.killpg(process.pid, how)
            signals.append(how.name)
        process.wait()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = _start(argv, place / "again.log").wait()
    again, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    equal = code == 0 and _results(broken) == _results(whole)
    twice += sum(made[name] != when for name, when in _done(broken).items() if name in made)
    return Found(equal, twice, skipping, again, processor, signals)


def run(folder: Path, jobs: int, kills: int) -> list[str]:
    """The figures of the page."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        found = measure(Path(name), jobs, kills)
    slowest = max(seconds for _, seconds in found.skipping)
    return [
        f"A sweep of {jobs} tiny jobs was stopped {len(found.kills)} times at random moments, by "
        f"{', '.join(f'{name} ({found.kills.count(name)})' for name in dict.fromkeys(found.kills))}, and started again "
        "by the same line. `results.csv` and `seeds.csv`, but for the times, are compared with those of an unbroken "
        "sweep.",
        "\n".join(
            [
                "| | |",
                "| --- | ---: |",
                f"| results are equal | {'yes' if found.equal else '**no**'} |",
                f"| jobs trained again although they were done | {found.trained_twice} |",
                f"| seconds from the start to the first job that is not done, at most | {slowest:.1f} |",
                f"| seconds of the whole line when all {jobs} jobs are done | {found.again:.1f} |",
                f"| of these, processor time | {found.processor:.1f} |",
            ]
        ),
    ]


def _start(argv: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with open(log, "ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "ftk", *argv], stdout=stream, stderr=stream, start_new_session=True
        )


def _until(log: Path, process: subprocess.Popen[bytes], *words: str) -> float:
    """Seconds until one of these words is in the log, or the process has ended."""
    began = time.perf_counter()
    while process.poll() is None:
        text = log.read_text(encoding="utf-8", errors="replace")
        if any(word in text for word in words):
            break
        time.sleep(0.01)
    return time.perf_counter() - began


def _until_more(folder: Path, process: subprocess.Popen[bytes], number: int) -> None:
    """Wait until so many jobs are done, or the process has ended."""
    while process.poll() is None and len(_done(folder)) < number:
        time.sleep(0.01)


def _done(folder: Path) -> dict[str, int]:
    """The jobs that are done, with the time of their results."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/metrics.json")}


def _results(folder: Path) -> list[list[Mapping[str, str]]]:
    """The rows of the files, without the times."""
    found = []
    for name in ("results.csv", "seeds.csv"):
        with open(folder / name, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found.append([{key: row[key] for key in row if key.split()[0] not in _TIMES} for row in rows])
    return found


def main() -> None:
    """Measure one sweep and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ftk-sweeps-") as name:
        print(measure(Path(name), options.jobs, options.kills, options.seed, options.processes))


if __name__ == "__main__":
    main()
