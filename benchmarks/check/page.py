"""Write results.md from what the two other scripts have found.

python -m benchmarks.check.page PLANTED.json NEAR.txt > benchmarks/check/results.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.check.faults import FAULTS

_SIGNS = {"found": "yes", "there before": "=", "missed": "**no**"}


def main() -> None:
    """Print the page."""
    planted, near = (Path(name).read_text("utf-8") for name in sys.argv[1:])
    print(page(json.loads(planted), near))


def page(results: dict[str, Any], near: str) -> str:
    """The page: the planted faults that are found, the errors of each corpus as it is, and near-duplicates."""
    names = list(results["corpora"])
    found = [one["found"] for one in results["corpora"].values()]
    tried = [one for of in found for one in of.values()]
    counts = {sign: sum(one == sign for one in tried) for sign in _SIGNS}
    lines = [
        "# What a check finds",
        "",
        "## Planted faults",
        "",
        f"`python -m benchmarks.check.planted --rows {results['rows']}`: each kind of fault is planted into a copy of "
        "each corpus that can have it, in four rows unless it is about all rows or about a label. Of each split "
        f"{results['rows']:,} rows are taken. yes: `ftk check` finds it, in as many rows more as it was planted; =: "
        "the corpus has it by itself, and it is said there; empty: rows of this corpus cannot have it.",
        "",
        f"{counts['found']} of {len(tried)} are found, {counts['there before']} are there before, "
        f"{counts['missed']} are missed.",
        "",
        "| fault | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
    ]
    for fault in FAULTS:
        cells = [_SIGNS.get(of.get(fault.name, ""), "") for of in found]
        lines.append(f"| {fault.name} | " + " | ".join(cells) + " |")
    errors = [
        f"{', '.join(f'{kind} {count:,}' for kind, count in one['errors'].items()) or ''}"
        for one in results["corpora"].values()
    ]
    lines += [
        "| *errors in the whole corpus as it is* | " + " | ".join(errors) + " |",
        "",
        "## Near-duplicates",
        "",
        "`python -m benchmarks.check.near_duplicates`: beside brute force, which compares all pairs of the first 4,000 "
        "rows of each split by their Jaccard similarity (0.8). *Edited* are copies of the training rows, of which each "
        "tenth has one to four small edits, among rows of random words.",
        "",
        *(line for line in near.strip().splitlines() if not line.endswith("| 0 |  |  |")),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
