"""Texts ranked for a query: answers to a question, items for a history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ftk.config.schema import DataConfig
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus, Predictor
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import LOCAL_FILE, TaskSpec, Wording
from ftk.contracts.values import Batch, Labels, Loss, UnseenLabel, shortest
from ftk.data.examples.rankings import Form, RankingExample, RankingReader, gold_grades
from ftk.data.readers.paths import expand
from ftk.data.row_corpus import read_training_corpus
from ftk.errors import ConfigError, DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.ranking.adopting import adopted_encoder, trained_pooling
from ftk.tasks.ranking.answers import ranking_answers
from ftk.tasks.ranking.batches import batch_of_pairs, batch_of_texts, texts_of
from ftk.tasks.ranking.explained import PairExplains
from ftk.tasks.ranking.features import RankedRows
from ftk.tasks.ranking.metric import Ranked, RankingMetric
from ftk.tasks.ranking.policies import ROLES, Encoder, MissingPositive, Objective, TokenPooling
from ftk.tasks.ranking.sampling import NegativeSampling
from ftk.tasks.ranking.searching.search import CandidateSearch
from ftk.tasks.ranking.sentence_modules import sentence_modules
from ftk.tasks.ranking.statistics import ranking_statistics
from ftk.tasks.ranking.training_rows import NOTHING_RIGHT, comparable, grouped, with_positive
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_IN_BATCH_HINT = "task.texts_at_once=… computes that many texts at once, with the same gradients."


def _settle(task: Ranking, head: SavedHead | None, notes: Notes) -> Ranking:
    """The task with the pooling that the files of the model name, or with mean pooling."""
    return replace(task, pooling=trained_pooling(head, task.pooling, notes))


def _adopt(asked: Ranking, head: SavedHead, notes: Notes) -> tuple[Ranking, Labels | None]:
    """The task as a cross-encoder if the model has one output for a text, else as a bi-encoder.

    Raises:
        ModelError: the model has several outputs, or makes its vectors in a way that ftk does not have.
    """
    encoder, pooling = adopted_encoder(head, asked.encoder, asked.pooling, notes)
    task = replace(asked, encoder=encoder, pooling=pooling)
    return task, task.labels(())


@dataclass(kw_only=True)
class Ranking(RowTask):
    """Candidates ranked for queries. The fields are described in ``configs/task/ranking.yaml``."""

    encoder: Encoder
    pooling: TokenPooling
    temperature: float
    symmetric: bool
    texts_at_once: int | None
    objective: Objective
    hard_negatives: int
    sampled_negatives: int
    validation_candidates: int
    candidates: str | None = field(metadata=LOCAL_FILE)
    top_k: int
    # The default is for models saved by a release without this field.
    missing_positive: MissingPositive = MissingPositive.skip

    @property
    def spec(self) -> TaskSpec:
        return TaskSpec(
            adopt=_adopt,
            settle=None if self._crosses else _settle,
            columns=("query", "candidate", "negatives", "label"),
            prefixes=ROLES,
            answers=ranking_answers,
            score="mrr",
            statistics=ranking_statistics,
            demo="ranking",
            in_memory=True,
            auto_model="AutoModelForSequenceClassification" if self._crosses else "AutoModelForTextVector",
            keeps_class=self._crosses,
            explains=(lambda task: PairExplains()) if self._crosses else None,
            in_batch_loss_hint=None if self._crosses else _IN_BATCH_HINT,
            beside=None if self._crosses else partial(sentence_modules, pooling=self.pooling),
            wording=Wording(labels=None, groups="training rows that all have one query"),
        )

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        if not 0 < self.temperature < float("inf"):
            yield f"task.temperature={self.temperature}: it must be above 0."
        for name, least in (("hard_negatives", 0), ("sampled_negatives", 0), ("validation_candidates", 2)):
            if getattr(self, name) < least:
                yield f"task.{name}={getattr(self, name)}: it must be at least {least}."
        if self._crosses and self.hard_negatives == self.sampled_negatives == 0:
            yield (
                "task.hard_negatives=0 task.sampled_negatives=0: a cross-encoder needs negatives to learn from; "
                "one of the two must be at least 1."
            )
        for name in ("texts_at_once", "top_k"):
            value = getattr(self, name)
            if value is not None and value < 1:
                yield f"task.{name}={value}: it must be at least 1."
        if self.candidates is not None:
            try:
                files = expand(self.candidates, key="task.candidates")
            except DataError as error:
                yield str(error)
            else:
                if len(files) != 1:
                    yield f"task.candidates={self.candidates}: these are {len(files)} files; name one."

    @property
    def _crosses(self) -> bool:
        """Whether query and candidate are read together."""
        return self.encoder is Encoder.cross

    @property
    def _sampling(self) -> NegativeSampling:
        return NegativeSampling(self.hard_negatives, self.sampled_negatives, self.validation_candidates)

    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        if self.candidates is not None:
            raise ConfigError(
                f"task.candidates={self.candidates}: only 'ftk predict' reads it; rows to learn from or to score bring "
                "their own."
            )
        if test_only:
            return super().open_corpus(data, notes, labels=labels, test_only=True)
        return read_training_corpus(data, self, notes, select=self._training_rows)

    def _training_rows(self, examples: Sequence[RankingExample], notes: Notes) -> list[RankingExample]:
        """The queries that a step can learn from, each with all its candidates."""
        rows = grouped(examples, notes)
        if len(rows) < len(examples):
            notes.add(kinds.PAIRS_GROUPED, pairs=len(examples), queries=len(rows))
        if self._crosses:
            return comparable(rows, self._sampling, notes, each=self.objective is Objective.binary)
        return with_positive(rows, notes)

    def predictor(self) -> Predictor:
        if self.candidates is None:
            return self
        [path] = expand(self.candidates, key="task.candidates")
        return CandidateSearch(
            self, self._sampling, path, crosses=self._crosses, pooling=self.pooling.value, top_k=self.top_k
        )

    def read(self, rows: Iterable[Row], reading: Reading) -> list[RankingExample]:
        return RankingReader(columns=reading.columns, labelled=reading.labelled, notes=reading.notes).read(rows)

    def learn(self, examples: Sequence[RankingExample]) -> Ranking:
        """The task with a bi-encoder, unless the fields say otherwise."""
        return replace(self, encoder=Encoder.bi if self.encoder is Encoder.auto else self.encoder)

    def prepare_model(self, model: Any, features: Any, *, new_head: bool) -> None:
        """Name the function that sentence-transformers computes of the output of a cross-encoder: none."""
        if self._crosses:
            model.config.sentence_transformers = {"activation_fn": "torch.nn.modules.linear.Identity"}

    def labels(self, examples: Sequence[RankingExample]) -> Labels | None:
        """A cross-encoder computes one number for a pair; a bi-encoder has no head."""
        return Labels(("relevance",)) if self._crosses else None

    def unseen(self, examples: Sequence[RankingExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        """Yield the rows without a positive: they cannot be scored.

        Raises:
            DataError: no row has one.
        """
        if not any(any(example.grades or ()) for example in examples):
            raise DataError(f"data.{split}: {NOTHING_RIGHT}")
        for example in examples:
            if example.form is Form.group and not any(example.grades or ()):
                yield UnseenLabel(kinds.UNSCORED_ROW, example.row.where, {"part": split})

    def features(self, examples: Sequence[RankingExample], encoding: Encoding) -> RankedRows:  # type: ignore[override]
        return RankedRows.of(examples, encoding, self._sampling, pairs=self._crosses)

    def collate(self, features: RankedRows, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``batch_of_pairs``, or ``batch_of_texts``."""
        if self._crosses:
            return batch_of_pairs(features, windows, seed, each=self.objective is Objective.binary)
        return batch_of_texts(features, windows, seed)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[texts, size] vectors of length 1; for a cross-encoder [rows, candidates] scores."""
        from ftk.tasks.ranking.searching import vectors as text_vectors

        if self._crosses:
            return text_vectors.pair_scores(model, batch, self.texts_at_once)
        first = self.pooling is TokenPooling.first
        return text_vectors.unit_vectors(model, batch, self.texts_at_once, first=first)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from torch.nn.functional import binary_cross_entropy_with_logits

        from ftk.tasks.shared.losses import info_nce

        targets = batch.targets
        right, left_out = targets["right"], targets["left_out"]
        if self._crosses and self.objective is Objective.binary:
            each = binary_cross_entropy_with_logits(outputs, right.float(), reduction="none")
            return Loss(each.masked_fill(left_out, 0).sum(), batch.count)
        scores = outputs
        if not self._crosses:
            scores = outputs[targets["query"]] @ outputs[targets["candidate"]].T / self.temperature
        symmetric = self.symmetric and not self._crosses
        return Loss(info_nce(scores, right, left_out, symmetric=symmetric), batch.count)

    def to_numpy(self, outputs: Tensor, features: RankedRows, batch: Batch) -> list[NDArray[Any]]:
        """The scores of each row, [candidates]: those of a cross-encoder, or the cosines of vectors. A row that is
        compared with other rows has the vectors of a bi-encoder, [1 + candidates, size], with that of the query first.
        """
        values = outputs.float().cpu().numpy()
        sampled = [features.sampled(row, None) for row in batch.windows]
        if self._crosses:
            return [values[number, : len(one.texts)] for number, one in enumerate(sampled)]
        number = {text: at for at, text in enumerate(texts_of(features, batch.windows, sampled))}
        found = []
        for row, one in zip(batch.windows, sampled, strict=True):
            vectors = values[[number[text] for text in (int(features.query[row]), *one.texts.tolist())]]
            alone = len(one.texts) and not features.has_in_pool_negatives[row]
            found.append(vectors[1:] @ vectors[0] if alone else vectors)
        return found

    def decode(self, examples: Sequence[RankingExample], outputs: RowOutputs, labels: Labels | None) -> list[Ranked]:
        """The scores of each row's candidates."""
        found = []
        for row, example in enumerate(examples):
            [values], own = outputs.of(row), len(example.candidates)
            if values.ndim == 1:
                found.append(Ranked(values[:own], values[own:], None))
            else:
                found.append(Ranked(values[1:] @ values[0], values[:0, 0], values))
        return found

    def metric(self, labels: Labels | None) -> RankingMetric:
        missed = self.missing_positive is MissingPositive.missed
        return RankingMetric(temperature=None if self._crosses else self.temperature, missed=missed)

    def record(self, example: RankingExample, prediction: Ranked) -> dict[str, Any]:
        """``query``; ``candidate`` and ``score`` if there is one, else ``candidates``, the best first, each with its
        ``score`` and its ``index`` in the row; ``gold_label`` or ``gold_labels`` if the row has labels."""
        scores = [shortest(score) for score in prediction.scores]
        result: dict[str, Any] = {"query": example.query}
        if len(scores) == 1 and example.form is not Form.group:
            result |= {"candidate": example.candidates[0], "score": scores[0]}
        else:
            order = sorted(range(len(scores)), key=lambda at: -prediction.scores[at])
            result["candidates"] = [
                {**example.others[at], "text": example.candidates[at], "score": scores[at], "index": at} for at in order
            ]
        if (gold := gold_grades(example)) is not None:
            result["gold_labels" if example.form is Form.group else "gold_label"] = gold
        return with_columns(example.columns, result)
