"""Values of records that several parts of a page need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.pages.spans import Match, given_spans, gold_spans, matched


def numbers_of(record: Mapping[str, Any], key: str) -> dict[str, float]:
    """One number, or several by name, of a record."""
    found = record.get(f"{key}s")
    values = found if isinstance(found, dict) else {"": record.get(key)}
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def pairs_of(record: Mapping[str, Any]) -> list[Match] | None:
    """The spans of a record with their causes; None if nothing says which are right."""
    if record.get("gold_entities") is None and record.get("gold_tags") is None:
        return None
    return matched(gold_spans(record), given_spans(record))
