"""Trains MiniLM for one epoch on batches that are made in different ways, with the same seeds.

    python -m benchmarks.batches --data FOLDER --output results.jsonl [--ways random,grouped] [--seeds 8] [--rows 1500]

Each line of the output is one run: entity F1 and mean loss on validation rows. Lines that are there are not computed
again. ``--table`` prints the differences to random batches instead.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.batches.orders import BATCH, WAYS, batches_of

_CORPORA = ("wnut17", "ncbi", "snips")
_LR = 3e-4
_SCORED = 500
"""Validation rows."""


def run(options: Any, corpus: str, name: str, seed: int) -> dict[str, Any]:
    """One training and its validation."""
    from benchmarks.batches.training import CORPORA, Training, labels_of, rows_of

    most = (options.rows, _SCORED)
    train, scored = (rows_of(options.data / file, part) for file, part in zip(CORPORA[corpus], most, strict=True))
    way = WAYS[name]
    made = Training(train, labels_of(train, scored), way, seed=seed, threads=options.threads)
    batches = batches_of(made.lengths, way, BATCH, seed)
    steps, began = len(batches), time.perf_counter()
    for step, numbers in enumerate(batches):
        made.step(numbers, _LR * min((step + 1) / (0.1 * steps + 1), (steps - step) / (0.9 * steps)))
    seconds = time.perf_counter() - began
    f1, loss = made.score(scored)
    cells = sum(len(numbers) * int(made.lengths[numbers].max()) for numbers in batches)
    return {
        "corpus": corpus,
        "way": name,
        "seed": seed,
        "rows": len(train),
        "f1": f1,
        "loss": loss,
        "steps": steps,
        "seconds": seconds,
        "tokens": int(made.lengths.sum()),
        "cells": cells,
        "scored": len(scored),
        "lr": _LR,
    }


def table(path: Path) -> None:
    """Print the differences to random batches, with 95 % intervals over pairs of the same seed (Student's t)."""
    from scipy.stats import t

    runs = {(r["corpus"], r["seed"], r["way"]): r for r in map(json.loads, path.read_text().splitlines())}
    print("| way | corpus | pairs | F1, random | F1 | difference | loss, relative | padding |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        for corpus in (*_CORPORA, "all"):
            keys = [k for k in runs if k[2] == way and corpus in (k[0], "all") and (*k[:2], "random") in runs]
            if not keys:
                continue
            mine, base = [runs[k] for k in keys], [runs[(*k[:2], "random")] for k in keys]
            gain = 100 * np.array([one["f1"] - other["f1"] for one, other in zip(mine, base, strict=True)])
            worse = 100 * np.array([one["loss"] / other["loss"] - 1 for one, other in zip(mine, base, strict=True)])
            half = [
                t.ppf(0.975, len(v) - 1) * v.std(ddof=1) / len(v) ** 0.5 if len(v) > 1 else np.nan
                for v in (gain, worse)
            ]
            f1s = [100 * np.mean([one["f1"] for one in part]) for part in (base, mine)]
            pad = 1 - sum(one["tokens"] for one in mine) / sum(one["cells"] for one in mine)
            print(
                f"| {way} | {corpus} | {len(keys)} | {f1s[0]:.1f} | {f1s[1]:.1f} | "
                f"{gain.mean():+.2f} ± {half[0]:.2f} | {worse.mean():+.1f} ± {half[1]:.1f} % | {pad:.0%} |"
            )


def main() -> None:
    """Compute what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the corpora")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--corpora", default=",".join(_CORPORA))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        table(options.output)
        return
    there = set()
    if options.output.exists():
        lines = map(json.loads, options.output.read_text(encoding="utf-8").splitlines())
        there = {(one["corpus"], one["way"], one["seed"]) for one in lines}
    for seed in range(1, options.seeds + 1):
        for corpus in options.corpora.split(","):
            for name in options.ways.split(","):
                if (corpus, name, seed) not in there:
                    found = run(options, corpus, name, seed)
                    with options.output.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
