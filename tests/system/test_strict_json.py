"""JSON without the numbers that it does not have."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.report.output.json_output import json_line, plain_value
from ftk.system.strict_json import dumps, finite, is_finite

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


def read(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@given(VALUES)
def test_other_numbers_become_null_and_all_else_stays(value: Any) -> None:
    found = read(dumps(value))
    assert found == json.loads(json.dumps(finite(value)))
    assert (dumps(value) == json.dumps(value, ensure_ascii=False)) == is_finite(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf"), [np.nan]])
def test_numbers_of_numpy_too(value: Any) -> None:
    assert read(dumps({"a": value, 1: (value,)}, default=plain_value))["a"] in (None, [None])
    assert read(json_line("result", {"a": value}))["a"] in (None, [None])
