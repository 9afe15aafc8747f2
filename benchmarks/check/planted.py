"""Plants faults into corpora, one kind at a time, and looks whether ``ftk check`` finds them.

python -m benchmarks.check.planted [--data FOLDER] [--rows 1500] [--corpus PART,…] [--fault PART,…] [--output FILE]

Each split is reduced to some rows. A fault is found if the findings of one of its kinds count as many rows more as were
planted. The corpora as they are, in full, show which errors are found that are none.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.check.corpora import CORPORA, Corpus
from benchmarks.check.faults import FAULTS, Fault
from benchmarks.check.tables import Table

from ftk import cli

ROOT = Path(__file__).resolve().parents[2]
SEED = 0


def main() -> None:
    """Print a line for each corpus and fault, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--corpus", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    began = time.perf_counter()
    results = {}
    for corpus in CORPORA:
        if any(part in corpus.name for part in options.corpus.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                results[corpus.name] = planted(corpus, options.data, Path(folder), options.rows, options.fault)
    if options.output is not None:
        written = {"rows": options.rows, "corpora": results}
        options.output.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")
    tried = [found for one in results.values() for found in one["found"].values()]
    print(f"{tried.count('found')} of {len(tried)} found, {time.perf_counter() - began:.0f} s")


def planted(corpus: Corpus, data: Path, folder: Path, rows: int, only: str) -> dict[str, Any]:
    """What was found in one corpus, by fault; and the errors of the corpus as it is."""
    whole = [] if only else findings(corpus, data)
    errors = {one["kind"]: one["count"] for one in whole if one["severity"] == "error"}
    print(f"== {corpus.name}: errors as it is: {errors or 'none'}", flush=True)
    small = reduced(corpus)
    before = counted(run(small, corpus, data, folder, rows, None)[1])
    found = {}
    for fault in FAULTS:
        if not any(part in fault.name for part in only.split(",")):
            continue
        number, after = run(small, corpus, data, folder, rows, fault)
        if number is None:
            continue
        more = {kind: counted(after)[kind] - before[kind] for kind in fault.kinds}
        there = max(more.values()) >= number
        found[fault.name] = (
            "found" if there else "there before" if number == 1 and any(map(before.get, fault.kinds)) else "missed"
        )
        if found[fault.name] != "found":
            others = {kind: count - before[kind] for kind, count in counted(after).items() if count != before[kind]}
            print(f"   {found[fault.name]}: {fault.name}: {number} planted, {more}; others: {others}", flush=True)
    print(f"   {sum(one == 'found' for one in found.values())} of {len(found)} found", flush=True)
    return {"errors": errors, "found": found}


def run(
    small: Corpus, corpus: Corpus, data: Path, folder: Path, rows: int, fault: Fault | None
) -> tuple[int | None, list[dict[str, Any]]]:
    """How many findings there should be more with a fault, and all findings."""
    draw = random.Random(SEED)
    tables = sampled(corpus, data, rows)
    number = 0 if fault is None else fault.plant(tables, draw)
    if number is None:
        return None, []
    target = folder / small.folder
    target.mkdir(exist_ok=True)
    for extra in (data / corpus.folder).glob("*.txt"):
        (target / extra.name).write_bytes(extra.read_bytes())
    for split, table in tables.items():
        corpus.form.write(table, [target / name for name in small.files[split]])
    return number, findings(small, folder)


def sampled(corpus: Corpus, data: Path, rows: int) -> dict[str, Table]:
    """Some rows of each split, in their order. A corpus of one file is parted into training and test."""
    draw = random.Random(SEED)
    tables = {}
    for split, names in corpus.files.items():
        table = corpus.form.read([data / corpus.folder / name for name in names])
        if len(table.rows) > rows:
            table.rows = [table.rows[at] for at in sorted(draw.sample(range(len(table.rows)), rows))]
        for row in table.rows:
            if isinstance(row, dict) and "image" in row:
                row["image"] = str(data / corpus.folder / row["image"])
        tables[split] = table
    if len(tables) == 1:
        table = tables["train"]
        draw.shuffle(table.rows)
        half = len(table.rows) // 4
        tables["test"] = type(table)(table.rows[:half], table.text, table.label)
        table.rows = table.rows[half:]
    return tables


def reduced(corpus: Corpus) -> Corpus:
    """The corpus with a file for test, if it has only one."""
    files = dict(corpus.files)
    if len(files) == 1:
        files["test"] = tuple(f"test.{name}" for name in files["train"])
    return Corpus(corpus.name, corpus.folder, corpus.task, files, corpus.form, corpus.words)


def findings(corpus: Corpus, data: Path) -> list[dict[str, Any]]:
    """What ``ftk check`` finds, run in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = cli.run(["check", *corpus.command(data), "--json"])
    if code not in (0, 3):
        return [{"kind": "refused", "severity": "error", "count": 1, "text": err.getvalue()}]
    lines = [json.loads(line) for line in out.getvalue().splitlines() if line.startswith("{")]
    return [line for line in lines if line["type"] == "finding"]


def counted(found: list[dict[str, Any]]) -> Counter[str]:
    """How often there is a finding of each kind; a fact counts for each time that it is said."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one["kind"]] += one["count"]
    return counts


if __name__ == "__main__":
    main()
