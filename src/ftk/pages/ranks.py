"""The rank of the right candidate in a record of a ranking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rank_of(record: Mapping[str, Any]) -> int | None:
    """The rank of the best right candidate, counted from 1; None if no candidate is right or nothing says so.

    A record of a group has its candidates in the order of the model, each with its index, and grades by index. A record
    of a pair has the rank of its candidate among those of all rows.
    """
    candidates, gold = record.get("candidates"), record.get("gold_labels")
    if isinstance(candidates, list) and isinstance(gold, list):
        for rank, one in enumerate(candidates, 1):
            index = one.get("index") if isinstance(one, dict) else None
            grade = gold[index] if isinstance(index, int) and 0 <= index < len(gold) else 0
            if isinstance(grade, (int, float)) and grade > 0:
                return rank
        return None
    given = record.get("rank")
    return given if isinstance(given, int) else None
