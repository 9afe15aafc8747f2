"""SIGTERM at random moments of a whole process, from its first line to its last."""

from __future__ import annotations

import random
import shlex
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.reliability.kills import KINDS
from benchmarks.reliability.runs import Kind, fingerprint, ftk


def run(data: Path, folder: Path, number: int) -> list[str]:
    """Stop so many trainings, and go on with each as it says."""
    kinds = [kind for kind in KINDS if kind.accumulation == 4 and kind.workers == 2]
    known = {}
    for kind in kinds:
        whole = folder / f"term-whole-{kind.task}-{kind.precision}"
        began = time.perf_counter()
        if ftk(kind.argv(data, whole), folder / "whole.log").wait():
            raise RuntimeError(f"the uninterrupted run of {kind.name} failed: see {folder / 'whole.log'}")
        known[kind] = (time.perf_counter() - began, fingerprint(whole))
    generator = random.Random(2)
    tasks = [(kinds[one % len(kinds)], data, folder / f"term-{one}", generator.random()) for one in range(number)]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda task: _one(*task, *known[task[0]]), tasks))
    counts = Counter(result["code"] for result in ended)
    phases = Counter(result["phase"] for result in ended)
    valid, resumed = sum(result["valid"] for result in ended), sum(result["resumed"] for result in ended)
    return [
        f"{number} trainings got SIGTERM at a random moment of their whole length. Exit codes: "
        + ", ".join(f"{code}: {times}" for code, times in sorted(counts.items()))
        + " (0: it had just ended). Stopped in: "
        + ", ".join(f"{phase}: {times}" for phase, times in phases.most_common())
        + f". {resumed} printed a command to go on with, which was run; the others had saved nothing yet and were run "
        f"again. **{valid} of {number}** ended with the bytes of the uninterrupted run.",
    ]


def _one(
    kind: Kind, data: Path, folder: Path, chance: float, length: float, expected: dict[str, Any]
) -> dict[str, Any]:
    log = folder.with_suffix(".log")
    process = ftk(kind.argv(data, folder), log)
    end = time.perf_counter() + length * chance
    while time.perf_counter() < end and not process.over():
        time.sleep(0.001)
    if not process.over():
        process.kill(signal.SIGTERM)
    code = process.wait()
    told = log.read_text(encoding="utf-8").strip().splitlines()
    command = shlex.split(told[-1]) if told and told[-1].startswith("ftk ") and "run.resume=true" in told[-1] else None
    traceback = any(line.startswith("Traceback") for line in told)
    again = command[1:] if command else [*kind.argv(data, folder), "run.overwrite=true"]
    ended = 0 if code == 0 else ftk(again, log).wait()
    valid = not traceback and code in (0, 143) and ended == 0 and fingerprint(folder) == expected
    phase = "after its end" if code == 0 else "training or after" if command else "before the first save"
    return {"code": code, "valid": valid, "resumed": command is not None and code != 0, "phase": phase}
