"""Where the right candidate stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ftk.pages.blocks import Block, Chart, Charts, Section, Text
from ftk.pages.predictions import Form, Predictions
from ftk.pages.ranks import rank_of
from ftk.pages.sections.classes import Class, class_of
from ftk.pages.svg import columns

_CLASSES: Sequence[Class] = (
    (1, 1, "1"),
    (2, 2, "2"),
    (3, 3, "3"),
    (4, 5, "4-5"),
    (6, 10, "6-10"),
    (11, 20, "11-20"),
    (21, 100, "21-100"),
    (101, None, "> 100"),
)


def ranking_section(predictions: Predictions) -> Section | None:
    """How often the right candidate has which rank; None for another task."""
    if predictions.form is not Form.ranking:
        return None
    ranks = ranks_in(predictions.records)
    if not ranks:
        return None
    counts = [sum(1 for rank in ranks if class_of(rank, _CLASSES) == name) for _, _, name in _CLASSES]
    names = [name for _, _, name in _CLASSES]
    chart = columns(
        "Queries by the rank of the right candidate", list(map(float, counts)), names, x="rank", y="queries"
    )
    first = counts[0]
    text = f"The right candidate is first for {first:,} of {len(ranks):,} queries ({100 * first / len(ranks):.1f} %)."
    blocks: list[Block] = [Text(text), Charts([Chart("Rank of the right candidate", chart)])]
    return Section("ranks", "Ranks", blocks)


def ranks_in(records: Sequence[Mapping[str, Any]]) -> list[int]:
    """The rank of the best right candidate of each query that has one."""
    found = [rank for record in records if (rank := rank_of(record)) is not None]
    if found:
        return found
    by_query: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for record in records:  # a row for each candidate
        if isinstance(grade := record.get("gold_label"), (int, float)) and isinstance(
            record.get("score"), (int, float)
        ):
            by_query[str(record.get("query"))].append((float(record["score"]), grade > 0))
    for scored in by_query.values():
        best = max((value for value, right in scored if right), default=None)
        if best is not None:
            found.append(1 + sum(1 for value, right in scored if value > best and not right))
    return found
