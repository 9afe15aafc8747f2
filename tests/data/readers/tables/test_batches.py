"""Rows of Parquet and Arrow files are made in parts that fit into memory, however large they are."""

import tracemalloc
from pathlib import Path

import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

from ftk.contracts.notes import Notes
from ftk.data.readers.tables import batches
from ftk.data.readers.tables.tabular import read_arrow, read_parquet

TABLES = {
    "short": ["a", "b"] * 3000,
    "long": ["a" * 100_000] * 20,
    "one long": ["a"] * 3000 + ["b" * 1_000_000] + ["c"] * 10,
    "repeated": ["a" * 20_000] * 2000,
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", ["parquet", "plain.parquet", "arrow"])
def test_tables_are_read_in_parts(monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    monkeypatch.setattr(batches, "_BYTES", 1 << 20)
    monkeypatch.setattr(batches, "_OF_DICTIONARIES", 16)
    table = pyarrow.table({"text": TABLES[name], "number": list(range(len(TABLES[name])))})
    path = Path(f"rows.{kind}")
    if kind == "arrow":
        pyarrow.feather.write_feather(table, path, compression="zstd")
    else:
        pyarrow.parquet.write_table(table, path, use_dictionary=kind == "parquet", row_group_size=2000)
    read = read_arrow if kind == "arrow" else read_parquet
    del table
    tracemalloc.start()
    for at, row in enumerate(read(path, Notes())):
        assert (row.values["number"], row.line, row.values["text"]) == (at, at + 1, TABLES[name][at])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert at + 1 == len(TABLES[name])
    assert most < (8 << 20)
