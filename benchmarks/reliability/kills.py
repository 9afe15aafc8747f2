"""``kill -9`` at a random moment, then the same command with ``run.resume=true``."""

from __future__ import annotations

import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.reliability.runs import Kind, Process, fingerprint, ftk

KINDS = [
    Kind(task=task, precision=precision, accumulation=accumulation, workers=workers)
    for task in ("ner", "mlm")
    for precision in ("fp32", "bf16")
    for accumulation in (1, 4)
    for workers in (0, 2)
]


def run(data: Path, folder: Path, number: int) -> list[str]:
    """Kill so many trainings, as many of each kind, a third of them while a state is being written."""
    rows, totals = [], {"equal": 0, "in saves": 0, "resumed": 0}
    generator = random.Random(1)
    for at, kind in enumerate(KINDS):
        share = number // len(KINDS) + (at < number % len(KINDS))
        whole = folder / f"whole-{at}"
        began = time.perf_counter()
        if ftk(kind.argv(data, whole), folder / "whole.log").wait():
            raise RuntimeError(f"the uninterrupted run of {kind.name} failed: see {folder / 'whole.log'}")
        length, expected = time.perf_counter() - began, fingerprint(whole)
        tasks = [
            (kind, data, folder / f"kill-{at}-{one}", length, expected, one % 3 == 0, generator.random())
            for one in range(share)
        ]
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(lambda task: _one(*task), tasks))
        equal = sum(result["equal"] for result in ended)
        in_saves = sum(result["in save"] for result in ended)
        resumed = sum(result["resumed"] for result in ended)
        totals = {
            "equal": totals["equal"] + equal,
            "in saves": totals["in saves"] + in_saves,
            "resumed": totals["resumed"] + resumed,
        }
        rows.append(f"| {kind.name} | {share} | {in_saves} | {resumed} | {equal} |")
        print(rows[-1], flush=True)
    return [
        f"{number} trainings were killed with SIGKILL at a random moment, a third of them as soon as a state was seen "
        "being written, and gone on with by the same command and `run.resume=true` (or begun again where nothing had "
        "been saved yet). Compared with the uninterrupted run: SHA-256 of the best and the last weights and of the "
        "optimizer's state, and every line of metrics.jsonl but its times. ftk makes batches in the process that "
        "trains, so the workers are those that tokenize.",
        "\n".join(
            [
                "| training | killed | inside a save | gone on from a state | equal at the end |",
                "| --- | ---: | ---: | ---: | ---: |",
                *rows,
                f"| all | {number} | {totals['in saves']} | {totals['resumed']} | **{totals['equal']}** |",
            ]
        ),
    ]


def _one(
    kind: Kind, data: Path, folder: Path, length: float, expected: dict[str, Any], in_save: bool, chance: float
) -> dict[str, bool]:
    log = folder.with_suffix(".log")
    process = ftk(kind.argv(data, folder), log)
    seen = _kill(process, folder, length * chance, in_save)
    last = any((folder / name).exists() for name in ("last", ".last.new", "previous"))
    how = "run.resume=true" if last else "run.overwrite=true"
    code = ftk([*kind.argv(data, folder), how], log).wait()
    if code and last and not (folder / "last").exists():  # the very first save was not finished
        code = ftk([*kind.argv(data, folder), "run.overwrite=true"], log).wait()
    equal = code == 0 and fingerprint(folder) == expected
    if equal:
        shutil.rmtree(folder)
    return {"equal": equal, "in save": seen, "resumed": last}


def _kill(process: Process, folder: Path, after: float, in_save: bool) -> bool:
    """Kill after some seconds; or from then on as soon as a state is being written. Tells whether one was."""
    end = time.perf_counter() + after
    while time.perf_counter() < end and not process.over():
        time.sleep(0.001)
    while in_save and not process.over() and not (folder / ".last.new").exists():
        time.sleep(0.0002)
    seen = (folder / ".last.new").exists() and not process.over()
    process.kill(signal.SIGKILL)
    process.wait()
    return seen
