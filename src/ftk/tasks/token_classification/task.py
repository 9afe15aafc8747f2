"""One tag a word: of spans (entities, chunks, slots), decoded into valid ones, or of each token by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Metric
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Noise
from ftk.data.examples.label_units import detect_label_units
from ftk.data.examples.sentences import Broken, Sentence, SentenceReader
from ftk.data.examples.spans import Misaligned, Overlapping
from ftk.data.examples.tags import Scheme, Units
from ftk.data.text.words import Words
from ftk.errors import ConfigError
from ftk.tasks.shared.class_weights import Weighing, balanced
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.token_classification.tagging import SpanTags, Tagging, TokenTags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features
    from ftk.data.text.word_windows import Window

_SPANS, _TOKENS = SpanTags(), TokenTags()


class Subwords(Enum):
    """Which sub-words of a word carry its label in training."""

    first = "first"
    all = "all"


@dataclass(kw_only=True)
class TokenClassification(Weighing, RowTask):
    """One tag a word. The fields are described in ``configs/task/token-classification.yaml``.

    What the tags are of, ``units``, decides how rows are read. So it is settled before any row is, from the rows of
    the training split alone: all splits are read the same way, whatever tags one of them happens to have.
    """

    roles: ClassVar[tuple[str, ...]] = ("text", "tokens", "tags", "spans")
    auto_model: ClassVar[str] = "AutoModelForTokenClassification"

    label_subwords: Subwords
    tag_scheme: Scheme
    broken_tags: Broken
    misaligned_spans: Misaligned
    overlapping_spans: Overlapping
    words: Words
    units: Units

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.units is Units.tokens and self.tag_scheme is not Scheme.auto:
            yield (
                f"task.tag_scheme={self.tag_scheme.value}: with task.units=tokens tags are taken as they are; a scheme "
                "marks spans, which are task.units=spans."
            )

    @property
    def tagging(self) -> Tagging:
        """What is different between tags of spans and tags of tokens."""
        return _TOKENS if self.units is Units.tokens else _SPANS

    @property
    def score(self) -> str:  # type: ignore[override]
        """The metric by which the best model is chosen."""
        return self.tagging.score

    @property
    def demo(self) -> str:  # type: ignore[override]
        """The folder of the demo corpus: of entities only where spans are asked for."""
        return (_SPANS if self.units is Units.spans else _TOKENS).demo

    def settle(self, rows: Sequence[Row], *, columns: dict[str, Any], notes: Notes) -> TokenClassification:
        if self.units is not Units.auto:
            return self
        return replace(self, units=detect_label_units(rows, self._reader(columns, True, notes), notes))

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[Sentence]:
        if self.units is Units.tokens and columns.get("spans") is not None:
            raise ConfigError(
                f"data.columns.spans={columns['spans']}: with task.units=tokens each token has a tag of its own "
                "(data.columns.tags); spans are task.units=spans."
            )
        return self._reader(columns, labelled, notes).read(rows)

    def _reader(self, columns: dict[str, Any], labelled: bool, notes: Notes) -> SentenceReader:
        return SentenceReader(
            columns=columns,
            labelled=labelled,
            units=self.units,
            words=self.words,
            scheme=self.tag_scheme,
            broken=self.broken_tags,
            misaligned=self.misaligned_spans,
            overlapping=self.overlapping_spans,
            notes=notes,
        )

    def key(self, example: Sentence) -> str:
        return example.text if len(example.starts) else ""

    def fit(self, examples: Sequence[Sentence]) -> TokenClassification:
        fitted = self
        if self.words is Words.auto:
            tokens = sum(example.tokens is not None for example in examples)
            fitted = replace(fitted, words=Words.coarse if 2 * tokens > len(examples) else Words.fine)
        if self.class_weights == "balanced":
            kind = self.tagging.kind
            weights = balanced(kind(tag) for example in examples for tag in example.tags or ())
            fitted = replace(fitted, class_weights=weights)
        return fitted

    def labels(self, examples: Sequence[Sentence]) -> Labels:
        labels = self.tagging.labels(examples)
        if self.class_weights != "balanced":
            self._weights(labels)  # a weight for a label that there is not is told before anything is loaded
        return labels

    def check_labels(
        self, examples: Sequence[Sentence], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        assert labels is not None
        self.tagging.check_names(labels)
        self.tagging.note_unknown(examples, labels, split, policy, notes)

    def _weights(self, labels: Labels) -> NDArray[np.float32] | None:
        """What each label counts in the loss, and, in the last place, one that the model does not know: nothing."""
        import numpy as np

        if self.class_weights == "balanced":
            raise ConfigError("task.class_weights=balanced: it is settled in training; leave it out here.")
        kinds = [self.tagging.kind(name) for name in labels.names]
        names = list(dict.fromkeys(kinds))
        weights = self.weight_of(names)
        if weights is None:
            return None
        each = dict(zip(names, weights, strict=True))
        return np.array([*(each[kind] for kind in kinds), 0.0], dtype=np.float32)

    def features(
        self, examples: Sequence[Sentence], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        import numpy as np

        from ftk.data.batching.features import Features, Ragged
        from ftk.data.text.word_windows import SubwordEncoder, note_windows

        encoder = SubwordEncoder(tokenizer, plan)
        encoded = encoder.encode(
            [example.text for example in examples], [(example.starts, example.ends) for example in examples]
        )
        continued, weights = (self._continued(labels), self._weights(labels)) if labels is not None else (None, None)
        rows: list[int] = []
        windows: list[Window] = []
        targets: list[NDArray[np.int32]] = []
        for number, (example, row) in enumerate(zip(examples, encoded, strict=True)):
            note_windows(row, example.row.where, plan, notes)
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
        return Features(columns, np.array(rows, dtype=np.int64))

    def _labelled(self, window: Window) -> Window:
        """The window with only those sub-words that carry a label."""
        if self.label_subwords is Subwords.all:
            return window
        from ftk.data.text.word_windows import Window
        from ftk.tasks.token_classification.decoding import first_of_words

        first = first_of_words(window.word)
        return Window(window.input_ids, window.position[first], window.word[first])

    def _continued(self, labels: Labels) -> NDArray[np.int32]:
        """For each label that of the further sub-words of its word, and, in the last place, none for none."""
        import numpy as np

        return np.array([*(labels.ids[self.tagging.continued(name)] for name in labels.names), -1], dtype=np.int32)

    def _targets(self, window: Window, tags: NDArray[np.int32], continued: NDArray[np.int32]) -> NDArray[np.int32]:
        import numpy as np

        from ftk.tasks.token_classification.decoding import first_of_words

        target = tags[window.word]
        if self.label_subwords is Subwords.first:
            return target
        return np.where(first_of_words(window.word), target, continued[target])

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``position``: [words] in windows * time;
        ``label``: [words], -1 for a label the model does not know; ``weight``: [words], where labels have some."""
        import numpy as np
        import torch

        from ftk.data.batching.features import padded_inputs

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], pad_id)
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
        from ftk.tasks.shared.losses import one_of_many

        label, weight = batch.targets["label"], batch.targets.get("weight")
        total = one_of_many(outputs, label, weight=weight, smoothing=self.label_smoothing, focal=self.focal)
        return Loss(total, batch.count)

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[words of the window, labels] log-probabilities at the first sub-word of each word."""
        from ftk.tasks.token_classification.decoding import first_of_words

        scores = outputs.log_softmax(-1).cpu().numpy()
        kept, begin = [], 0
        for window in batch.windows:
            word = features.columns["word"][window]
            kept.append(scores[begin : begin + len(word)][first_of_words(word)])
            begin += len(word)
        return kept

    def decode(
        self,
        examples: Sequence[Sentence],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> Sequence[Any]:
        """The tags of each row: a ``TagPrediction``, or a ``TokenPrediction``."""
        from ftk.tasks.token_classification.decoding import first_of_words

        assert labels is not None
        self.tagging.check_names(labels)
        rows = []
        for number, example in enumerate(examples, start=first_row):
            parts = []
            for window in features.windows_of(number, number + 1):
                word = features.columns["word"][window]
                parts.append((word[first_of_words(word)], outputs[window]))
            rows.append((len(example.starts), parts))
        return self.tagging.decode(rows, labels.names)

    def metric(self, labels: Labels | None) -> Metric:
        assert labels is not None
        return self.tagging.metric(labels)

    def record(self, example: Sentence, prediction: Any) -> dict[str, Any]:
        """``text`` with ``entities``, or with ``tags``; ``tokens`` with ``tags``, and ``entities`` or ``scores``.

        The offsets of entities in tokens count in the tokens joined by single spaces.
        """
        result, gold = self.tagging.result(example, prediction)
        if example.gold is not None:
            result[gold] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
