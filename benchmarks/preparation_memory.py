"""Peak memory of ``ftk pretrain`` on a small corpus and on a large one that is made from the same texts.

The large corpus repeats the texts; in each copy every line has another word of its own. Memory is that of the
process and of those it starts, summed: the proportional set size, in which pages that several share count once.

    python benchmarks/preparation_memory.py --texts texts/ --output memory/ --sizes 20MiB 2GiB
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil

UNITS = {"MiB": 2**20, "GiB": 2**30}


def make(texts: list[Path], target: Path, size: int) -> None:
    """Write a corpus of about this many bytes."""
    lines = [line for path in texts for line in path.read_text(encoding="utf-8").splitlines()]
    done = copy = 0
    with target.open("w", encoding="utf-8") as stream:
        while True:
            for number, line in enumerate(lines):
                words = line.split(" ")
                if line.strip():
                    words[(number * 7 + copy) % len(words)] = f"item{(number * 31 + copy * 17) % 9973}"
                done += stream.write(" ".join(words) + "\n")
                if done >= size:
                    return
            copy += 1


def peak_of(argv: list[str]) -> tuple[float, float]:
    """Run a command; the peak of its memory in MiB, and its seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    parent = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        total = 0
        try:
            for part in [parent, *parent.children(recursive=True)]:
                try:
                    total += part.memory_full_info().pss
                except psutil.Error:  # it has ended in the meantime
                    continue
        except psutil.Error:
            break
        peak = max(peak, total)
        time.sleep(0.25)
    if process.wait():
        raise SystemExit(f"failed: {' '.join(argv)}")
    return peak / 2**20, time.perf_counter() - began


def main() -> None:
    """Make the corpora, train on each, print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sizes", nargs="+", default=["20MiB", "2GiB"])
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    texts = [path for item in options.texts for path in (sorted(item.glob("*.txt")) if item.is_dir() else [item])]
    for text in options.sizes:
        match = re.fullmatch(r"(\d+)(MiB|GiB)", text)
        if match is None:
            raise SystemExit(f"{text}: a size is written 20MiB or 2GiB")
        corpus = options.output / f"{text}.txt"
        if not corpus.is_file():
            make(texts, corpus, int(match[1]) * UNITS[match[2]])
        run = options.output / f"run-{text}"
        words = ["task=mlm", "model=small", f"data.train={corpus}", f"data.cache_dir={options.output / 'cache'}"]
        words += ["train.max_steps=50", *options.words, f"run.dir={run}", "run.overwrite=true"]
        peak, seconds = peak_of([sys.executable, "-m", "ftk", "pretrain", *words])
        trained = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["train"]
        print(f"{text}: peak {peak:,.0f} MiB, {seconds:.0f} s, {trained['steps']} steps", flush=True)


if __name__ == "__main__":
    main()
