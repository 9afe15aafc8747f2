"""What the pooling of a classifier is worth on few rows: MiniLM on banking77, `model.pooling=mean` beside `pooler`.

Reads train.csv and test.csv of banking77 (PolyAI, CC BY 4.0); the rows are drawn once, the seeds are those of the runs.
A run that is there already is not repeated.

    python benchmarks/pooling.py ../shared/data/cls_banking77 --output pooling --epochs 3
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

WAYS = ("mean", "pooler")


def draw(source: Path, number: int, seed: int, target: Path) -> Path:
    """Write some rows of a file, drawn by a seed."""
    with source.open(encoding="utf-8", newline="") as stream:
        head, *rows = csv.reader(stream)
    random.Random(seed).shuffle(rows)
    with target.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows[:number]])
    return target


def accuracy(words: list[str], folder: Path) -> float:
    """The test accuracy of one run."""
    if not (folder / "metrics.json").is_file():
        off = ("run.curves=false", "run.report=false", "run.keep=best", "train.baselines=none")
        argv = ["finetune", "task=text-classification", "model=minilm", *words, *off]
        argv += [f"run.dir={folder}", "run.overwrite=true"]
        subprocess.run([sys.executable, "-m", "ftk", *argv], check=True, stdout=subprocess.DEVNULL)
    found: float = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["test"]["accuracy"]
    return found


def main() -> None:
    """Run all seeds of both ways, one after the other in turn, and print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--test-rows", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    train = draw(options.data / "train.csv", options.rows, 0, options.output / "train.csv")
    test = draw(options.data / "test.csv", options.test_rows, 1, options.output / "test.csv")
    words = [f"data.train={train}", f"data.test={test}", "data.validation_share=0", f"train.epochs={options.epochs}"]
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for seed in range(1, options.seeds + 1):
        for way in WAYS:
            folder = options.output / f"b-{way}-{options.epochs}-{seed}"
            found[way].append(accuracy([*words, f"model.pooling={way}", f"run.seed={seed}"], folder))
            print(f"{way}, seed {seed}: {found[way][-1]:.3f}", flush=True)
    for way, values in found.items():
        print(f"{way}: mean {statistics.mean(values):.3f}, from {min(values):.3f} to {max(values):.3f}")


if __name__ == "__main__":
    main()
