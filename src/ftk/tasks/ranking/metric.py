"""Scores of rankings: the ranks of the positives of each query."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.examples.rankings import Form
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.ranking.alike import alike
from ftk.tasks.ranking.query_scores import DISCOUNTED, QueryResult, nothing_found, pool_scores, query_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftk.contracts.notes import Notes
    from ftk.data.examples.rankings import RankingExample

_AT_ONCE = 256
"""The number of queries whose scores of all candidates are in memory at once."""
_ONE_SCORE = 1e-5
"""Scores that differ by no more are one: so much is lost where vectors are multiplied."""
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
        """Add a query, its positive and negatives, with their vectors in the same order; near-equal texts are one."""
        texts = [alike(text) for text in texts]
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
        self._flat: Counter[bool] = Counter()
        """Queries by whether all of their candidates have one score."""
        self._rows: list[tuple[str, str | int] | dict[str, int]] = []
        """For each row where its positive stands, or the query and the positive whose place is known in the end."""
        self._places: dict[tuple[str, str | int], dict[str, int]] = {}

    def update(self, example: RankingExample, prediction: Ranked) -> None:
        """Count one row."""
        assert example.grades is not None
        positive: tuple[str, str | int] | dict[str, int] = (example.query, alike(example.candidates[0]))
        if prediction.vectors is not None:
            self._pool.add(example.query, example.candidates, prediction.vectors)
        elif example.form is Form.pair:
            scores, grades = self._pairs.setdefault(example.query, ([], []))
            positive = (example.query, len(scores))
            scores += prediction.scores.tolist()
            grades += example.grades
        elif example.form is Form.right:
            named = self._drawn.setdefault(example.query, _Drawn({}, {}, prediction.others))
            right, *wrong = zip(map(alike, example.candidates), prediction.scores.tolist(), strict=True)
            named.right.update([right])
            named.wrong.update(wrong)
        else:
            result = self.add(prediction.scores, np.array(example.grades))
            positive = {} if result is None else result.place(int(result.rank.argmin()))
        self._rows.append(positive)

    def add(self, scores: NDArray[Any], grades: NDArray[Any]) -> QueryResult | None:
        """Count one query by the scores and the grades of its candidates; None if it has no positive."""
        if not (grades > 0).any():
            self._without += 1
            if self.missed:
                self._scored.append(nothing_found(len(scores)))
            return None
        if len(scores) > 1:
            self._flat[_is_flat(scores.min(), scores.max())] += 1
        result = query_scores(scores, grades, self.temperature)
        self._scored.append(result.scores)
        return result

    def row_facts(self) -> Iterator[dict[str, Any]]:
        """For each row the ``rank`` of its positive, of several the best one, ``ranked_among`` how many candidates, and
        ``ties``, the number of negatives with the same score, if there are any. They are known after ``compute``."""
        for positive in self._rows:
            yield positive if isinstance(positive, dict) else self._places.get(positive, {})

    def _note_places(self, query: str, positives: Sequence[str | int], result: QueryResult | None) -> None:
        if result is not None:
            self._places.update({(query, one): result.place(at) for at, one in enumerate(positives)})

    def compute(self) -> dict[str, Any]:
        """``mrr``, ``recall@1``, ``ndcg@10``, ``candidates`` (the mean number for a query), ``recall@5``,
        ``recall@10``, ``auc``, ``queries``, and ``queries_without_right``, which count in the others only as missed.

        A line of scores shows the first ones, the number of candidates among them: without it the others say little.

        Recall among the first k candidates is over the queries with more than k candidates, and is left out if there is
        none: it would be 1 whatever the model does. A score that no query has is None. With a temperature also
        ``loss``, over all candidates of each query, however they were batched.
        """
        for query, (scores, grades) in self._pairs.items():
            positives = [at for at, grade in enumerate(grades) if grade > 0]
            self._note_places(query, positives, self.add(np.array(scores), np.array(grades)))
        self._pairs.clear()
        for query, named in self._drawn.items():
            wrong = [score for text, score in named.wrong.items() if text not in named.right]
            of_all = np.concatenate([[*named.right.values()], wrong, named.others])
            result = self.add(of_all, (np.arange(len(of_all)) < len(named.right)).astype(np.float64))
            self._note_places(query, list(named.right), result)
        self._drawn.clear()
        self._rank_pool()
        names = ("mrr", "recall@1", f"ndcg@{DISCOUNTED}", "candidates", "recall@5", "recall@10", "auc")
        means: dict[str, Any] = {name: _mean([each[name] for each in self._scored if name in each]) for name in names}
        means = {name: mean for name, mean in means.items() if mean is not None or not name.startswith("recall@")}
        if self.temperature is not None and self._scored:
            means["loss"] = _mean([each["loss"] for each in self._scored if "loss" in each])
        return {**means, "queries": len(self._scored), "queries_without_right": self._without}

    def judge(self, notes: Notes) -> None:
        """Report a model that gives all candidates of each query one score."""
        if self._flat[True] and not self._flat[False]:
            notes.add(kinds.ALL_TIES, queries=self._flat[True])

    def _rank_pool(self) -> None:
        pool, self._pool = self._pool, _Pool()
        names = list(pool.queries)
        if not names:
            return
        vectors, texts = np.stack(pool.vectors), list(pool.texts)
        for begin in range(0, len(names), _AT_ONCE):
            part = names[begin : begin + _AT_ONCE]
            block = np.stack([pool.queries[name] for name in part]) @ vectors.T
            rights = [np.array(sorted(pool.right[name])) for name in part]
            more = [pool.own_scores(name) for name in part]
            few = [at for at in range(len(part)) if len(rights[at]) <= _FEW]
            for at in sorted(set(range(len(part))) - set(few)):
                grades = np.zeros(len(vectors) + len(more[at]))
                grades[rights[at]] = 1
                result = self.add(np.append(block[at], more[at]), grades)
                self._note_places(part[at], [texts[place] for place in rights[at]], result)
            for at in few:
                ends = [end for scores in (block[at], more[at]) if len(scores) for end in (scores.min(), scores.max())]
                self._flat[_is_flat(min(ends), max(ends))] += len(block[at]) + len(more[at]) > 1
            if few:
                results = pool_scores(
                    block[few], [rights[at] for at in few], [more[at] for at in few], self.temperature
                )
                for at, one in zip(few, results, strict=True):
                    self._scored.append(one.scores)
                    self._note_places(part[at], [texts[place] for place in rights[at]], one)


def _is_flat(least: float, most: float) -> bool:
    return bool(most - least <= _ONE_SCORE * max(1.0, abs(least), abs(most)))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
