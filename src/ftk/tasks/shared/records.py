"""What records of all tasks have in common."""

from collections.abc import Mapping
from typing import Any


def with_columns(columns: Mapping[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """A record: the columns of the input that the result does not replace, without bytes, and then the result."""
    return {**{name: _without_bytes(value) for name, value in columns.items() if name not in result}, **result}


def _without_bytes(value: Any) -> Any:
    """A value that JSON can hold: of an image in a row its path is left."""
    if isinstance(value, dict):
        return {name: _without_bytes(inner) for name, inner in value.items()}
    return None if isinstance(value, bytes) else value
