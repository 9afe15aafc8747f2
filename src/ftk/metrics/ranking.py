"""Scores of rankings: where the right candidates of each query come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.candidates import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftk.data.candidates import RankingExample

_CUTS = (1, 5, 10)
_DISCOUNTED = 10
_AT_ONCE = 256
"""Queries whose scores of all candidates are held at once."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a model says of one row.

    Attributes:
        scores: [candidates] of its own.
        others: [candidates] of those from other rows that it is scored against.
        vectors: [1 + candidates, size] of the query and the candidates; None where they are not needed any more.
    """

    scores: NDArray[Any]
    others: NDArray[Any]
    vectors: NDArray[Any] | None


@dataclass(slots=True)
class _Pool:
    """Queries that are ranked among the right candidates of all of them."""

    queries: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    right: dict[str, set[int]] = field(default_factory=dict)
    """By query, the places of its right candidates among ``texts``."""
    own: dict[str, dict[str, NDArray[np.float32]]] = field(default_factory=dict)
    """By query, the vectors of the wrong candidates that its rows name."""
    texts: dict[str, int] = field(default_factory=dict)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, query: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """A query, its right candidate, and wrong ones, with their vectors in the same order."""
        right = self.texts.setdefault(texts[0], len(self.texts))
        if right == len(self.vectors):
            self.vectors.append(vectors[1])
        self.queries[query] = vectors[0]
        self.right.setdefault(query, set()).add(right)
        if len(texts) > 1:
            self.own.setdefault(query, {}).update(zip(texts[1:], vectors[2:], strict=True))


class RankingMetric:
    """Recall, reciprocal rank, discounted gain and area under the curve, each the mean over queries.

    Args:
        temperature: what scores are divided by in the loss; None: the loss is none of its business.

    Of rows with a right candidate and no list the vectors are kept, for a query is ranked among the right candidates of
    all rows; of other rows some numbers.
    """

    def __init__(self, *, temperature: float | None) -> None:
        self.temperature = temperature
        self._pool = _Pool()
        self._pairs: dict[str, tuple[list[float], list[float]]] = {}
        self._scored: list[dict[str, float]] = []
        self._without = 0

    def update(self, example: RankingExample, prediction: Ranked) -> None:
        """Count one row."""
        assert example.grades is not None
        if prediction.vectors is not None:
            self._pool.add(example.query, example.candidates, prediction.vectors)
        elif example.form is Form.pair:
            scores, grades = self._pairs.setdefault(example.query, ([], []))
            scores += prediction.scores.tolist()
            grades += example.grades
        else:
            scores_of_all = np.concatenate([prediction.scores, prediction.others])
            self.add(scores_of_all, np.array([*example.grades, *np.zeros(len(prediction.others))]))

    def add(self, scores: NDArray[Any], grades: NDArray[Any]) -> None:
        """Count one query by the scores and the grades of its candidates."""
        if (grades > 0).any():
            self._scored.append(query_scores(scores, grades, self.temperature))
        else:
            self._without += 1

    def compute(self) -> dict[str, Any]:
        """``mrr``, ``recall@1``, ``ndcg@10``, ``recall@5``, ``recall@10``, ``auc``, ``queries``, ``candidates`` (how
        many a query has on average), and ``queries_without_right``, which count in none of the others. What no query
        has is None. With a temperature also ``loss``, over all candidates of each query, however they were batched."""
        for scores, grades in self._pairs.values():
            self.add(np.array(scores), np.array(grades))
        self._pairs.clear()
        self._rank_pool()
        names = ("mrr", "recall@1", f"ndcg@{_DISCOUNTED}", "recall@5", "recall@10", "auc", "candidates")
        means: dict[str, Any] = {name: _mean([each[name] for each in self._scored if name in each]) for name in names}
        if self.temperature is not None and self._scored:
            means["loss"] = _mean([each["loss"] for each in self._scored])
        return {**means, "queries": len(self._scored), "queries_without_right": self._without}

    def _rank_pool(self) -> None:
        pool, self._pool = self._pool, _Pool()
        names = list(pool.queries)
        if not names:
            return
        vectors = np.stack(pool.vectors)
        for begin in range(0, len(names), _AT_ONCE):
            part = names[begin : begin + _AT_ONCE]
            block = np.stack([pool.queries[name] for name in part]) @ vectors.T
            for name, scores in zip(part, block, strict=True):
                grades = np.zeros(len(scores))
                grades[list(pool.right[name])] = 1
                right = {text for text in pool.own.get(name, ()) if pool.texts.get(text) is not None}
                more = [vector for text, vector in pool.own.get(name, {}).items() if text not in right]
                if more:
                    scores = np.append(scores, np.stack(more) @ pool.queries[name])
                self.add(scores, np.append(grades, np.zeros(len(more))))


def query_scores(scores: NDArray[Any], grades: NDArray[Any], temperature: float | None = None) -> dict[str, float]:
    """The scores of one query with a right candidate; ``auc`` is left out where none is wrong.

    Of candidates with equal scores those with the lower grade are taken to come first, so that a model that says the
    same of all gets nothing for it. In the area under the curve they count one half, as usual.

    Args:
        scores: [candidates].
        grades: [candidates] 0 for a wrong one.
        temperature: what scores are divided by in the loss; None: no loss.
    """
    scores = np.asarray(scores, dtype=np.float64)
    right, wrong = np.flatnonzero(grades > 0), np.sort(scores[grades == 0])
    right = right[np.lexsort((grades[right], -scores[right]))]
    at = scores[right]
    ahead = len(wrong) - np.searchsorted(wrong, at, side="left")
    rank = 1 + ahead + np.arange(len(right))
    found = {f"recall@{cut}": float((rank <= cut).mean()) for cut in _CUTS}
    found["mrr"] = 1 / float(rank[0])
    gain = grades[right] / np.log2(1 + rank)
    ideal = np.sort(grades[right])[::-1][:_DISCOUNTED]
    best = ideal / np.log2(2 + np.arange(len(ideal)))
    found[f"ndcg@{_DISCOUNTED}"] = float(gain[rank <= _DISCOUNTED].sum() / best.sum())
    found["candidates"] = float(len(scores))
    if len(wrong):
        below = np.searchsorted(wrong, at, side="left") + np.searchsorted(wrong, at, side="right")
        found["auc"] = float(below.mean() / 2 / len(wrong))
    if temperature is not None:
        against = np.logaddexp.reduce(wrong / temperature) if len(wrong) else -np.inf
        found["loss"] = float((np.logaddexp(at / temperature, against) - at / temperature).mean())
    return found


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
