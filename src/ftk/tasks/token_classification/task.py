"""One tag per word: of spans (entities, chunks, slots), decoded into valid ones, or of each token by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.protocols import Metric
from ftk.contracts.row import Row
from ftk.contracts.spec import TaskSpec
from ftk.contracts.values import Batch, Labels, Loss, UnseenLabel
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.label_units import detect_label_units
from ftk.data.examples.sentences import Broken, Sentence, SentenceReader
from ftk.data.examples.spans import Misaligned, Overlapping
from ftk.data.examples.tags import Scheme, Units
from ftk.data.text.word_windows import SubwordEncoder, Window, note_windows
from ftk.data.text.words import Words
from ftk.errors import ConfigError
from ftk.tasks.shared.class_weights import ClassWeights, balanced
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.token_classification.decoding import first_of_words
from ftk.tasks.token_classification.tagging import SpanTags, Tagging, TokenTags

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_SPANS, _TOKENS = SpanTags(), TokenTags()


class Subwords(Enum):
    """Which sub-words of a word carry its label in training."""

    first = "first"
    all = "all"


@dataclass(kw_only=True)
class TokenClassification(RowTask):
    """One tag per word. The fields are described in ``configs/task/token-classification.yaml``.

    ``units`` decides how rows are read. So it is set before any row is read, from the rows of the training split alone:
    all splits are read the same way, whatever tags one of them happens to have.
    """

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

    @property
    def spec(self) -> TaskSpec:
        """The score depends on ``units``. The demo corpus has entities only if spans are asked for."""
        return TaskSpec(
            columns=("text", "tokens", "tags", "spans"),
            score=self._tagging.score,
            demo=(_SPANS if self.units is Units.spans else _TOKENS).demo,
            auto_model="AutoModelForTokenClassification",
        )

    @property
    def _tagging(self) -> Tagging:
        return _TOKENS if self.units is Units.tokens else _SPANS

    @property
    def _weights(self) -> ClassWeights:
        return ClassWeights(self.class_weights, self.focal, self.label_smoothing)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        if labels is not None:
            self._tagging.check_names(labels)
        yield from self._weights.validate(self._kinds(labels) if labels is not None else None)
        if self.units is Units.tokens and self.tag_scheme is not Scheme.auto:
            yield (
                f"task.tag_scheme={self.tag_scheme.value}: with task.units=tokens tags are taken as they are; a scheme "
                "marks spans, which are task.units=spans."
            )

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> TokenClassification:
        if self.units is not Units.auto:
            return self
        return replace(self, units=detect_label_units(rows, self._reader(reading), reading.notes))

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
        )

    def learn(self, examples: Sequence[Sentence]) -> TokenClassification:
        learned = self
        if self.words is Words.auto:
            tokens = sum(example.tokens is not None for example in examples)
            learned = replace(learned, words=Words.coarse if 2 * tokens > len(examples) else Words.fine)
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

    def _kinds(self, labels: Labels) -> list[str]:
        """The classes that weights are given for, each once."""
        return list(dict.fromkeys(self._tagging.kind(name) for name in labels.names))

    def _weight_of_labels(self, labels: Labels) -> NDArray[np.float32] | None:
        """[labels + 1] how much each label counts in the loss. The last one is for unknown labels, and is 0."""
        kinds = self._kinds(labels)
        weights = self._weights.of(kinds)
        if weights is None:
            return None
        each = dict(zip(kinds, weights, strict=True))
        return np.array([*(each[self._tagging.kind(name)] for name in labels.names), 0.0], dtype=np.float32)

    def features(self, examples: Sequence[Sentence], encoding: Encoding) -> Features:
        labels = encoding.labels
        encoder = SubwordEncoder(encoding.processor, encoding.windows)
        encoded = encoder.encode(
            [example.text for example in examples], [(example.starts, example.ends) for example in examples]
        )
        continued = self._continued(labels) if labels is not None else None
        weights = self._weight_of_labels(labels) if labels is not None else None
        rows: list[int] = []
        windows: list[Window] = []
        targets: list[NDArray[np.int32]] = []
        for number, (example, row) in enumerate(zip(examples, encoded, strict=True)):
            note_windows(row, example.row.where, encoding.windows, encoding.notes)
            tags = None
            if labels is not None and example.tags is not None:
                tags = np.array([labels.ids.get(tag, -1) for tag in example.tags], dtype=np.int32)
            for window in row.windows:
                window = self._labelled(window)
                rows.append(number)
                windows.append(window)
                if tags is not None and continued is not None:
                    targets.append(self._targets(window, tags, continued))
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

    def _labelled(self, window: Window) -> Window:
        """The window with only those sub-words that carry a label."""
        if self.label_subwords is Subwords.all:
            return window
        first = first_of_words(window.word)
        return Window(window.input_ids, window.position[first], window.word[first])

    def _continued(self, labels: Labels) -> NDArray[np.int32]:
        """[labels + 1] For each label, the label of the further sub-words of its word. The last one is for unknown
        labels, and is unknown."""
        return np.array([*(labels.ids[self._tagging.continued(name)] for name in labels.names), -1], dtype=np.int32)

    def _targets(self, window: Window, tags: NDArray[np.int32], continued: NDArray[np.int32]) -> NDArray[np.int32]:
        target = tags[window.word]
        if self.label_subwords is Subwords.first:
            return target
        return np.where(first_of_words(window.word), target, continued[target])

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``position``: [words] in windows * time;
        ``label``: [words], -1 for a label the model does not know; ``weight``: [words], if labels have some."""
        import torch

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        time = inputs["input_ids"].shape[1]
        position = np.concatenate(
            [features.columns["position"][window].astype(np.int64) + row * time for row, window in enumerate(windows)]
        )
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
        """[words, labels] logits at the labelled sub-words."""
        logits = model(**batch.inputs).logits
        return logits.flatten(0, 1).index_select(0, batch.targets["position"]).float()

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        total = self._weights.cross_entropy(outputs, batch.targets["label"], batch.targets.get("weight"))
        return Loss(total, batch.count)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[words of the window, labels] log-probabilities at the first sub-word of each word."""
        scores = outputs.log_softmax(-1).cpu().numpy()
        kept, begin = [], 0
        for window in batch.windows:
            word = features.columns["word"][window]
            kept.append(scores[begin : begin + len(word)][first_of_words(word)])
            begin += len(word)
        return kept

    def decode(self, examples: Sequence[Sentence], outputs: RowOutputs, labels: Labels | None) -> Sequence[Any]:
        """The tags of each row: a ``TagPrediction``, or a ``TokenPrediction``."""
        assert labels is not None
        self._tagging.check_names(labels)
        words = outputs.features.columns["word"]
        rows = []
        for row, example in enumerate(examples):
            parts = [
                (words[window][first_of_words(words[window])], outputs.by_window[window])
                for window in outputs.windows(row)
            ]
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
        return with_columns(example.columns, result)
