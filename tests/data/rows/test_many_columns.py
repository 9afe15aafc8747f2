"""Tables of very many columns, and very many labels, take time in proportion to their number."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.contracts.notes import Notes
from ftk.data.readers.tables.tabular import read_csv
from ftk.errors import DataError

MANY = 100_000


def write(first: list[str], rows: int = 2) -> str:
    lines = [[*first, *(f"col{number}" for number in range(MANY))]]
    lines += [[*(f"cell {row}" for _ in first), *("w" for _ in range(MANY))] for row in range(rows)]
    Path("wide.csv").write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    return "wide.csv"


def test_a_wide_table_is_read_at_once() -> None:
    path, began = write(["text", "label"]), time.process_time()
    rows = list(read_csv(path, "utf-8", Notes()))
    assert [len(row.values) for row in rows] == [MANY + 2] * 2
    assert time.process_time() - began < 3


def test_a_doubled_column_of_many() -> None:
    with pytest.raises(DataError) as caught:
        list(read_csv(write(["col5", "col7"]), "utf-8", Notes()))
    assert "col5, col7." in str(caught.value)


@pytest.mark.slow
def test_a_missing_column_of_many(ftk: Callable[..., Result]) -> None:
    path, began = write(["texst", "labell"]), time.process_time()
    result = ftk("finetune", "task=text-classification", "model=tiny", f"data.train={path}", "run.dir=run")
    assert result.code == 1
    assert "texst" in result.err
    assert len(result.err) < 20_000
    assert time.process_time() - began < 6
