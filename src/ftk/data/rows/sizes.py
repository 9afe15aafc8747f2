"""How large rows are, so that a list of some of them has a limit whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from ftk.contracts.row import Row

_T = TypeVar("_T")
MOST = 1 << 25
"""Characters of the rows that are held together; 16,384 a row where they are 2,048."""


def held(rows: Iterator[_T], number: int, most: int = MOST) -> list[_T]:
    """The next rows: up to a number of them, and no further row after the one with which they have so many characters.

    Args:
        rows: or the lines or the values that they are made of; they are read one after the other.
        number: of rows.
        most: characters.
    """
    found: list[_T] = []
    size = 0
    while len(found) < number and size < most:
        try:
            row = next(rows)
        except StopIteration:
            break
        found.append(row)
        size += characters_in(row)
    return found


def characters_in(value: Any) -> int:
    """About how many characters a row or a value has."""
    if isinstance(value, Row):
        return characters_in(value.values)
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, dict):
        return sum(map(characters_in, value.values()))
    if isinstance(value, (list, tuple)):
        return len(value) + sum(map(characters_in, value))
    return 1
