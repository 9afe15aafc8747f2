"""Rows a second of reading large CSV, JSON lines and Parquet files, beside another version of ftk.

Versions read the same files in turn, each in a process of its own, in one thread; the seconds are those of the CPU. The
median of each and their ratio are printed.

    python benchmarks/reading_speed.py --other ../ftk-before/src --rows 200000 --rounds 7
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1] / "src"
READ = """
import dataclasses, gc, sys, time
import pyarrow.parquet
from ftk.config.data_choices import Format, Duplicates, Unseen
from ftk.config.paths import values_of
from ftk.config.schema import DataConfig
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits

values = dict(values_of("data/auto"))
values["format"] = Format.auto
fields = {field.name: field for field in dataclasses.fields(DataConfig)}
values = {name: value for name, value in values.items() if name in fields and name != "quoting"}
gc.disable()  # as ftk does while it reads a corpus
for path in sys.argv[1:]:
    data = DataConfig(**{**values, "train": path})
    begin = time.process_time()
    rows = len(read_splits(data, ["train"], demo=None, notes=Notes(), tagged=False)["train"].rows)
    print(path.rpartition("/")[2], rows / (time.process_time() - begin))
"""


def make(folder: Path, rows: int) -> list[Path]:
    """Write the same rows in each format."""
    words = [f"word{number % 997}" for number in range(4000)]

    def row(number: int) -> dict[str, Any]:
        text = " ".join(words[number % 3900 : number % 3900 + 20])
        return {"id": str(number), "text": f"{text}, and so on", "label": f"class {number % 7}"}

    def spanning(number: int) -> dict[str, Any]:
        text = row(number)["text"]
        return {**row(number), "text": f'{text}\n"{text}"' if number % 3 == 0 else text}

    tables = {"short.csv": row, "spanning.csv": spanning, "short.tsv": row}
    for name, made in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter="\t" if name.endswith("tsv") else ",", lineterminator="\n")
            writer.writerow(["id", "text", "label"])
            writer.writerows(made(number).values() for number in range(rows))
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(spanning(number)) + "\n" for number in range(rows))
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row(n) for n in range(rows)]), folder / "rows.parquet")
    return sorted(folder.iterdir())


def read(source: Path, files: list[Path]) -> dict[str, float]:
    """Rows a second of one version, by file."""
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", READ, *map(str, files)]
    out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return {name: float(speed) for name, speed in (line.rsplit(" ", 1) for line in out.splitlines())}


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", type=Path, required=True, help="the folder src of the other version")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make(Path(folder), options.rows)
        found: dict[Path, list[dict[str, float]]] = {options.other: [], HERE: []}
        for number in range(options.rounds):
            for source in sorted(found, reverse=bool(number % 2)):
                found[source].append(read(source, files))
    print("| file | other, rows/s | here, rows/s | ratio |\n| --- | --- | --- | --- |")
    for name in found[HERE][0]:
        other, here = (statistics.median(one[name] for one in found[source]) for source in (options.other, HERE))
        print(f"| {name} | {other:,.0f} | {here:,.0f} | {here / other:.2f} |")


if __name__ == "__main__":
    main()
