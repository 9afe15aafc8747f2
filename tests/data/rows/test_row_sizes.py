"""Rows that are held together have a limit in characters, whatever they hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME
from ftk.contracts.row import Row
from ftk.data.rows.sizes import characters_in, held

VALUES = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("value", "size"),
    [("abc", 3), (["ab", "c"], 5), ({"text": "abc", "label": 1}, 4), ([["a"], {"b": "cd"}], 6), (None, 1), (b"ab", 2)],
)
def test_the_characters_of_a_row(value: Any, size: int) -> None:
    assert characters_in(value) == size
    assert characters_in(Row({"one": value}, "rows.jsonl", 1)) == size


@SOME
@given(st.lists(VALUES, max_size=20), st.integers(1, 8), st.integers(1, 30))
def test_no_row_is_lost_and_no_part_is_larger_than_it_must_be(rows: list[Any], number: int, most: int) -> None:
    left, parts = iter(rows), []
    while part := held(left, number, most):
        assert len(part) <= number
        assert sum(map(characters_in, part[:-1])) < most
        parts += part
    assert parts == rows


def test_ordinary_rows_are_read_as_many_as_before() -> None:
    rows = iter([Row({"text": "a" * 10_000}, "rows.jsonl", line) for line in range(3000)])
    assert [len(held(rows, 2048)), len(held(rows, 2048))] == [2048, 952]
