"""Lengths of time as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.system.duration import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1d 2h 3m 4.5s", 86_400 + 7200 + 180 + 4.5),
        (" 10 m ", 600),
        ("0s", 0),
    ],
)
def test_numbers_with_units(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "30", "m", "30x", "-5m", "1h30", "1,5h", "1.h", ".5h", "5M", "1h,30m", "1:30"]
)
def test_what_has_no_unit_or_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A.*\Z"):
        seconds(text)


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from("dhms")), min_size=1, max_size=5))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    whole = "".join(f"{number}{unit}" for number, unit in parts)
    assert seconds(whole) == sum(seconds(f"{number}{unit}") for number, unit in parts)
