"""The answers in records of rankings: which candidate a model puts first."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import UNKNOWN, Answers

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def ranking_answers(records: Records, fields: Mapping[str, Any]) -> Answers:
    """One question a query: which candidate comes first; it is right if a positive does.

    A query without a positive asks nothing. Where a positive is ranked among the candidates of all rows, the records do
    not say which of them came first instead.
    """
    queries: dict[Hashable, list[int]] = {}
    for at, record in enumerate(records):
        queries.setdefault(at if "gold_labels" in record else str(record["query"]), []).append(at)
    kept = [rows for rows in queries.values() if any("rank" in records[at] for at in rows)]
    gold, given, right = [], [], []
    for rows in kept:
        own = [records[at] for at in rows]
        right.append(min(record["rank"] for record in own if "rank" in record) == 1)
        gold.append(_positive(own))
        given.append(gold[-1] if right[-1] else _first(own, gold[-1]))
    numbers = [rows[0] for rows in kept]
    return Answers(
        keys=numbers,
        rows=np.array(numbers, dtype=np.int64),
        gold=gold,
        given=given,
        right=np.array(right, dtype=bool),
    )


def _positive(records: Sequence[Mapping[str, Any]]) -> str:
    """The first positive of a query."""
    record = next(record for record in records if "rank" in record)
    if "candidate" in record:
        return str(record["candidate"])
    grades = record.get("gold_labels") or [1]
    ordered = sorted(record["candidates"], key=lambda one: one["index"])
    return str(next(one["text"] for one in ordered if grades[one["index"]] > 0))


def _first(records: Sequence[Mapping[str, Any]], gold: str) -> str:
    """The candidate that came first although it is wrong."""
    if "gold_labels" in records[0]:
        text = str(records[0]["candidates"][0]["text"])
    elif all("gold_label" in record for record in records):
        text = str(max(records, key=lambda record: record["score"])["candidate"])
    else:
        return UNKNOWN
    return UNKNOWN if text == gold else text  # one that has the same score as a positive
