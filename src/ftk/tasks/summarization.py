"""Summaries of texts, written by an encoder-decoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ftk.config.schema import DataConfig
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.row import Row
from ftk.contracts.spec import Scoring, TaskSpec
from ftk.contracts.values import Batch, Labels, Loss
from ftk.data.examples.sequences import GeneratedText, SequenceExample
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.generation.decoding import (
    Generating,
    Seq2SeqOutput,
    generated_texts,
    scoring_mistakes,
    sequence_loss,
    sequence_spec,
    smoothing_mistakes,
)
from ftk.tasks.generation.features import SequenceFeatures
from ftk.tasks.generation.metrics import ROUGE_WORDS, RougeMetric, require, rouge_words
from ftk.tasks.generation.of_model import AUTO
from ftk.tasks.generation.sequence_input import (
    LongSources,
    LongTargets,
    SequenceInput,
    references_of,
    sequence_batch,
    sequence_record,
)
from ftk.tasks.generation.statistics import rouge_statistics
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(kw_only=True)
class Summarization(RowTask):
    """Summaries. The fields are described in ``configs/task/summarization.yaml``."""

    source_prefix: str
    long_sources: LongSources
    max_target_length: int
    long_targets: LongTargets
    label_smoothing: float
    generate_every: int | None
    generate_rows: int | None
    num_beams: int | None
    max_new_tokens: int | None
    length_penalty: float | None
    no_repeat_ngram_size: int | None
    do_sample: bool
    rouge_words: str
    rouge_stemmer: bool

    @property
    def spec(self) -> TaskSpec:
        return sequence_spec(score="rougeL", kind="summarization", scoring=self._scoring, statistics=rouge_statistics)

    @property
    def _scoring(self) -> Scoring:
        return Scoring(self.generate_every, self.generate_rows)

    @property
    def _input(self) -> SequenceInput:
        return SequenceInput(self._prefix, self.long_sources, self.max_target_length, self.long_targets)

    @property
    def _generating(self) -> Generating:
        return Generating(
            "summarization",
            self._prefix,
            self.num_beams,
            self.max_new_tokens,
            self.length_penalty,
            self.no_repeat_ngram_size,
            self.do_sample,
        )

    @property
    def _prefix(self) -> str:
        return "" if self.source_prefix == AUTO else self.source_prefix

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from smoothing_mistakes(self.label_smoothing)
        yield from self._input.validate()
        yield from scoring_mistakes(self._scoring)
        yield from self._generating.validate()
        if self.rouge_words not in ("auto", *ROUGE_WORDS):
            yield f"task.rouge_words={self.rouge_words}: it must be auto, {', '.join(ROUGE_WORDS)}."

    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        require("rouge_score", for_what="ROUGE", install="rouge-score")
        return super().open_corpus(data, notes, labels=labels, test_only=test_only)

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> Summarization:
        if self.rouge_words != "auto":
            return self
        words = rouge_words(references_of(rows, reading))
        if words != ROUGE_WORDS[0]:
            reading.notes.add(kinds.SCORED_BY_SCRIPT, score="ROUGE", field="rouge_words", value=words)
        return replace(self, rouge_words=words)

    def read(self, rows: Iterable[Row], reading: Reading) -> list[SequenceExample]:
        return self._input.read(rows, reading)

    def labels(self, examples: Sequence[SequenceExample]) -> None:
        return None

    def features(self, examples: Sequence[SequenceExample], encoding: Encoding) -> SequenceFeatures:
        return self._input.features(examples, encoding)

    def prepare_model(self, model: Any, features: SequenceFeatures, *, new_head: bool) -> None:
        self._generating.write_model_config(model)

    def check_model(self, model: Any, features: SequenceFeatures) -> None:
        self._generating.check_model(model, features)

    def collate(self, features: SequenceFeatures, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``sequence_batch``."""
        return sequence_batch(features, windows)

    def forward(self, model: Any, batch: Batch) -> Seq2SeqOutput:
        return self._generating.forward(model, batch)

    def loss(self, outputs: Seq2SeqOutput, batch: Batch) -> Loss:
        return sequence_loss(outputs, batch, smoothing=self.label_smoothing)

    def to_numpy(self, outputs: Seq2SeqOutput, features: SequenceFeatures, batch: Batch) -> list[NDArray[Any]]:
        """[1 + length] for each window: 1 if its text is as long as it may be, else 0; then the tokens of the text."""
        return list(outputs.generated())

    def decode(
        self, examples: Sequence[SequenceExample], outputs: RowOutputs, labels: Labels | None
    ) -> list[GeneratedText]:
        return generated_texts(examples, outputs)

    def metric(self, labels: Labels | None) -> RougeMetric:
        return RougeMetric(words=self.rouge_words, stemmer=self.rouge_stemmer)

    def record(self, example: SequenceExample, prediction: GeneratedText) -> dict[str, Any]:
        return sequence_record(example, prediction)
