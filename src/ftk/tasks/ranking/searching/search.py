"""Queries ranked among the candidates of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.contexts import Encoding, Place, Reading, RowOutputs, SampleSeed
from ftk.contracts.protocols import Runnable
from ftk.contracts.row import Row
from ftk.contracts.spec import PredictorSpec
from ftk.contracts.text_prefix import TextPrefix
from ftk.contracts.values import Batch, Labels
from ftk.data.batching.features import Ragged
from ftk.data.examples.rankings import Form, RankingExample, RankingReader
from ftk.data.text.text_windows import TextEncoder
from ftk.system.cache import cache_folder, cache_key
from ftk.tasks.ranking.features import RankedRows
from ftk.tasks.ranking.sampling import NegativeSampling
from ftk.tasks.ranking.searching.candidate_file import Candidates, read_candidates
from ftk.tasks.ranking.searching.nearest import nearest_vectors
from ftk.tasks.shared.records import with_columns

_ROWS_AT_ONCE = 2048


class Ranker(Runnable, Protocol):
    """The members of the task that the search uses."""

    def record(self, example: Any, prediction: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The best candidates of the file for one row: their numbers, counted from 0, and their scores."""

    numbers: NDArray[Any]
    scores: NDArray[Any]


class CandidateSearch:
    """The Predictor of rankings with candidates in a file; rows with their own list are ranked by that list.

    A bi-encoder reads each candidate once and compares its vector with those of all queries. A cross-encoder reads each
    candidate with each query.

    Args:
        ranker: the task.
        sampling: of the task.
        path: the file with candidates.
        crosses: whether the model is a cross-encoder.
        pooling: how a bi-encoder pools the tokens of a text.
        top_k: the number of candidates in a prediction.
    """

    def __init__(
        self,
        ranker: Ranker,
        sampling: NegativeSampling,
        path: Path,
        *,
        crosses: bool,
        pooling: str,
        top_k: int,
    ) -> None:
        self.ranker = ranker
        self.sampling = sampling
        self.path = path
        self.crosses = crosses
        self.pooling = pooling
        self.top_k = top_k
        self._candidates = Candidates((), ())
        self._vectors: NDArray[Any] | None = None
        """[candidates, size], of a bi-encoder."""
        self._subwords: Ragged | None = None
        """Of each candidate, for a cross-encoder."""

    @property
    def spec(self) -> PredictorSpec:
        """The spec of the task."""
        return self.ranker.spec

    def prepare_predict(self, place: Place) -> None:
        """Read the candidates. A bi-encoder also makes a vector of each, or finds those that it made before.

        Raises:
            DataError: the candidates cannot be read, or there are none.
            RunError: the cache cannot be written.
        """
        from ftk.tasks.ranking.searching.vector_cache import cached_vectors

        encoding, plan = place.encoding, place.encoding.windows
        found = self._candidates = read_candidates(self.path, place.data, encoding.notes)
        if self.crosses:
            encoder = TextEncoder(encoding.processor, plan, pairs=True, notes=encoding.notes)
            texts = [found.text(at) for at in range(len(found))]
            self._subwords = Ragged.of([ids for ids, _ in encoder.tokens(texts, role="candidate")])
            return
        before = [plan.prefix.candidate] if plan.prefix.candidate else []
        made_from = [found.fingerprint(), place.model, self.pooling, plan.length, plan.stride, *before]
        folder = cache_folder(place.data.cache_dir) / "vectors" / cache_key(made_from)
        self._vectors = cached_vectors(folder, len(found), lambda: self._made(place), place.progress.say)

    def _made(self, place: Place) -> Iterator[NDArray[Any]]:
        """Yield the vectors of all candidates, in blocks."""
        found, windows = self._candidates, place.encoding.windows
        prefix = TextPrefix(query=windows.prefix.candidate)  # each is read as the query of a row of its own
        encoding = replace(place.encoding, windows=replace(windows, prefix=prefix))
        with place.progress.counting("candidates") as show:
            for begin in range(0, len(found), _ROWS_AT_ONCE):
                part = [
                    RankingExample(found.text(at), (), None, Form.query, None, (), found.rows[at], {})
                    for at in range(begin, min(begin + _ROWS_AT_ONCE, len(found)))
                ]
                features = self.features(part, encoding)
                yield np.stack([vector for _, vector in place.predictions(part, features)])
                show(begin + len(part))

    def read(self, rows: Iterable[Row], reading: Reading) -> list[RankingExample]:
        return RankingReader(columns=reading.columns, labelled=False, elsewhere=True, notes=reading.notes).read(rows)

    def features(self, examples: Sequence[RankingExample], encoding: Encoding) -> RankedRows:
        return RankedRows.of(examples, encoding, self.sampling, pairs=self.crosses, shared=self._subwords)

    def collate(self, features: RankedRows, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        return self.ranker.collate(features, windows, seed)

    def forward(self, model: Any, batch: Batch) -> Any:
        return self.ranker.forward(model, batch)

    def to_numpy(self, outputs: Any, features: RankedRows, batch: Batch) -> list[Any]:
        """The task's outputs; for a row that a cross-encoder scored with all candidates, only the best.

        Scores that are not all finite stay, so that the row is refused.
        """
        found: list[Any] = self.ranker.to_numpy(outputs, features, batch)
        if self.crosses:
            for place, row in enumerate(batch.windows):
                if not len(features.candidates[row]) and np.isfinite(found[place]).all():
                    found[place] = self._best(found[place])
        return found

    def _best(self, scores: NDArray[Any]) -> Found:
        order = np.argsort(-scores, kind="stable")[: self.top_k]
        return Found(order, scores[order])

    def decode(self, examples: Sequence[RankingExample], outputs: RowOutputs, labels: Labels | None) -> list[Any]:
        """The best candidates of each row. While candidates are read, the vector of each."""
        each: list[Any] = [outputs.of(row)[0] for row in range(len(examples))]
        if not self.crosses and self._vectors is None:
            return [vectors[0] for vectors in each]
        others = []
        for row, example in enumerate(examples):
            if example.form is not Form.query:
                each[row] = self.ranker.decode([example], outputs.starting_at(row), None)[0]
            elif self._vectors is not None:
                others.append(row)
        if others:
            assert self._vectors is not None
            numbers, scores = nearest_vectors(np.stack([each[row][0] for row in others]), self._vectors, self.top_k)
            for row, *best in zip(others, numbers, scores, strict=True):
                each[row] = Found(*best)
        return each

    def record(self, example: RankingExample, prediction: Any) -> dict[str, Any]:
        """The task's record; for a row without a list, the best ``candidates`` of the file, with ``row``, the number of
        their line."""
        if not isinstance(prediction, Found):
            return self.ranker.record(example, prediction)
        best = [
            {
                **self._candidates.others(number),
                "text": self._candidates.text(number),
                "score": round(score, 6),
                "row": self._candidates.rows[number].line,
            }
            for number, score in zip(prediction.numbers.tolist(), prediction.scores.tolist(), strict=True)
        ]
        result = {"query": example.query, "candidates": best}
        return with_columns(example.columns, result)
