"""A page of the results: python -m benchmarks.calibration.page [results.json] [results.md]."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.calibration.corpora import CLASSES

HERE = Path(__file__).parent


def main() -> None:
    """Write the page."""
    results, page = (Path(word) for word in (*sys.argv[1:], HERE / "results.json", HERE / "results.md")[:2])
    found = json.loads(results.read_text(encoding="utf-8"))
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for key, result in found.items():
        name, model, _ = key.split(", ")
        runs.setdefault((name, model), []).append(result)
    lines = [
        "| corpus | model | seeds | test score | temperature | ECE before | ECE after | with chance | other decisions "
        "| coverage |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_line(name, model, each) for (name, model), each in runs.items()),
    ]
    page.write_text(f"{INTRODUCTION}\n" + "\n".join(lines) + "\n", encoding="utf-8")


def _line(name: str, model: str, each: list[dict[str, Any]]) -> str:
    def percent(part: str, figure: str) -> str:
        return f"{100 * mean(one[part][figure] for one in each):.2f} %"

    coverage = "" if each[0]["of"] != CLASSES else f"{100 * mean(one['coverage']['mean'] for one in each):.1f} %"
    decisions = f"{sum(one['other decisions'] for one in each)} of {sum(one['rows'] for one in each):,}"
    cells = [
        name,
        model,
        str(len(each)),
        f"{mean(one['score'] for one in each):.3f}",
        f"{mean(one['temperature'] for one in each):.2f}",
        percent("before", "ece"),
        percent("after", "ece"),
        percent("after", "ece_plain"),
        decisions,
        coverage,
    ]
    return f"| {' | '.join(cells)} |"


INTRODUCTION = """# Calibration

`python -m benchmarks.calibration` trains each model with `calibrate=none`, and goes on with `calibrate=temperature`,
which has nothing left to train: the two differ in calibration alone. ECE is on the test rows, without the part that is
chance (the column *with chance* has it); for entities it is of whole entities. *Other decisions* counts test rows whose
label or entities changed. Coverage is the mean share of right labels in sets of 95 %, made from one half of the test
rows and counted in the other, over 200 splits.
"""

if __name__ == "__main__":
    main()
