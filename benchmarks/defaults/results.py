"""The results of all runs, one file a cell, with the verdicts of ``ftk compare``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.defaults.cells import Cell
from benchmarks.defaults.contenders import CONTENDERS
from benchmarks.speed import machine

from ftk.comparing.comparison import Asked, compare
from ftk.comparing.effects import FEWEST_RUNS
from ftk.comparing.opened import open_outcomes
from ftk.errors import FtkError
from ftk.system.atomic import write_text

FOLDER = Path(__file__).resolve().parent / "results"
Runs = Mapping[str, Mapping[str, Any]]
"""By the seed what came of a run."""


def collect(cell: Cell, work: Path, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Write what there is of a cell, and judge ftk against each other contender that has three runs.

    Args:
        cell: the corpus and its rows.
        work: the folder of the runs.
        folder: of the results.

    Returns:
        What was written; None if there is no run.
    """
    runs = {name: _runs(cell, name, work) for name in CONTENDERS}
    runs = {name: found for name, found in runs.items() if found}
    if not runs:
        return None
    path = folder / f"{cell.name}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"runs": {}, "verdicts": {}}
    verdicts = {}
    for name in runs.keys() - {"ftk"}:
        same = all(known["runs"].get(one) == runs.get(one) for one in ("ftk", name))
        verdict = known["verdicts"].get(name) if same else _verdict(cell, runs, name, work)
        if verdict is not None:
            verdicts[name] = verdict
    found = {
        "corpus": cell.corpus.name,
        "rows": cell.rows,
        "score": cell.corpus.score,
        "seeds": cell.seeds,
        "machine": machine.describe(),
        "versions": ", ".join(
            part for part in machine.versions().split(", ") if not part.startswith(("ftk ", "changed"))
        ),
        "runs": runs,
        "verdicts": {name: verdicts[name] for name in CONTENDERS if name in verdicts},
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def scored(runs: Runs) -> dict[str, Mapping[str, Any]]:
    """The runs that did not fail."""
    return {seed: run for seed, run in runs.items() if "failed" not in run}


def _runs(cell: Cell, contender: str, work: Path) -> dict[str, Any]:
    found = {}
    for seed in range(1, cell.seeds + 1):
        path = work / "done" / cell.name / f"{contender}-{seed}.json"
        if path.is_file():
            found[str(seed)] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _verdict(cell: Cell, runs: Mapping[str, Runs], contender: str, work: Path) -> dict[str, Any] | None:
    """What is said of ftk beside a contender; None as long as either has too few runs."""
    sides = [list(scored(runs.get(name, {}))) for name in (contender, "ftk")]
    if min(map(len, sides)) < FEWEST_RUNS:
        return None
    paths = [
        work / "predictions" / cell.name / f"{name}-{seed}.jsonl"
        for name, seeds in zip((contender, "ftk"), sides, strict=True)
        for seed in seeds
    ]
    opened = [open_outcomes(path, task=cell.corpus.task) for path in paths]
    first = len(sides[0])
    try:
        found = compare(
            opened, [range(first), range(first, len(opened))], Asked(of="recipes", score=cell.corpus.score)
        ).judged[0]
    except FtkError as error:  # as of a correlation of equal numbers
        return {"verdict": "not compared", "why": str(error)}
    return {
        "verdict": found.verdict.value,
        "effect": round(found.effect.difference, 3),
        "interval": [round(found.low, 3), round(found.high, 3)],
        "p": float(f"{found.p:.3g}"),
    }
