"""Time and memory of ``ftk check`` on a million rows of 100 characters, near-duplicates included.

    python -m benchmarks.check.million [--rows N]

The rows are drawn from 20,000 made-up words by Zipf's law, with 20 labels; one row in a hundred repeats an earlier one
but for a word.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WORDS, LABELS, IN_ROW, CHARACTERS = 20_000, 20, 17, 100


def write(path: Path, rows: int) -> None:
    """Write the rows as CSV."""
    chance = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(chance.choice(letters, size=chance.integers(2, 9))) for _ in range(WORDS)]
    shares = 1 / np.arange(1, WORDS + 1)
    drawn = chance.choice(WORDS, size=(rows, IN_ROW), p=shares / shares.sum())
    again = np.arange(100, rows, 100)
    drawn[again, 1:] = drawn[again - 99, 1:]
    labels = chance.integers(LABELS, size=rows)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for row, label in zip(drawn, labels, strict=True):
            writer.writerow([" ".join(words[at] for at in row)[:CHARACTERS], f"label {label}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, rows)
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "ftk", "check", "task=text-classification", f"data.train={path}"]
        )
        _, _, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    print(
        f"{rows:,} rows: {seconds:.1f} s ({used.ru_utime + used.ru_stime:.1f} s of a processor), "
        f"{used.ru_maxrss / 2**10:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
