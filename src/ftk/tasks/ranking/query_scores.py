"""Scores of single queries: the ranks of their positives among their candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

_CUTS = (1, 5, 10)
DISCOUNTED = 10
"""Candidates that the discounted gain counts."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The scores of one query, and where its positives stand.

    Attributes:
        scores: by name.
        rank: [right] the rank of each positive, in the order in which they were given; 1 is the best.
        ties: [right] the number of negatives with the same score; they rank before it.
        among: the number of candidates.
    """

    scores: dict[str, float]
    rank: NDArray[np.int64]
    ties: NDArray[Any]
    among: int

    def place(self, at: int) -> dict[str, int]:
        """Where one of the positives stands, as records have it."""
        ties = {"ties": int(self.ties[at])} if self.ties[at] else {}
        return {"rank": int(self.rank[at]), "ranked_among": int(self.among), **ties}


def pool_scores(
    block: NDArray[Any], rights: Sequence[NDArray[Any]], more: Sequence[NDArray[Any]], temperature: float | None
) -> list[QueryResult]:
    """``query_scores`` of some queries, counted without sorting the negatives.

    Args:
        block: [queries, candidates] scores; they are overwritten.
        rights: for each query the places of its positives, one or a few, all of grade 1.
        more: for each query the scores of negatives that are not in the block.
        temperature: as in ``query_scores``.
    """
    counts = np.array([len(right) for right in rights])
    owner, at = np.repeat(np.arange(len(rights)), counts), np.concatenate(rights)
    scores = block[owner, at]
    block[owner, at] = np.inf  # nothing wrong that is below any score
    below, equal = np.zeros(len(scores), dtype=np.int64), np.zeros(len(scores), dtype=np.int64)
    for turn in range(int(counts.max())):
        each = np.flatnonzero(counts > turn)
        of = np.cumsum(counts)[each] - counts[each] + turn
        rows = block if len(each) == len(block) else block[each]
        below[of] = (rows < scores[of, None]).sum(-1)
        equal[of] = (rows == scores[of, None]).sum(-1)
    against = np.full(len(rights), -np.inf)
    if temperature is not None:
        block[owner, at] = -np.inf
        against = _log_sum(block, temperature)
    found = []
    for query, (begin, count) in enumerate(zip(np.cumsum(counts) - counts, counts, strict=True)):
        of = slice(begin, begin + count)
        values, least, same, beside = scores[of], below[of], equal[of], more[query]
        if len(beside):
            least = least + (beside < values[:, None]).sum(-1)
            same = same + (beside == values[:, None]).sum(-1)
            if temperature is not None:
                against[query] = np.logaddexp(against[query], _log_sum(beside[None].copy(), temperature)[0])
        order = np.argsort(-values, kind="stable")
        wrong = block.shape[1] - count + len(beside)
        found.append(_result(order, values, np.ones(count), least, same, wrong, against[query], temperature))
    return found


def _log_sum(values: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """[rows] the logarithm of the sum of exponentials of [rows, candidates], which are overwritten."""
    top = values.max(-1)
    top = np.where(np.isfinite(top), top, 0)
    values -= top[:, None]
    values /= temperature
    with np.errstate(divide="ignore"):
        total: NDArray[np.float64] = np.log(np.exp(values, out=values).sum(-1, dtype=np.float64))
    return total + top / temperature


def query_scores(scores: NDArray[Any], grades: NDArray[Any], temperature: float | None = None) -> QueryResult:
    """The scores of one query with a positive; ``auc`` is left out without a negative.

    Among candidates with equal scores those with the lower grade rank first, so that a model with the same score for
    all candidates gains nothing. In the area under the curve they count one half, as usual.

    Args:
        scores: [candidates].
        grades: [candidates] 0 for a negative.
        temperature: the softmax temperature; None skips the loss.
    """
    scores = np.asarray(scores, dtype=np.float64)
    right, wrong = np.flatnonzero(grades > 0), np.sort(scores[grades == 0])
    order = np.lexsort((grades[right], -scores[right]))
    below = np.searchsorted(wrong, scores[right], side="left")
    equal = np.searchsorted(wrong, scores[right], side="right") - below
    against = -np.inf
    if temperature is not None and len(wrong):
        against = float(np.logaddexp.reduce(wrong / temperature))
    return _result(order, scores[right], grades[right], below, equal, len(wrong), against, temperature)


def _result(
    order: NDArray[Any],
    at: NDArray[Any],
    grades: NDArray[Any],
    below: NDArray[Any],
    equal: NDArray[Any],
    wrong: int,
    against: float,
    temperature: float | None,
) -> QueryResult:
    """The scores of one query.

    Args:
        order: [right] its positives, the best first.
        at: [right] their scores.
        grades: [right] their grades.
        below: [right] the number of negatives with a lower score.
        equal: [right] the number of negatives with the same score.
        wrong: the number of negatives.
        against: the logarithm of the sum of exponentials of their scores.
        temperature: the softmax temperature; None skips the loss.
    """
    places = np.empty(len(order), dtype=np.int64)
    places[order] = 1 + wrong - below[order] + np.arange(len(order))
    ties, at, grades, below, equal = equal, at[order], grades[order], below[order], equal[order]
    rank = places[order]
    found = {f"recall@{cut}": float((rank <= cut).mean()) for cut in _CUTS if cut < wrong + len(at)}
    found["mrr"] = 1 / float(rank[0])
    gain = grades / np.log2(1 + rank)
    ideal = np.sort(grades)[::-1][:DISCOUNTED]
    best = ideal / np.log2(2 + np.arange(len(ideal)))
    found[f"ndcg@{DISCOUNTED}"] = float(gain[rank <= DISCOUNTED].sum() / best.sum())
    found["candidates"] = float(wrong + len(at))
    if wrong:
        found["auc"] = float((below + equal / 2).mean() / wrong)
    if temperature is not None:
        at = np.asarray(at, dtype=np.float64)
        found["loss"] = float((np.logaddexp(at / temperature, against) - at / temperature).mean())
    return QueryResult(found, places, ties, wrong + len(at))


def nothing_found(candidates: int) -> dict[str, float]:
    """The scores of a query whose positive is not among its candidates."""
    recall = {f"recall@{cut}": 0.0 for cut in _CUTS if cut < candidates}
    return {**recall, "mrr": 0.0, f"ndcg@{DISCOUNTED}": 0.0, "candidates": float(candidates)}
