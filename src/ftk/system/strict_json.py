"""JSON as its standard has it: without NaN and infinity, which Python writes and other programs cannot read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any


def dumps(
    value: Any,
    *,
    ensure_ascii: bool = False,
    indent: int | None = None,
    default: Callable[[Any], Any] | None = None,
) -> str:
    """A value as JSON; a number that JSON does not have becomes null."""

    def dumped(one: Any, other: Callable[[Any], Any] | None) -> str:
        return json.dumps(one, ensure_ascii=ensure_ascii, indent=indent, default=other, allow_nan=False)

    try:
        return dumped(value, default)
    except ValueError:
        return dumped(finite(value), None if default is None else lambda one: finite(default(one)))


def finite(value: Any) -> Any:
    """A value without numbers that JSON does not have: they become null."""
    if isinstance(value, Mapping):
        return {_name(name): finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_finite(value: Any) -> bool:
    """Whether a value has only numbers that JSON has."""
    if isinstance(value, Mapping):
        return all(map(is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _name(name: Any) -> Any:
    """The name of a value. Python takes numbers and truth values as names, and writes them as texts."""
    return name if isinstance(name, (str, int, type(None))) else str(name)
