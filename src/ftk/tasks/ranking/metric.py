"""Scores of rankings: the ranks of the positives of each query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.examples.rankings import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftk.data.examples.rankings import RankingExample

_CUTS = (1, 5, 10)
_DISCOUNTED = 10
_AT_ONCE = 256
"""The number of queries whose scores of all candidates are in memory at once."""
_FEW = 8
"""Up to this many positives, the negatives below each are counted instead of sorted."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The outputs for one row.

    Attributes:
        scores: [candidates] of the row's own candidates.
        others: [candidates] of the candidates from other rows that it is scored against. They are the same for all rows
            of a query that name only a positive.
        vectors: [1 + candidates, size] of the query and the candidates; None if they are not needed any more.
    """

    scores: NDArray[Any]
    others: NDArray[Any]
    vectors: NDArray[Any] | None


@dataclass(slots=True)
class _Pool:
    """Queries that are ranked among the positives of all of them."""

    queries: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    right: dict[str, set[int]] = field(default_factory=dict)
    """By query, the places of its positives among ``texts``."""
    own: dict[str, dict[str, NDArray[np.float32]]] = field(default_factory=dict)
    """By query, the vectors of the negatives that its rows name."""
    texts: dict[str, int] = field(default_factory=dict)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, query: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add a query, its positive and negatives, with their vectors in the same order."""
        right = self.texts.setdefault(texts[0], len(self.texts))
        if right == len(self.vectors):
            self.vectors.append(vectors[1])
        self.queries[query] = vectors[0]
        self.right.setdefault(query, set()).add(right)
        if len(texts) > 1:
            self.own.setdefault(query, {}).update(zip(texts[1:], vectors[2:], strict=True))

    def own_scores(self, query: str) -> NDArray[Any]:
        """The scores of the negatives that the rows of a query name and that are positives of no query."""
        own = [vector for text, vector in self.own.get(query, {}).items() if text not in self.texts]
        return np.stack(own) @ self.queries[query] if own else np.zeros(0, dtype=np.float32)


@dataclass(slots=True)
class _Drawn:
    """The candidates that the rows of a query name, with their scores, and the scores of those that were drawn."""

    right: dict[str, float]
    wrong: dict[str, float]
    others: NDArray[Any]


class RankingMetric:
    """Recall, reciprocal rank, discounted gain and area under the curve, each the mean over queries.

    Args:
        temperature: the softmax temperature; None skips the loss.
        missed: whether a list without a positive counts as missed, with 0, in ``mrr``, ``ndcg@10`` and recall.

    Rows that name only a positive, and labelled pairs, are joined by their query; each list is a separate query. The
    vectors of rows with a positive and no list are kept, because a query is ranked among the positives of all rows. Of
    other rows a few numbers are kept.
    """

    def __init__(self, *, temperature: float | None, missed: bool = False) -> None:
        self.temperature = temperature
        self.missed = missed
        self._pool = _Pool()
        self._drawn: dict[str, _Drawn] = {}
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
        elif example.form is Form.right:
            named = self._drawn.setdefault(example.query, _Drawn({}, {}, prediction.others))
            right, *wrong = zip(example.candidates, prediction.scores.tolist(), strict=True)
            named.right.update([right])
            named.wrong.update(wrong)
        else:
            self.add(prediction.scores, np.array(example.grades))

    def add(self, scores: NDArray[Any], grades: NDArray[Any]) -> None:
        """Count one query by the scores and the grades of its candidates."""
        if (grades > 0).any():
            self._scored.append(query_scores(scores, grades, self.temperature))
        else:
            self._without += 1
            if self.missed:
                self._scored.append(_nothing_found(len(scores)))

    def compute(self) -> dict[str, Any]:
        """``mrr``, ``recall@1``, ``ndcg@10``, ``recall@5``, ``recall@10``, ``auc``, ``queries``, ``candidates`` (the
        mean number for a query), and ``queries_without_right``, which count in the other scores only as missed.

        Recall among the first k candidates is over the queries with more than k candidates, and is left out if there is
        none: it would be 1 whatever the model does. A score that no query has is None. With a temperature also
        ``loss``, over all candidates of each query, however they were batched.
        """
        for scores, grades in self._pairs.values():
            self.add(np.array(scores), np.array(grades))
        self._pairs.clear()
        for named in self._drawn.values():
            wrong = [score for text, score in named.wrong.items() if text not in named.right]
            of_all = np.concatenate([[*named.right.values()], wrong, named.others])
            self.add(of_all, (np.arange(len(of_all)) < len(named.right)).astype(np.float64))
        self._drawn.clear()
        self._rank_pool()
        names = ("mrr", "recall@1", f"ndcg@{_DISCOUNTED}", "recall@5", "recall@10", "auc", "candidates")
        means: dict[str, Any] = {name: _mean([each[name] for each in self._scored if name in each]) for name in names}
        means = {name: mean for name, mean in means.items() if mean is not None or not name.startswith("recall@")}
        if self.temperature is not None and self._scored:
            means["loss"] = _mean([each["loss"] for each in self._scored if "loss" in each])
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
            rights = [np.array(sorted(pool.right[name])) for name in part]
            more = [pool.own_scores(name) for name in part]
            few = [at for at in range(len(part)) if len(rights[at]) <= _FEW]
            for at in sorted(set(range(len(part))) - set(few)):
                grades = np.zeros(len(vectors) + len(more[at]))
                grades[rights[at]] = 1
                self.add(np.append(block[at], more[at]), grades)
            if few:
                self._scored += pool_scores(
                    block[few], [rights[at] for at in few], [more[at] for at in few], self.temperature
                )


def pool_scores(
    block: NDArray[Any], rights: Sequence[NDArray[Any]], more: Sequence[NDArray[Any]], temperature: float | None
) -> list[dict[str, float]]:
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
        found.append(
            _scores(values[order], np.ones(count), least[order], same[order], wrong, against[query], temperature)
        )
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


def query_scores(scores: NDArray[Any], grades: NDArray[Any], temperature: float | None = None) -> dict[str, float]:
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
    right = right[np.lexsort((grades[right], -scores[right]))]
    below = np.searchsorted(wrong, scores[right], side="left")
    equal = np.searchsorted(wrong, scores[right], side="right") - below
    against = -np.inf
    if temperature is not None and len(wrong):
        against = float(np.logaddexp.reduce(wrong / temperature))
    return _scores(scores[right], grades[right], below, equal, len(wrong), against, temperature)


def _scores(
    at: NDArray[Any],
    grades: NDArray[Any],
    below: NDArray[Any],
    equal: NDArray[Any],
    wrong: int,
    against: float,
    temperature: float | None,
) -> dict[str, float]:
    """The scores of one query.

    Args:
        at: [right] the scores of its positives, the best first.
        grades: [right] their grades.
        below: [right] the number of negatives with a lower score.
        equal: [right] the number of negatives with the same score.
        wrong: the number of negatives.
        against: the logarithm of the sum of exponentials of their scores.
        temperature: the softmax temperature; None skips the loss.
    """
    rank = 1 + wrong - below + np.arange(len(at))
    found = {f"recall@{cut}": float((rank <= cut).mean()) for cut in _CUTS if cut < wrong + len(at)}
    found["mrr"] = 1 / float(rank[0])
    gain = grades / np.log2(1 + rank)
    ideal = np.sort(grades)[::-1][:_DISCOUNTED]
    best = ideal / np.log2(2 + np.arange(len(ideal)))
    found[f"ndcg@{_DISCOUNTED}"] = float(gain[rank <= _DISCOUNTED].sum() / best.sum())
    found["candidates"] = float(wrong + len(at))
    if wrong:
        found["auc"] = float((below + equal / 2).mean() / wrong)
    if temperature is not None:
        at = np.asarray(at, dtype=np.float64)
        found["loss"] = float((np.logaddexp(at / temperature, against) - at / temperature).mean())
    return found


def _nothing_found(candidates: int) -> dict[str, float]:
    """The scores of a query whose positive is not among its candidates."""
    recall = {f"recall@{cut}": 0.0 for cut in _CUTS if cut < candidates}
    return {**recall, "mrr": 0.0, f"ndcg@{_DISCOUNTED}": 0.0, "candidates": float(candidates)}


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
