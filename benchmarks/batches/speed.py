"""The time of a training step: batches of similar length, and random ones with padding and without it, in turns.

    python -m benchmarks.batches.speed --data FOLDER [--corpus wnut17] [--pairs 15] [--steps 10] [--threads 2]

A turn is some steps; ratios are of turns of the same round, per real token. Processor time does not depend much on
what else runs; seconds do.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.batches.orders import BATCH, WAYS, batches_of
from benchmarks.batches.training import CORPORA, Training, labels_of, rows_of
from benchmarks.speed.pairs import ratio

_WAYS = ("grouped", "unpadded", "random")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--corpus", choices=list(CORPORA), default="wnut17")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", default=",".join(_WAYS))
    options = parser.parse_args()
    names = options.ways.split(",")
    rows = rows_of(options.data / CORPORA[options.corpus][0], 3200)
    labels = labels_of(rows)
    made = {name: Training(rows, labels, WAYS[name], seed=1, threads=options.threads) for name in names}
    orders = {name: batches_of(made[name].lengths, WAYS[name], BATCH, 1) for name in names}
    found: dict[str, list[Any]] = {name: [] for name in names}
    for number in range(-1, options.pairs):
        for name in names:
            taken = [
                orders[name][step % len(orders[name])]
                for step in range((number + 1) * options.steps, (number + 2) * options.steps)
            ]
            seconds, processor = time.perf_counter(), time.process_time()
            for batch in taken:
                made[name].step(batch, 1e-4)
            turn = time.perf_counter() - seconds, time.process_time() - processor
            if number >= 0:  # the first round is a warm-up
                found[name].append(np.array(turn) / sum(int(made[name].lengths[batch].sum()) for batch in taken))
    print("| way | ms a step of 480 tokens | speed over grouped, seconds | processor time |")
    print("| --- | ---: | ---: | ---: |")
    for name in names:
        own, base = np.array(found[name]), np.array(found[names[0]])
        print(
            f"| {name} | {1e3 * 480 * np.median(own[:, 0]):.0f} | {ratio(base[:, 0], own[:, 0])} | "
            f"{ratio(base[:, 1], own[:, 1])} |"
        )


if __name__ == "__main__":
    main()
