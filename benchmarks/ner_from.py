"""Fine-tune on named entities from several starting points, with several seeds each, and compare the test F1.

The runs are interleaved: seed 1 of each start, then seed 2 of each. What follows ``--`` is said to every run.

    python benchmarks/ner_from.py --output gain --seeds 3 \\
        --start "random: model=auto model.init=random model.name=runs/own/best" \\
        --start "pretrained: model=auto model.name=runs/own/best" \\
        -- data.train=train.conll data.validation=dev.conll data.test=test.conll optimizer.lr=5e-4
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import statistics
import subprocess
import sys
from pathlib import Path


def finetune(words: list[str], folder: Path) -> float:
    """The test F1 of one run; one that is there already is not repeated."""
    result = folder / "metrics.json"
    if not result.is_file():
        argv = [sys.executable, "-m", "ftk", "finetune", "task=ner", *words, f"run.dir={folder}", "run.overwrite=true"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{shlex.join(argv)}\n{done.stdout}\n{done.stderr}")
    f1: float = json.loads(result.read_text(encoding="utf-8"))["test"]["f1"]
    return f1


def summary(values: list[float]) -> str:
    """Mean and standard deviation, in points of F1."""
    spread = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{100 * statistics.mean(values):.2f} (sd {100 * spread:.2f})"


def main() -> None:
    """Run all and print each F1, the means and the differences to the first start."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", action="append", required=True, metavar="NAME: WORDS")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    starts = {name.strip(): shlex.split(words) for name, _, words in (text.partition(":") for text in options.start)}
    found: dict[str, list[float]] = {name: [] for name in starts}
    for seed in range(1, options.seeds + 1):
        for name, words in starts.items():
            f1 = finetune([*words, *options.words, f"run.seed={seed}"], options.output / f"{name}-{seed}")
            found[name].append(f1)
            print(f"seed {seed}  {name}: test F1 {100 * f1:.2f}", flush=True)
    first = next(iter(found))
    for name, values in found.items():
        print(f"{name}: {summary(values)}")
        if name != first:
            differences = [value - base for value, base in zip(values, found[first], strict=True)]
            print(f"{name} less {first}, by seed: {summary(differences)}")


if __name__ == "__main__":
    main()
