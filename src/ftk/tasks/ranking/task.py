"""Texts ranked for a query: answers to a question, items for a history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import DataConfig, Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus, Predictor
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Noise
from ftk.data.examples.rankings import Form, RankingExample, RankingReader
from ftk.data.readers.paths import expand
from ftk.errors import ConfigError, DataError
from ftk.tasks.ranking.metric import Ranked, RankingMetric
from ftk.tasks.ranking.training_rows import NOTHING_RIGHT, comparable, grouped, with_right
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Ragged
    from ftk.tasks.ranking.features import Draws, RankedRows


class Encoder(Enum):
    """Whether query and candidate are read apart or together."""

    auto = "auto"
    bi = "bi"
    cross = "cross"


class TokenPooling(Enum):
    """How the states of the tokens of a text become its vector."""

    auto = "auto"
    mean = "mean"
    first = "first"


class Objective(Enum):
    """What a cross-encoder learns: which of the candidates is right, or of each whether it is."""

    listwise = "listwise"
    binary = "binary"


@dataclass(kw_only=True)
class Ranking(RowTask):
    """Candidates ranked for queries. The fields are described in ``configs/task/ranking.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("query", "candidate", "negatives", "label")
    demo: ClassVar[str | None] = "ranking"
    score: ClassVar[str] = "mrr"
    given: ClassVar[tuple[str, ...]] = ("candidates",)
    labels_are: ClassVar[str | None] = None
    groups_are: ClassVar[str] = "training rows that all have one query"

    encoder: Encoder
    pooling: TokenPooling
    temperature: float
    symmetric: bool
    texts_at_once: int | None
    objective: Objective
    hard_negatives: int
    sampled_negatives: int
    validation_candidates: int
    candidates: str | None
    top_k: int

    def faults(self) -> Iterator[str]:
        if not 0 < self.temperature < float("inf"):
            yield f"task.temperature={self.temperature}: it is a number above 0."
        for name, least in (("hard_negatives", 0), ("sampled_negatives", 0), ("validation_candidates", 2)):
            if getattr(self, name) < least:
                yield f"task.{name}={getattr(self, name)}: it is a number from {least} on."
        if self.crosses and self.hard_negatives == self.sampled_negatives == 0:
            yield (
                "task.hard_negatives=0 task.sampled_negatives=0: a cross-encoder learns what is right beside what is "
                "wrong; one of the two is a number from 1 on."
            )
        for name in ("texts_at_once", "top_k"):
            value = getattr(self, name)
            if value is not None and value < 1:
                yield f"task.{name}={value}: it is a number from 1 on."
        if self.candidates is not None:
            try:
                files = expand(self.candidates, key="task.candidates")
            except DataError as error:
                yield str(error)
            else:
                if len(files) != 1:
                    yield f"task.candidates={self.candidates}: these are {len(files)} files; name one."

    @property
    def crosses(self) -> bool:
        """Whether query and candidate are read together."""
        return self.encoder is Encoder.cross

    @property
    def auto_model(self) -> str:  # type: ignore[override]
        return "AutoModelForSequenceClassification" if self.crosses else "AutoModelForTextVector"

    @property
    def whole_batches(self) -> str | None:
        if self.crosses:
            return None
        return "task.texts_at_once=… computes so many texts at once, with the same gradients."

    @property
    def draws(self) -> Draws:
        """Which candidates of a row are read."""
        from ftk.tasks.ranking.features import Draws

        return Draws(self.hard_negatives, self.sampled_negatives, self.validation_candidates)

    def training_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        self._refuse_candidates()
        corpus: Any = super().training_corpus(data, notes)
        notes.prefix = "train: "
        rows = grouped(corpus.examples["train"], notes)
        if len(rows) < len(corpus.examples["train"]):
            notes.say(f"{len(corpus.examples['train']):,} labelled pairs are {len(rows):,} queries.")
        if self.crosses:
            rows = comparable(rows, self.draws, notes, each=self.objective is Objective.binary)
        else:
            rows = with_right(rows, notes)
        corpus.examples["train"] = rows
        notes.prefix = ""
        return corpus

    def test_corpus(self, data: DataConfig, labels: Labels | None, notes: Notes) -> Corpus:
        self._refuse_candidates()
        return super().test_corpus(data, labels, notes)

    def predictor(self) -> Predictor:
        from ftk.tasks.ranking.search import CandidateSearch

        return self if self.candidates is None else CandidateSearch(self)

    def _refuse_candidates(self) -> None:
        if self.candidates is not None:
            raise ConfigError(
                f"task.candidates={self.candidates}: only 'ftk predict' reads it; rows to learn from or to score bring "
                "their own."
            )

    def read(
        self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes
    ) -> list[RankingExample]:
        return RankingReader(columns=columns, labelled=labelled, notes=notes).read(rows)

    def key(self, example: RankingExample) -> str:
        """Both texts, as all of what is read; empty where there is no query."""
        return "\n".join((example.query, *example.candidates)) if example.query.strip() else ""

    def group(self, example: RankingExample) -> str:
        """The query: its candidates are ranked among each other."""
        return example.query

    def fit(self, examples: Sequence[RankingExample]) -> Ranking:
        """What is left to ``auto`` is settled here."""
        encoder = Encoder.bi if self.encoder is Encoder.auto else self.encoder
        pooling = TokenPooling.mean if self.pooling is TokenPooling.auto else self.pooling
        return replace(self, encoder=encoder, pooling=pooling)

    def labels(self, examples: Sequence[RankingExample]) -> Labels | None:
        """A cross-encoder says one number of a pair; a bi-encoder has no head."""
        return Labels(("relevance",)) if self.crosses else None

    def check_labels(
        self, examples: Sequence[RankingExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        if not any(any(example.grades or ()) for example in examples):
            raise DataError(f"data.{split}: {NOTHING_RIGHT}")
        wrong = [example for example in examples if example.form is Form.group and not any(example.grades or ())]
        if wrong:
            what = f"row|rows of {split} without a right candidate"
            notes.count(what, "not scored", *(each.row.where for each in wrong[:5]), number=len(wrong))

    def features(  # type: ignore[override]
        self, examples: Sequence[RankingExample], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> RankedRows:
        return self.rows_of(examples, tokenizer, plan, notes, shared=None)

    def rows_of(
        self, examples: Sequence[RankingExample], tokenizer: Any, plan: WindowPlan, notes: Notes, shared: Ragged | None
    ) -> RankedRows:
        """Some examples as numbers, with the sub-words of candidates for those that have none of their own."""
        from ftk.data.text.text_windows import TextEncoder
        from ftk.tasks.ranking.features import RankedRows

        encoder = TextEncoder(tokenizer, plan, pairs=self.crosses)
        rows = RankedRows.of(examples, encoder, self.draws, shared)
        long = int(rows.long.sum())
        if long:
            how = "of which the best counts" if self.crosses else "of whose vectors the mean counts"
            what = f"row|rows with a text longer than {plan.length} tokens"
            notes.count(what, f"read in overlapping windows, {how}", number=long)
        return rows

    def collate(self, features: RankedRows, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``batch_of_pairs``, or ``batch_of_texts``."""
        from ftk.tasks.ranking.batches import batch_of_pairs, batch_of_texts

        if self.crosses:
            return batch_of_pairs(features, windows, pad_id, noise, each=self.objective is Objective.binary)
        return batch_of_texts(features, windows, pad_id, noise)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """Vectors of length 1, [texts, size]; of a cross-encoder scores, [rows, candidates]."""
        from ftk.tasks.ranking import vectors as text_vectors

        if self.crosses:
            return text_vectors.pair_scores(model, batch, self.texts_at_once)
        first = self.pooling is TokenPooling.first
        return text_vectors.unit_vectors(model, batch, self.texts_at_once, first=first)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from torch.nn.functional import binary_cross_entropy_with_logits

        from ftk.tasks.shared.losses import right_among_wrong

        targets = batch.targets
        right, left_out = targets["right"], targets["left_out"]
        if self.crosses and self.objective is Objective.binary:
            each = binary_cross_entropy_with_logits(outputs, right.float(), reduction="none")
            return Loss(each.masked_fill(left_out, 0).sum(), batch.count)
        scores = outputs
        if not self.crosses:
            scores = outputs[targets["query"]] @ outputs[targets["candidate"]].T / self.temperature
        symmetric = self.symmetric and not self.crosses
        return Loss(right_among_wrong(scores, right, left_out, symmetric=symmetric), batch.count)

    def outputs(self, outputs: Tensor, features: RankedRows, batch: Batch) -> list[NDArray[Any]]:
        """[candidates] scores of each row: what a cross-encoder says, or the cosine of two vectors. Of a row that is
        compared with others the vectors of a bi-encoder, [1 + candidates, size], that of the query first."""
        from ftk.tasks.ranking.batches import texts_of

        values = outputs.float().cpu().numpy()
        taken = [features.taken(row, None) for row in batch.windows]
        if self.crosses:
            return [values[number, : len(one.texts)] for number, one in enumerate(taken)]
        number = {text: at for at, text in enumerate(texts_of(features, batch.windows, taken))}
        found = []
        for row, one in zip(batch.windows, taken, strict=True):
            vectors = values[[number[text] for text in (int(features.query[row]), *one.texts.tolist())]]
            alone = len(one.texts) and not features.open_rows[row]
            found.append(vectors[1:] @ vectors[0] if alone else vectors)
        return found

    def decode(
        self,
        examples: Sequence[RankingExample],
        features: RankedRows,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Ranked]:
        """The scores of each row's candidates."""
        found = []
        for row, example in enumerate(examples, start=first_row):
            values, own = outputs[row], len(example.candidates)
            if values.ndim == 1:
                found.append(Ranked(values[:own], values[own:], None))
            else:
                found.append(Ranked(values[1:] @ values[0], values[:0, 0], values))
        return found

    def metric(self, labels: Labels | None) -> RankingMetric:
        return RankingMetric(temperature=None if self.crosses else self.temperature)

    def record(self, example: RankingExample, prediction: Ranked) -> dict[str, Any]:
        """``query``; ``candidate`` and ``score`` where there is one, else ``candidates``, the best first, each with its
        ``score`` and its ``index`` in the row; ``gold_label`` or ``gold_labels`` where the row has labels."""
        scores = [round(float(score), 6) for score in prediction.scores]
        result: dict[str, Any] = {"query": example.query}
        if len(scores) == 1 and example.form is not Form.group:
            result |= {"candidate": example.candidates[0], "score": scores[0]}
        else:
            order = sorted(range(len(scores)), key=lambda at: -prediction.scores[at])
            result["candidates"] = [
                {**example.others[at], "text": example.candidates[at], "score": scores[at], "index": at} for at in order
            ]
        if example.gold is not None:
            result["gold_labels" if example.form is Form.group else "gold_label"] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
