"""A search among many candidates: how long ``ftk predict`` takes, and how much memory.

python -m benchmarks.ranking_search [--candidates 100000] [--queries 1000] [--work FOLDER]

The model is tiny and hardly trained: what is measured is what comes beside it. The memory of the same prediction with a
hundredth of the candidates is that of Python, torch and the model. The last line is of a second run, which finds the
vectors of the first one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS = ("river", "lamp", "stone", "market", "violin", "harbour", "winter", "letter", "engine", "garden", "tide")


def main() -> None:
    """Search twice."""
    parser = argparse.ArgumentParser(description="Time and memory of a search among many candidates.")
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "ranking-search")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    run = work / "run"
    train = ["finetune", "task=ranking", "model=tiny", "debug=one-step", f"run.dir={run}", "run.overwrite=true"]
    subprocess.run([sys.executable, "-m", "ftk", *train], check=True, capture_output=True)
    generator = random.Random(0)
    queries = work / "queries.txt"
    queries.write_text("".join(f"{_text(generator, 6)}\n" for _ in range(options.queries)), encoding="utf-8")
    cache = work / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    for number in (options.candidates // 100, options.candidates):
        candidates = work / f"candidates-{number}.jsonl"
        rows = ({"id": row, "text": _text(generator, 12)} for row in range(number))
        candidates.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _search(work, options.candidates // 100, options.queries, "vectors made")
    _search(work, options.candidates, options.queries, "vectors made")
    first = (work / "found.jsonl").read_bytes()
    _search(work, options.candidates, options.queries, "vectors kept")
    assert (work / "found.jsonl").read_bytes() == first


def _search(work: Path, number: int, queries: int, what: str) -> None:
    """One prediction: processor time, time and memory."""
    output = work / "found.jsonl"
    output.unlink(missing_ok=True)
    words = [f"checkpoint={work / 'run' / 'best'}", "task=ranking", "hardware=cpu", f"data.cache_dir={work / 'cache'}"]
    words += [f"task.candidates={work / f'candidates-{number}.jsonl'}", f"input={work / 'queries.txt'}"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ftk", "predict", *words, f"output={output}"], stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the prediction failed")
    seconds = time.perf_counter() - began
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(found) == queries
    assert all(len(row["candidates"]) == 10 for row in found)
    print(
        f"{number:,} candidates, {queries:,} queries, {what}: {usage.ru_utime + usage.ru_stime:.0f} s of processor, "
        f"{seconds:.0f} s, {usage.ru_maxrss / 1024:,.0f} MiB at the most",
        flush=True,
    )


def _text(generator: random.Random, words: int) -> str:
    return " ".join(generator.choice(WORDS) + str(generator.randrange(50)) for _ in range(words))


if __name__ == "__main__":
    main()
