"""Queries ranked among the candidates of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import DataConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Place, Predictions
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise
from ftk.data.examples.rankings import Form, RankingExample, RankingReader
from ftk.system.cache import cache_folder, cache_key
from ftk.tasks.ranking.candidate_file import Candidates, read_candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Ragged
    from ftk.report.console import Console
    from ftk.tasks.ranking.features import RankedRows
    from ftk.tasks.ranking.task import Ranking

_ROWS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class Found:
    """The best candidates of the file for one row: their numbers, counted from 0, and their scores."""

    numbers: NDArray[Any]
    scores: NDArray[Any]


class CandidateSearch:
    """The Predictor of rankings with candidates in a file; rows with a list of their own are ranked by that.

    A bi-encoder reads each candidate once and compares its vector with those of all queries. A cross-encoder reads each
    candidate with each query.

    Args:
        task: with ``candidates``.
    """

    roles: ClassVar[tuple[str, ...]] = ("query", "candidate")
    rows_at_once: ClassVar[int] = 512

    def __init__(self, task: Ranking) -> None:
        self.task = task
        self._candidates = Candidates((), ())
        self._vectors: NDArray[Any] | None = None
        """[candidates, size], of a bi-encoder."""
        self._subwords: Ragged | None = None
        """Of each candidate, for a cross-encoder."""

    @property
    def auto_model(self) -> str:
        """The transformers class of the model."""
        return self.task.auto_model

    def ready(
        self, predictions: Predictions, tokenizer: Any, plan: WindowPlan, data: DataConfig, notes: Notes, place: Place
    ) -> None:
        """Read the candidates, and have a bi-encoder make a vector of each, or find those that it made before.

        Raises:
            DataError: they cannot be read, or there are none.
            RunError: the cache cannot be written.
        """
        from ftk.data.batching.features import Ragged
        from ftk.data.readers.paths import expand
        from ftk.data.text.text_windows import TextEncoder
        from ftk.tasks.ranking.vector_cache import kept_vectors

        [path] = expand(self.task.candidates, key="task.candidates")
        found = self._candidates = read_candidates(path, data, notes)
        if self.task.crosses:
            encoder = TextEncoder(tokenizer, plan, pairs=True)
            self._subwords = Ragged.of([ids for ids, _ in encoder.tokens([found.text(at) for at in range(len(found))])])
            return
        pooling = self.task.pooling.value
        made_from = [found.fingerprint(), place.model, pooling, plan.length, plan.stride]
        folder = cache_folder(data.cache_dir) / "vectors" / cache_key(made_from)
        self._vectors = kept_vectors(
            folder,
            len(found),
            lambda: self._made(predictions, tokenizer, plan, notes, place.console),
            place.console.say,
        )

    def _made(
        self, predictions: Predictions, tokenizer: Any, plan: WindowPlan, notes: Notes, console: Console
    ) -> Iterator[NDArray[Any]]:
        """The vectors of all candidates, in blocks."""
        import numpy as np

        found = self._candidates
        with console.counting("candidates") as show:
            for begin in range(0, len(found), _ROWS_AT_ONCE):
                part = [
                    RankingExample(found.text(at), (), None, Form.query, None, (), found.rows[at], {})
                    for at in range(begin, min(begin + _ROWS_AT_ONCE, len(found)))
                ]
                features = self.features(part, tokenizer, None, plan, notes)
                yield np.stack([vector for _, vector in predictions(part, features)])
                show(begin + len(part))

    def read(
        self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes
    ) -> list[RankingExample]:
        return RankingReader(columns=columns, labelled=False, elsewhere=True, notes=notes).read(rows)

    def features(
        self,
        examples: Sequence[RankingExample],
        tokenizer: Any,
        labels: Labels | None,
        plan: WindowPlan,
        notes: Notes,
    ) -> Any:
        return self.task.rows_of(examples, tokenizer, plan, notes, shared=self._subwords)

    def collate(self, features: RankedRows, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        return self.task.collate(features, windows, pad_id, noise)

    def forward(self, model: Any, batch: Batch) -> Any:
        return self.task.forward(model, batch)

    def outputs(self, outputs: Any, features: RankedRows, batch: Batch) -> list[Any]:
        """As those of the task; of a row that a cross-encoder read with all candidates only the best ones."""
        found: list[Any] = self.task.outputs(outputs, features, batch)
        if self.task.crosses:
            for place, row in enumerate(batch.windows):
                if not len(features.candidates[row]):
                    found[place] = self._best(found[place])
        return found

    def _best(self, scores: NDArray[Any]) -> Found:
        import numpy as np

        order = np.argsort(-scores, kind="stable")[: self.task.top_k]
        return Found(order, scores[order])

    def decode(
        self,
        examples: Sequence[RankingExample],
        features: RankedRows,
        first_row: int,
        outputs: dict[int, Any],
        labels: Labels | None,
    ) -> list[Any]:
        """The best candidates of each row; while these are read, the vector of each."""
        import numpy as np

        from ftk.tasks.ranking.nearest import nearest

        last = first_row + len(examples)
        if not self.task.crosses and self._vectors is None:
            return [outputs[row][0] for row in range(first_row, last)]
        own = [row for row, example in enumerate(examples, start=first_row) if example.form is not Form.query]
        ranked = dict(zip(own, self._ranked(examples, features, first_row, own, outputs), strict=True))
        others = [row for row in range(first_row, last) if row not in ranked]
        if self._vectors is None:
            return [ranked.get(row, outputs[row]) for row in range(first_row, last)]
        if others:
            numbers, scores = nearest(np.stack([outputs[row][0] for row in others]), self._vectors, self.task.top_k)
            ranked |= {row: Found(*each) for row, *each in zip(others, numbers, scores, strict=True)}
        return [ranked[row] for row in range(first_row, last)]

    def _ranked(
        self,
        examples: Sequence[RankingExample],
        features: RankedRows,
        first_row: int,
        own: Sequence[int],
        outputs: dict[int, Any],
    ) -> list[Any]:
        return [
            self.task.decode([examples[row - first_row]], features, row, {row: outputs[row]}, None)[0] for row in own
        ]

    def record(self, example: RankingExample, prediction: Any) -> dict[str, Any]:
        """As that of the task; of a row without a list the best ``candidates`` of the file, with ``row``, the number of
        their line."""
        if not isinstance(prediction, Found):
            return self.task.record(example, prediction)
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
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
