"""Named entities: one IOB2 tag a word, decoded into valid entities with offsets and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.data.rows import Notes, Row
from ftk.data.sentences import Broken, Sentence, SentenceReader
from ftk.data.spans import Misaligned, Overlapping
from ftk.data.tags import OUTSIDE, Scheme, entities, iob2_labels
from ftk.data.words import Words
from ftk.errors import DataError
from ftk.metrics.entities import EntityMetric
from ftk.tasks.base import Batch, Labels, Loss, Noise, RowTask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.data.features import Features
    from ftk.data.subwords import Window, WindowPlan
    from ftk.data.tag_predictions import TagPrediction


class Subwords(Enum):
    """Which sub-words of a word carry its label in training."""

    first = "first"
    all = "all"


class _TagMetric(EntityMetric):
    """Entity scores of sentences against their predictions."""

    def update(self, example: Sentence, prediction: TagPrediction) -> None:  # type: ignore[override]
        assert example.tags is not None
        super().update(example.tags, prediction.tags, prediction.raw)


@dataclass(kw_only=True)
class TokenClassification(RowTask):
    """Entities in IOB2. The fields are described in ``configs/task/ner.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("text", "tokens", "tags", "spans")
    demo: ClassVar[str | None] = "ner"
    auto_model: ClassVar[str] = "AutoModelForTokenClassification"
    score: ClassVar[str] = "f1"

    label_subwords: Subwords
    tag_scheme: Scheme
    broken_tags: Broken
    misaligned_spans: Misaligned
    overlapping_spans: Overlapping
    words: Words

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[Sentence]:
        return SentenceReader(
            columns=columns,
            labelled=labelled,
            words=self.words,
            scheme=self.tag_scheme,
            broken=self.broken_tags,
            misaligned=self.misaligned_spans,
            overlapping=self.overlapping_spans,
            notes=notes,
        ).read(rows)

    def key(self, example: Sentence) -> str:
        return example.text if len(example.starts) else ""

    def fit(self, examples: Sequence[Sentence]) -> TokenClassification:
        if self.words is not Words.auto:
            return self
        tokens = sum(example.tokens is not None for example in examples)
        return replace(self, words=Words.coarse if 2 * tokens > len(examples) else Words.fine)

    def labels(self, examples: Sequence[Sentence]) -> Labels:
        if not any(tag != OUTSIDE for example in examples for tag in example.tags or ()):
            raise DataError("data.train: no row has an entity; there is nothing to learn.")
        return Labels(
            tuple(iob2_labels(tag[2:] for example in examples for tag in example.tags or () if tag != OUTSIDE))
        )

    def check_labels(
        self, examples: Sequence[Sentence], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        assert labels is not None
        known = {name[2:] for name in labels.names if name != OUTSIDE}
        for example in examples:
            for kind, first, _ in entities(example.tags or ()):
                if kind in known:
                    continue
                where = f"{example.row.where_token(first)}"
                what = f"{kind} entity|entities in {split} that training has no example of"
                if policy is Unseen.error:
                    advice = f"The model knows {', '.join(sorted(known)) or 'no type'}."
                    notes.error(what, f"{advice} data.unseen_labels=count scores them as missed.", where)
                else:
                    notes.count(what, "counted as missed (data.unseen_labels=count)", where)

    def features(
        self, examples: Sequence[Sentence], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        import numpy as np

        from ftk.data.features import Features, Ragged
        from ftk.data.subwords import SubwordEncoder

        encoder = SubwordEncoder(tokenizer, plan)
        encoded = encoder.encode(
            [example.text for example in examples], [(example.starts, example.ends) for example in examples]
        )
        rows: list[int] = []
        windows: list[Window] = []
        targets: list[NDArray[np.int32]] = []
        for number, (example, row) in enumerate(zip(examples, encoded, strict=True)):
            _note_windows(row.windows, row.vanished, row.shortened, example, plan, notes)
            tags = None
            if labels is not None and example.tags is not None:
                tags = np.array([labels.ids.get(tag, -1) for tag in example.tags], dtype=np.int32)
            for window in row.windows:
                window = self._labelled(window)
                rows.append(number)
                windows.append(window)
                if tags is not None:
                    targets.append(self._targets(window, tags, labels))
        columns = {
            "input_ids": Ragged.of([window.input_ids for window in windows]),
            "position": Ragged.of([window.position for window in windows]),
            "word": Ragged.of([window.word for window in windows]),
        }
        if len(targets) == len(windows):
            columns["label"] = Ragged.of(targets)
        return Features(columns, np.array(rows, dtype=np.int64))

    def _labelled(self, window: Window) -> Window:
        """The window with only those sub-words that carry a label."""
        if self.label_subwords is Subwords.all:
            return window
        from ftk.data.subwords import Window
        from ftk.data.tag_predictions import first_of_words

        first = first_of_words(window.word)
        return Window(window.input_ids, window.position[first], window.word[first])

    def _targets(self, window: Window, tags: NDArray[np.int32], labels: Labels | None) -> NDArray[np.int32]:
        import numpy as np

        from ftk.data.tag_predictions import first_of_words

        assert labels is not None
        target = tags[window.word]
        if self.label_subwords is Subwords.first:
            return target
        # Only the first sub-word begins an entity: B-PER goes on as I-PER, which stands right after it.
        begins = np.array([name[0] == "B" for name in labels.names])
        continues = ~first_of_words(window.word)
        return np.where(continues & (target >= 0) & begins[target], target + 1, target).astype(np.int32)

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``position``: [words] in windows * time;
        ``label``: [words], -1 for a label the model does not know."""
        import numpy as np
        import torch

        from ftk.data.features import padded_inputs

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
        return Batch(inputs, targets, windows, count, tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[words, labels] logits at the labelled sub-words."""
        logits = model(**batch.inputs).logits
        return logits.flatten(0, 1).index_select(0, batch.targets["position"]).float()

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from torch.nn.functional import cross_entropy

        total = cross_entropy(outputs, batch.targets["label"], ignore_index=-1, reduction="sum")
        return Loss(total, batch.count)

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[words of the window, labels] log-probabilities at the first sub-word of each word."""
        from ftk.data.tag_predictions import first_of_words

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
    ) -> list[TagPrediction]:
        from ftk.data.tag_predictions import decode_rows, first_of_words

        assert labels is not None
        rows = []
        for number, example in enumerate(examples, start=first_row):
            parts = []
            for window in features.windows_of(number, number + 1):
                word = features.columns["word"][window]
                parts.append((word[first_of_words(word)], outputs[window]))
            rows.append((len(example.starts), parts))
        return decode_rows(rows, labels.names)

    def metric(self, labels: Labels | None) -> _TagMetric:
        assert labels is not None
        return _TagMetric(sorted({name[2:] for name in labels.names if name != OUTSIDE}))

    def record(self, example: Sentence, prediction: TagPrediction) -> dict[str, Any]:
        """``text`` and ``entities``; for tokens ``tokens``, ``tags`` and ``entities``, whose offsets then count in
        the tokens joined by single spaces."""
        from ftk.data.tag_predictions import entity_records

        found = entity_records(example.text, example.starts, example.ends, prediction)
        if example.tokens is None:
            result: dict[str, Any] = {"text": example.text, "entities": found}
            gold = "gold_entities"
        else:
            result = {"tokens": example.tokens, "tags": prediction.tags, "entities": found}
            gold = "gold_tags"
        if example.gold is not None:
            result[gold] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}


def _note_windows(
    windows: list[Window], vanished: int, shortened: int, example: Sentence, plan: WindowPlan, notes: Notes
) -> None:
    if len(windows) > 1:
        notes.count(f"row|rows longer than {plan.length} tokens", "read in overlapping windows and merged")
        notes.count("window|windows", "for the rows longer than one", number=len(windows))
    if vanished:
        notes.count(
            "word|words of which the tokenizer leaves nothing",
            "without a label of their own",
            example.row.where,
            number=vanished,
        )
    if shortened:
        notes.count(
            f"word|words longer than a window of {plan.length} tokens",
            "read up to where the window ends",
            example.row.where,
            number=shortened,
        )
