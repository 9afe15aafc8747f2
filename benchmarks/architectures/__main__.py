"""Try every architecture of transformers in every task that it has a head for, and write the page.

python -m benchmarks.architectures [--only TYPE,...] [--tasks TASK,...] [--precisions P,...] [--output FILE.jsonl]
    [--page FILE.md]

Each outcome is a line of the output. A run that was stopped, or that died in one architecture, goes on with the next.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_DIED = ("fault", "the process died")


def main() -> int:
    """Read the command line, try what is left to try, write the page."""
    options = _options()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from benchmarks.architectures.page import render
    from benchmarks.architectures.types import cells

    found = dict(_earlier(options.output))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ftk-architectures-") as work, options.output.open("a") as output:
        os.environ.setdefault("FTK_CACHE", f"{work}/cache")
        for model_type, task in cells():
            if (model_type, task) in found or not options.wanted(model_type, task):
                continue
            found[model_type, task] = _tried(model_type, task, Path(work), output, options.precisions)
    _tell(found)
    if options.page is not None:
        options.page.write_text(render(found, time.perf_counter() - began), encoding="utf-8")
    return int(any(outcome == "fault" for outcome, _ in found.values()))


def _tried(model_type: str, task: str, work: Path, output: Any, precisions: tuple[str, ...]) -> tuple[str, str]:
    """The outcome of one cell, which is written."""
    from benchmarks.architectures.cells import run_cell

    _write(output, model_type, task, *_DIED)  # stays if this process dies
    began = time.perf_counter()
    outcome, why = run_cell(model_type, task, work / "cell", precisions)
    _write(output, model_type, task, outcome, why)
    if outcome in ("fault", "no model"):
        print(f"{model_type:24} {task:20} {outcome}: {why} ({time.perf_counter() - began:.1f} s)", flush=True)
    return outcome, why


def _write(output: Any, model_type: str, task: str, outcome: str, why: str) -> None:
    output.write(json.dumps({"type": model_type, "task": task, "outcome": outcome, "why": why}) + "\n")
    output.flush()


def _earlier(path: Path) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """The outcomes that a file has already; the last line of a cell counts."""
    for line in path.read_text().splitlines() if path.is_file() else ():
        one = json.loads(line)
        yield (one["type"], one["task"]), (one["outcome"], one["why"])


def _tell(found: dict[tuple[str, str], tuple[str, str]]) -> None:
    outcomes = [outcome for outcome, _ in found.values()]
    print(", ".join(f"{outcomes.count(name)} {name}" for name in ("works", "refused", "fault", "no model")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architectures")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="TYPE,...", help="of config.json")
    parser.add_argument("--tasks", type=lambda text: text.split(","), metavar="TASK,...")
    parser.add_argument(
        "--precisions", type=lambda text: tuple(text.split(",")), default=("auto", "fp32"), metavar="P,..."
    )
    parser.add_argument("--output", type=Path, default=ROOT / "architectures.jsonl", metavar="FILE.jsonl")
    parser.add_argument("--page", type=Path, metavar="FILE.md")
    options = parser.parse_args()
    options.wanted = lambda model_type, task: (
        (options.only is None or model_type in options.only) and (options.tasks is None or task in options.tasks)
    )
    return options


if __name__ == "__main__":
    raise SystemExit(main())
