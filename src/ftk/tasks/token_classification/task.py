"""One tag per word: of spans (entities, chunks, slots), decoded into valid ones, or of each token by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.protocols import Metric
from ftk.contracts.row import Row
from ftk.contracts.spec import OF_OTHERS, STATISTIC, Probe, TaskSpec
from ftk.contracts.values import Batch, Labels, Loss, UnseenLabel
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.glued_spans import spans_need_characters
from ftk.data.examples.label_units import detect_label_units
from ftk.data.examples.sentences import Broken, Sentence, SentenceReader
from ftk.data.examples.spans.placing import Misaligned, Overlapping
from ftk.data.examples.tags import Scheme, Units
from ftk.data.rows.documents import document_of
from ftk.data.rows.label_names import names_faults, read_names
from ftk.data.text.word_windows import SubwordEncoder, Window, note_windows
from ftk.data.text.words import Words
from ftk.errors import ConfigError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.shared.adopted_labels import label_map_faults
from ftk.tasks.shared.class_weights import ClassWeights, balanced
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_losses import of_words
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.token_classification.adopted_tags import ModelTags, adopt_tags
from ftk.tasks.token_classification.answers import token_answers
from ftk.tasks.token_classification.explained import TagExplains
from ftk.tasks.token_classification.label_weights import kinds_of, weight_of_labels
from ftk.tasks.token_classification.spacing import Spacing
from ftk.tasks.token_classification.statistics import span_and_tag_statistics
from ftk.tasks.token_classification.subwords import (
    EncodedText,
    Subwords,
    Targets,
    first_of_words,
    heads_in,
    joint_scores,
    shares_subword,
    with_inner_words,
    with_labels,
)
from ftk.tasks.token_classification.tagging import SpanTags, Tagging, TokenTags

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(kw_only=True)
class TokenClassification(RowTask):
    """One tag per word. ``units`` is set from the training split, before any row is read: all are read alike."""

    class_weights: Any
    focal: float
    label_smoothing: float
    label_subwords: Subwords
    tag_scheme: Scheme
    broken_tags: Broken
    misaligned_spans: Misaligned
    overlapping_spans: Overlapping
    words: Words
    units: Units
    shared_subwords: Any = field(default=None, metadata=STATISTIC)
    spacing: Any = field(default=None, metadata=STATISTIC)
    """Marks that are tokens in the training rows, where a text writes them beside words; and tokens with such marks."""
    label_names: Any = None
    """Names of tags that rows give as numbers; null in models of earlier versions."""
    label_map: Any = field(default=None, metadata=OF_OTHERS)
    model_tags: Any = field(default=None, metadata=STATISTIC)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)

    @property
    def spec(self) -> TaskSpec:
        """The score depends on ``units``. The demo corpus has entities only if spans are asked for."""
        return TaskSpec(
            adopt=adopt_tags,
            columns=("text", "tokens", "tags", "spans", "sentence"),
            answers=token_answers,
            score=self._tagging.score,
            statistics=span_and_tag_statistics,
            demo=(SpanTags if self.units is Units.spans else TokenTags).demo,
            auto_model="AutoModelForTokenClassification",
            labels_each_token=True,
            finds_spans=True,
            row_losses=of_words,
            probe=Probe.tokens,
            explains=TagExplains.of,
            confidence=self._tagging.confidence,
        )

    @property
    def _tagging(self) -> Tagging:
        return TokenTags() if self.units is Units.tokens else SpanTags()

    @property
    def _weights(self) -> ClassWeights:
        return ClassWeights(self.class_weights, self.focal, self.label_smoothing)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        if labels is not None:
            self._tagging.check_names(labels)
        yield from self._weights.validate(kinds_of(labels, self._tagging) if labels is not None else None)
        if labels is None:
            yield from names_faults(self.label_names)
        yield from label_map_faults(self.label_map)
        if self.units is Units.tokens and self.tag_scheme is not Scheme.auto:
            yield (
                f"task.tag_scheme={self.tag_scheme.value}: with task.units=tokens tags are taken as they are; a scheme "
                "marks spans, which are task.units=spans."
            )

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> TokenClassification:
        task = replace(self, shared_subwords=True)
        if task.units is Units.auto:
            task = replace(task, units=detect_label_units(rows, task._reader(reading), reading.notes))
        chosen = task.units is not Units.spans or task.words is not Words.auto
        if chosen or not spans_need_characters(rows, task._reader(reading), reading.notes):
            return task
        return replace(task, words=Words.characters)

    def read(self, rows: Iterable[Row], reading: Reading) -> list[Sentence]:
        if self.units is Units.tokens and reading.columns.get("spans") is not None:
            raise ConfigError(
                f"data.columns.spans={reading.columns['spans']}: with task.units=tokens each token has its own tag "
                "(data.columns.tags); spans are task.units=spans."
            )
        return self._reader(reading).read(rows)

    def _reader(self, reading: Reading) -> SentenceReader:
        return SentenceReader(
            columns=reading.columns,
            labelled=reading.labelled,
            units=self.units,
            words=self.words,
            scheme=self.tag_scheme,
            broken=self.broken_tags,
            misaligned=self.misaligned_spans,
            overlapping=self.overlapping_spans,
            notes=reading.notes,
            label_names=self.label_names,
            offsets=reading.offsets,
            seen=reading.seen,
        )

    def learn(self, examples: Sequence[Sentence]) -> TokenClassification:
        learned = self
        if self.words is Words.auto:
            tokens = sum(example.tokens is not None for example in examples)
            learned = replace(learned, words=Words.coarse if 2 * tokens > len(examples) else Words.fine)
        if learned.words is Words.coarse:
            found = Spacing.of(examples)
            learned = replace(learned, spacing=[sorted(found.apart), sorted(found.whole)])
        if self._weights.is_balanced:
            kind = self._tagging.kind
            weights = balanced(kind(tag) for example in examples for tag in example.tags or ())
            learned = replace(learned, class_weights=weights)
        return learned

    def labels(self, examples: Sequence[Sentence]) -> Labels:
        return self._tagging.labels(examples)

    def unseen(self, examples: Sequence[Sentence], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        assert labels is not None
        self._tagging.check_names(labels)
        return self._tagging.unseen(examples, labels, split)

    def features(self, examples: Sequence[Sentence], encoding: Encoding) -> Features:
        labels = encoding.labels
        encoder = SubwordEncoder(encoding.processor, encoding.windows, notes=encoding.notes)
        if self.shared_subwords:
            spacing = Spacing.of_field(self.spacing)
            texts = [EncodedText.of(example, self.words, spacing) for example in examples]
        else:
            texts = [EncodedText(example.text, example.starts, example.ends) for example in examples]
        encoded = encoder.encode(
            [text.text for text in texts],
            [(text.starts, text.ends) for text in texts],
            shared=bool(self.shared_subwords),
            cuts=[text.cuts for text in texts],
        )
        weights = weight_of_labels(self._weights, labels, self._tagging) if labels is not None else None
        learned = Targets.of(labels, self._tagging) if labels is not None else None
        rows: list[int] = []
        windows: list[Window] = []
        targets: list[NDArray[np.int32]] = []
        for number, (example, text, row) in enumerate(zip(examples, texts, encoded, strict=True)):
            note_windows(row, example.row.where, encoding.windows, encoding.notes)
            labelled = text.labelled(row)
            shown = [with_labels(window, labelled, text.heads, self.label_subwords) for window in row.windows]
            rows += [number] * len(shown)
            windows += shown
            if learned is None or example.tags is None:
                continue
            tags = learned.of_words(example.tags)
            plain = self.label_subwords is Subwords.first and not row.shared and labelled is None
            targets += [tags[window.word] if plain else learned.of_window(window, tags) for window in shown]
            if row.shared and (parted := sum(learned.parted(window, example.tags) for window in shown)):
                encoding.notes.add(kinds.PARTED_SUBWORD, example.row.where, number=parted)
        columns = {
            "input_ids": Ragged.of([window.input_ids for window in windows]),
            "position": Ragged.of([window.position for window in windows]),
            "word": Ragged.of([window.word for window in windows]),
        }
        if len(targets) == len(windows):
            columns["label"] = Ragged.of(targets)
            if weights is not None:
                columns["weight"] = Ragged.of([weights[target] for target in targets], np.float32)
        return Features(columns, np.array(rows, dtype=np.int64), encoding.pad_id)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``position``: [words] in windows * time;
        ``label``: [words], -1 for a label the model does not know; ``weight``: [words], if labels have some."""
        import torch

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        time, found = inputs["input_ids"].shape[1], features.columns["position"]
        position = np.concatenate([found[window].astype(np.int64) + row * time for row, window in enumerate(windows)])
        targets = {"position": torch.from_numpy(position)}
        count = len(position)
        if "label" in features.columns:
            label = np.concatenate([features.columns["label"][window] for window in windows]).astype(np.int64)
            targets["label"] = torch.from_numpy(label)
            count = int(np.count_nonzero(label >= 0))
        if "weight" in features.columns:
            weight = np.concatenate([features.columns["weight"][window] for window in windows])
            targets["weight"] = torch.from_numpy(weight)
        return Batch(inputs, targets, windows, count, tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[words, labels] logits at the labelled sub-words; of a model of another tool log-probabilities."""
        logits = model(**batch.inputs).logits.flatten(0, 1).index_select(0, batch.targets["position"]).float()
        return logits if self.model_tags is None else ModelTags.of(tuple(self.model_tags)).scores(logits)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        if self.model_tags is not None:
            return ModelTags.loss(outputs, batch)
        total = self._weights.cross_entropy(outputs, batch.targets["label"], batch.targets.get("weight"))
        return Loss(total, batch.count)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[sub-words of the window, labels] log-probabilities at the sub-words that decide about words."""
        scores = (outputs if self.model_tags else outputs.log_softmax(-1)).cpu().numpy()
        scores = ModelTags.of(tuple(self.model_tags)).decoded(scores) if self.model_tags else scores
        kept, begin = [], 0
        for window in batch.windows:
            word = features.columns["word"][window]
            own = scores[begin : begin + len(word)]
            kept.append(own[first_of_words(word)] if self.label_subwords is Subwords.all else own)
            begin += len(word)
        return kept

    def decode(self, examples: Sequence[Sentence], outputs: RowOutputs, labels: Labels | None) -> Sequence[Any]:
        """The tags of each row: a ``TagPrediction``, or a ``TokenPrediction``."""
        assert labels is not None
        self._tagging.check_names(labels)
        words, positions = outputs.features.columns["word"], outputs.features.columns["position"]
        further = np.array([labels.ids[self._tagging.continued(name)] for name in labels.names])
        spacing = Spacing.of_field(self.spacing) if self.label_subwords is Subwords.first else None
        rows = []
        for row, example in enumerate(examples):
            parts = []
            heads = heads_in(example, spacing)
            for window in outputs.windows(row):
                first, scores = first_of_words(words[window]), outputs.by_window[window]
                if self.label_subwords is Subwords.first and not first.all():
                    scores = joint_scores(scores, first, further)
                word = words[window][first]
                shares = shares_subword(positions[window][first], word)
                if shares.any():
                    scores = self._tagging.shared(scores, shares, labels.names)
                parts.append((word, scores) if heads is None else with_inner_words(word, scores, heads, further))
            rows.append((len(example.starts), parts))
        return self._tagging.decode(rows, labels.names)

    def metric(self, labels: Labels | None) -> Metric:
        assert labels is not None
        return self._tagging.metric(labels)

    def record(self, example: Sentence, prediction: Any) -> dict[str, Any]:
        """``text`` with ``entities``, or with ``tags``; ``tokens`` with ``tags``, and ``entities`` or ``scores``; the
        same of the gold standard.

        For rows of tokens, offsets of entities count in the tokens joined by single spaces.
        """
        result = {**self._tagging.result(example, prediction), **self._tagging.gold(example, self.tag_scheme)}
        if example.tags is not None and example.row.document is not None:  # marked by a line of its own in the file
            result = {"document": document_of(example.row), **result}
        return with_columns(example.columns, result)
