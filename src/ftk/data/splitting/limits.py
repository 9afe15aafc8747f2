"""The value of ``data.limit`` for one split."""

from __future__ import annotations

from typing import Any


def limit_of(limit: Any, split: str) -> Any:
    """How many rows of a split are read: a number, below 1 a share of them, or None for all.

    Args:
        limit: ``data.limit``: one value for all splits, or values by split.
        split: train, validation or test.
    """
    return limit.get(split) if isinstance(limit, dict) else limit
