"""What the scores of rankings are made of, row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics
from ftk.errors import DataError
from ftk.tasks.ranking.alike import alike
from ftk.tasks.ranking.policies import MissingPositive
from ftk.tasks.ranking.query_scores import DISCOUNTED, nothing_found, query_scores
from ftk.tasks.shared.statistics.row_values import mean_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records

Scored = tuple[int, Mapping[str, float]]
"""The number of the row that stands for a query, and the scores of the query."""
_SCORES = ("mrr", "recall@1", f"ndcg@{DISCOUNTED}", "recall@5", "recall@10", "auc")


def ranking_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``mrr``, ``recall@1``, ``ndcg@10`` and others: means over queries, as ``RankingMetric`` computes them.

    The first row of a query stands for it; its other rows have no number of their own.

    Args:
        records: as ``Ranking.record`` makes them, with the ``rank`` of the positive.
        fields: of the task; ``missing_positive`` says whether a list without a positive counts as missed.
    """
    missed = fields.get("missing_positive") == MissingPositive.missed.value
    found: list[Scored] = []
    named: dict[str, dict[str, int]] = defaultdict(dict)
    pairs: dict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        if "query" not in record:
            raise DataError(f"line {row + 1}: the record has no 'query'.")
        if "gold_labels" in record:
            found += _list(row, record, missed)
        elif "gold_label" in record:
            pairs[record["query"]].append(row)
        else:
            named[record["query"]].setdefault(_positive(record, row), row)
    found += [one for rows in pairs.values() for one in _pairs(rows, records, missed)]
    found += [_named([*rows.values()], records) for rows in named.values()]
    return {name: each for name in _SCORES if (each := _mean(name, found, len(records))) is not None}


def _mean(name: str, found: Sequence[Scored], rows: int) -> RowStatistics | None:
    """The mean of a score over the queries that have it; None if none has."""
    values, counted = np.zeros(rows), np.zeros(rows)
    for row, scores in found:
        if name in scores:
            values[row], counted[row] = scores[name], 1
    return mean_of(name, values, counted) if counted.any() else None


def _list(row: int, record: Mapping[str, Any], missed: bool) -> list[Scored]:
    """The scores of a list of candidates with a grade each."""
    grades = _numbers([record], "gold_labels", [row])[0]
    scores = np.zeros(len(grades))
    try:
        for one in record["candidates"]:
            scores[one["index"]] = one["score"]
    except (KeyError, IndexError, TypeError, ValueError):
        raise DataError(
            f"line {row + 1}: 'candidates' must have a score and an index each, below {len(grades)}."
        ) from None
    return _scored(row, scores, grades, missed)


def _pairs(rows: Sequence[int], records: Records, missed: bool) -> list[Scored]:
    """The scores of the candidates of a query that rows name one by one, each with a grade."""
    of_query = [records[row] for row in rows]
    scores, grades = (_numbers(of_query, name, rows) for name in ("score", "gold_label"))
    return _scored(rows[0], scores, grades, missed)


def _numbers(records: Records, name: str, rows: Sequence[int]) -> NDArray[np.float64]:
    """The numbers under a key of some records.

    Args:
        records: some of all.
        name: of the key.
        rows: [records] their numbers, for messages.

    Raises:
        DataError: a record has something else there.
    """
    found = []
    for record, row in zip(records, rows, strict=True):
        try:
            found.append(np.array(record[name], dtype=np.float64))
        except (KeyError, TypeError, ValueError):
            raise DataError(f"line {row + 1}: '{name}' must be of numbers; it is {record.get(name)!r}.") from None
    return np.array(found)


def _scored(row: int, scores: Any, grades: Any, missed: bool) -> list[Scored]:
    if (grades > 0).any():
        return [(row, query_scores(scores, grades).scores)]
    return [(row, nothing_found(len(scores)))] if missed else []


def _named(rows: Sequence[int], records: Records) -> Scored:
    """The scores of a query from where its positives stand, one in each of these rows."""
    try:
        rank = np.sort([records[row]["rank"] for row in rows])
        among = records[rows[0]]["ranked_among"]
        ties = np.array([records[row].get("ties", 0) for row in sorted(rows, key=lambda row: records[row]["rank"])])
    except KeyError as error:
        raise DataError(f"line {rows[0] + 1}: the record has no {error}, the place of its positive.") from None
    wrong = among - len(rank)
    gain = (1 / np.log2(1 + rank))[rank <= DISCOUNTED].sum()
    best = (1 / np.log2(2 + np.arange(min(len(rank), DISCOUNTED)))).sum()
    scores = {"mrr": 1 / rank[0], f"ndcg@{DISCOUNTED}": gain / best}
    scores |= {f"recall@{cut}": (rank <= cut).mean() for cut in (1, 5, 10) if cut < among}
    if wrong:
        below = 1 + wrong + np.arange(len(rank)) - rank
        scores["auc"] = (below + ties / 2).mean() / wrong
    return rows[0], scores


def _positive(record: Mapping[str, Any], row: int) -> str:
    """The text of the positive candidate; it distinguishes the rows of one query."""
    if "candidate" in record:
        return alike(record["candidate"])
    try:
        return alike(next(one["text"] for one in record["candidates"] if one["index"] == 0))
    except (KeyError, TypeError, StopIteration):
        raise DataError(
            f"line {row + 1}: the record has no 'candidate', and none of 'candidates' has the index 0."
        ) from None
