"""Peak memory of training and evaluating on labelled corpora of several sizes, in memory and on disk.

Rows are JSON lines of some 5,000 characters, of which 250 are the text. What counts is memory that the system cannot
give back (RssAnon), sampled while the command runs.

    python benchmarks/corpus_memory.py --gigabytes 0.1 0.4 --storage memory disk
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_WORDS = 20_000
_OTHER = 4_600
"""Characters of a row that are not its text."""
_MODEL = ("model=tiny", "train.max_steps=20", "data.validation_share=0.01", "train.baselines=none", "run.curves=false")


def write(path: Path, size: float, seed: int) -> int:
    """Write rows until a file has so many bytes; returns their number."""
    draws = random.Random(seed)
    vocabulary = ["".join(draws.choices("abcdefghijklmnopqrstuvwxyz", k=draws.randint(2, 9))) for _ in range(_WORDS)]
    page = " ".join(draws.choices(vocabulary, k=100_000))
    written = rows = 0
    with path.open("w", encoding="utf-8") as stream:
        while written < size:
            at = draws.randrange(len(page) - _OTHER)
            text = " ".join(draws.choices(vocabulary, k=40))
            row = {"id": rows, "text": text, "label": f"topic {draws.randrange(5)}", "page": page[at : at + _OTHER]}
            written += stream.write(json.dumps(row) + "\n")
            rows += 1
    return rows


def measured(*words: str) -> tuple[float, float]:
    """The peak memory of a command in megabytes, and its seconds."""
    began, peak = time.perf_counter(), 0
    with subprocess.Popen([sys.executable, "-m", "ftk", *words], stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
            except OSError:
                break
            found = re.search(r"RssAnon:\s+(\d+)", status)
            peak = max(peak, int(found[1]) if found else 0)
            time.sleep(0.05)
    if child.wait():
        sys.exit(f"ftk {' '.join(words)}: exit code {child.returncode}")
    return peak / 1000, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.1, 0.4])
    parser.add_argument("--storage", nargs="+", default=["memory", "disk"])
    parser.add_argument("--folder", type=Path, default=None, help="for the files; a temporary one by default")
    options = parser.parse_args()
    print("| GB | rows | storage | training MB | s | evaluation MB | s |\n| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        place = Path(folder)
        for size in options.gigabytes:
            data = place / "rows.jsonl"
            rows = write(data, size * 1e9, seed=0)
            for storage in options.storage:
                run, where = place / "run", (f"data.storage={storage}", f"data.cache_dir={place / 'cache'}")
                trained = measured("finetune", "task=text-classification", *_MODEL, f"data.train={data}", *where,
                                   f"run.dir={run}", "run.overwrite=true")  # fmt: skip
                scored = measured("evaluate", f"checkpoint={run / 'best'}", f"data.test={data}", *where,
                                  f"run.dir={place / 'scored'}", "run.overwrite=true")  # fmt: skip
                columns = [f"{size:g}", f"{rows:,}", storage, *(f"{value:,.0f}" for value in (*trained, *scored))]
                print(f"| {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
