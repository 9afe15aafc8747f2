"""What ``ftk check`` finds in the development corpora as they are, as a table in Markdown.

python -m benchmarks.check.as_they_are [--data DIR] > benchmarks/check/as_they_are.md
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.check.corpora import CORPORA

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.finding_kinds import suspicious_rows
from ftk.tasks import finding_kinds as task_kinds

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FACTS = {"info": "notes", "warning": "warnings", "error": "errors"}


def command_lines(data: Path) -> dict[str, list[str]]:
    """The words of a check of each corpus, by its name."""
    lines = {corpus.name: corpus.command(data) for corpus in CORPORA}
    spam = data / "cls_sms_spam" / "spam.csv"
    words = ["task=text-classification", f"data.train={spam}", "data.columns.text=v2", "data.columns.label=v1"]
    lines["cls_sms_spam, spam.csv"] = words
    lines["cls_sms_spam, spam.csv, data.encoding=latin-1"] = [*words, "data.encoding=latin-1"]
    lines |= {
        f"{name}": ["task=mlm", f"data.train={data / name}/*.txt"]
        for name in ("mlm_factbook", "mlm_novels", "mlm_openstax", "mlm_zh")
    }
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED)
    data = parser.parse_args().data
    print("| corpus | rows | errors | warnings | notes |\n| --- | ---: | --- | --- | --- |")
    for name, words in command_lines(data).items():
        print(_row(name, words), flush=True)


def _row(name: str, words: list[str]) -> str:
    """A row of the table: the kinds of each severity with their counts."""
    done = subprocess.run(
        [sys.executable, "-m", "ftk", "check", "--json", *words], capture_output=True, text=True, check=False
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"type"')]
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in events:
        if one["type"] == "finding" and not _is_fact(one):
            found[one["severity"]][one["kind"]] += one["count"]
    ends = [one for one in events if one["type"] == "check"]
    if not ends:
        return f"| {name} | | {done.stderr.strip().splitlines()[-1]} | | |"
    [end] = ends
    cells = (
        ", ".join(f"{kind} {number:,}" for kind, number in found[severity].items()) for severity in reversed(FACTS)
    )
    return f"| {name} | {end['rows']:,} | {' | '.join(cells)} |"


def _is_fact(finding: dict[str, Any]) -> bool:
    """Whether a finding says how the data was read, and not what is odd about it."""
    known = {**kinds.kinds_in(kinds), **kinds.kinds_in(task_kinds)}
    looked = kinds.kinds_in(suspicious_rows)
    return finding["severity"] == "info" and not known[finding["kind"]].counted and finding["kind"] not in looked


if __name__ == "__main__":
    main()
