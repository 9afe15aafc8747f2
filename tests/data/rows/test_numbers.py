"""Numbers in texts, in the spelling of many countries and programs."""

import decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.data.rows.numbers import Decimal, number_in, sign_of

auto, point, comma = Decimal.auto, Decimal.point, Decimal.comma


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        (["3,5", "2"], comma),
        (["3,5", "1,250"], comma),
        (["1.234,5", "1.234"], comma),
        (["0,125"], comma),
        (["1234,567"], comma),
        (["1.234.567", "7"], comma),
        (["3,5 %"], comma),
        (["1 234,5"], comma),
        (["1,234.5"], point),
        (["1,234,567"], point),
        (["1,23,456"], point),
        (["3.5", "1,250"], point),
        (["1,250", "3,400"], auto),
        (["1.250", "3.400"], auto),
        (["3,5", "3.5"], auto),
        (["3", "4", "x", ""], auto),
        ([3.5, 2, None, [1]], auto),
        ([], auto),
    ],
)
def test_the_sign_before_fractions_is_found_where_there_is_no_other(values: list[Any], sign: Decimal) -> None:
    assert sign_of(values) is sign


@pytest.mark.parametrize(
    ("value", "sign", "number"),
    [
        ("3,5", comma, 3.5),
        ("-1.234,5", comma, -1234.5),
        ("1.250", comma, 1250),
        ("1,250", comma, 1.25),
        ("7", comma, 7),
        ("2e-3", comma, 2e-3),
        ("1.25", comma, None),
        ("0.125", comma, None),
        ("1,250", point, 1250),
        ("1,234.5", point, 1234.5),
        ("3,5", point, None),
        ("12,34", point, None),
        ("1,250", auto, None),
        ("1.250", auto, 1.25),
        ("1 234", auto, 1234),
        ("1\u00a0234\u00a0567", auto, 1234567),
        ("1\u202f234,5", comma, 1234.5),
        ("1'234.5", auto, 1234.5),
        ("1\u2019234", auto, 1234),
        ("12 34", auto, None),
        ("50%", auto, 50),
        ("3,5 %", comma, 3.5),
        ("\u22123", auto, -3),
        ("\uff13\uff0e\uff15", auto, 3.5),
        ("np.float64(3.5)", auto, 3.5),
        ("tensor(3.5)", auto, 3.5),
        ("+3", auto, 3),
        (3, comma, 3),
        (decimal.Decimal("1.25"), comma, 1.25),
        (True, auto, None),
        *[
            (text, auto, None)
            for text in ("nan", "inf", "1_0", "x", "", "%", "$5", "3/5", "'3.5", "1,2,3", "2020-01-01")
        ],
    ],
)
def test_numbers_are_read_or_not(value: Any, sign: Decimal, number: float | None) -> None:
    assert number_in(value, sign) == number


@MANY
@given(
    st.lists(st.decimals(-(10**7), 10**7, places=2), min_size=1), st.sampled_from([(",", "."), (".", ","), (" ", ",")])
)
def test_numbers_of_two_places_come_back_however_they_are_grouped(numbers: list[Any], signs: tuple[str, str]) -> None:
    between, before = signs
    texts = [f"{number:,.2f}".replace(",", "_").replace(".", before).replace("_", between) for number in numbers]
    sign = sign_of(texts)
    assert sign is (comma if before == "," else point)
    assert [number_in(text, sign) for text in texts] == [float(number) for number in numbers]


@MANY
@given(st.text("0123456789.,-+ '%eE\u00a0", max_size=10), st.sampled_from(Decimal))
def test_any_text_is_read_or_not(text: str, sign: Decimal) -> None:
    found = number_in(text, sign)
    assert found is None or isinstance(found, float)
