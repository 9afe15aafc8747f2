"""Rows of a pipe come in parts, and are held up to a number of characters."""

import pytest

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.sizes import characters_in
from ftk.inference import arriving
from ftk.inference.arriving import Arriving


@pytest.mark.parametrize("full", [0, 30])
def test_long_rows_of_a_pipe(monkeypatch: pytest.MonkeyPatch, full: int) -> None:
    monkeypatch.setattr(arriving, "MOST", 100)
    rows = [Row({"text": "a" * (40 if line % 3 else 150)}, "rows.jsonl", line) for line in range(30)]
    part = Arriving(Notes(), full).begin(iter(rows))
    found = []
    while rows_of_part := part(10):
        assert sum(characters_in(row) for row in rows_of_part[:-1]) < 100
        found += rows_of_part
    assert found == rows
