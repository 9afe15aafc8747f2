"""The places of two rows that have something in common, for messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.contracts.example import Example

_LABEL = 40
"""Characters of a label that a place shows."""


def two_places(example: Example, where: str, other: Any = None, *, labels: bool = False) -> str:
    """The place of a row and that of the row that it is compared with, whose file is named if it is another one.

    Args:
        example: the row.
        where: the place of the other row.
        other: what is learned of the other row.
        labels: whether what is learned of both is shown.
    """
    row = example.row
    there = where.removeprefix(row.file)
    if not labels:
        return f"{row.where} and {there}"
    return f"{row.where}{_shown(example.learned)} and {there}{_shown(other)}"


def _shown(learned: Any) -> str:
    """Labels, numbers or texts, quoted; nothing for anything larger, such as the tags of a sentence."""
    if isinstance(learned, (set, frozenset)):
        learned = ", ".join(sorted(map(str, learned)))
    elif isinstance(learned, Mapping):
        learned = ", ".join(f"{value:g}" for value in learned.values() if isinstance(value, (int, float)))
    elif isinstance(learned, (int, float)):
        learned = f"{learned:g}"
    if not isinstance(learned, str):
        return ""
    return f" '{learned if len(learned) <= _LABEL else learned[: _LABEL - 1] + '…'}'"
