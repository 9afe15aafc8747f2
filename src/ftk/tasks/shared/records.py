"""What records of all tasks have in common."""

from collections.abc import Mapping
from typing import Any


def with_columns(columns: Mapping[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """A record: the columns of the input that the result does not replace, and then the result."""
    return {**{name: value for name, value in columns.items() if name not in result}, **result}
