"""The relation between two marked entities of a sentence: one label, which may have a direction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.config.schema import DataConfig
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.row import Row
from ftk.contracts.spec import STATISTIC, TaskSpec
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.entities.marks import is_mark, is_name, names_of
from ftk.data.examples.entities.texts import Repeated
from ftk.data.examples.relations import RelationExample, RelationReader
from ftk.data.rows.label_names import read_names
from ftk.data.text.text_windows import TextEncoder
from ftk.errors import DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.relation.entity_windows import EntityEncoder, Signed, signed
from ftk.tasks.relation.explained import RelationExplains
from ftk.tasks.relation.metric import RelationMetric
from ftk.tasks.relation.statistics import relation_statistics
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.confidence import CLASSES
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_losses import of_label
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.single_label import SingleLabel, settle_priors
from ftk.tasks.shared.text_input import logits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class Head(Enum):
    """The part of the text that the label is read from."""

    entity_start = "entity_start"
    r_bert = "r_bert"


_AUTO_MODELS = {Head.entity_start: "AutoModelForEntityStart", Head.r_bert: "AutoModelForEntitySpans"}
_LABEL_COLUMNS = ("label", "relation", "labels", "class", "target")


@dataclass(kw_only=True)
class Relation(RowTask):
    """One label for two entities. The fields are described in ``configs/task/relation.yaml``."""

    class_weights: Any
    focal: float
    label_smoothing: float
    label_names: Any
    sampling: Sampling
    head: Head
    head_mark: str
    tail_mark: str
    head_sign: str
    tail_sign: str
    no_relation: str | None
    repeated_entities: Repeated = Repeated.error
    logit_adjustment: float = 0.0
    priors: Any = field(default=None, metadata=STATISTIC)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)

    @property
    def spec(self) -> TaskSpec:
        return TaskSpec(
            columns=("text", "tokens", "head", "tail", "label", "weight"),
            prefixes=("text",),
            answers=label_answers,
            score="f1_semeval",
            statistics=relation_statistics,
            demo="relation",
            auto_model=_AUTO_MODELS[self.head],
            row_losses=of_label,
            settle=settle_priors if self.logit_adjustment else None,
            explains=lambda task: RelationExplains(task._signed, task._signs),
            confidence=CLASSES,
        )

    @property
    def _label(self) -> SingleLabel:
        weights = ClassWeights(self.class_weights, self.focal, self.label_smoothing)
        return SingleLabel(weights, self.label_names, self.sampling, self.logit_adjustment, self.priors)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._label.validate(labels)
        for name in ("head_mark", "tail_mark"):
            if not is_mark(getattr(self, name)):
                yield (
                    f"task.{name}={getattr(self, name)}: it must be a name without spaces, <, > and /, as e1 for "
                    "<e1>…</e1>; or what is before and behind an entity, with dots between: [E1]...[/E1]."
                )
        for name in ("head_sign", "tail_sign"):
            if not re.fullmatch(r"\S+", getattr(self, name)):
                yield f"task.{name}={getattr(self, name)}: it must be a sign such as @, without white space."
        for kind in ("mark", "sign"):
            tail = getattr(self, f"tail_{kind}")
            if getattr(self, f"head_{kind}") == tail and (kind == "sign" or is_name(tail)):
                yield f"task.tail_{kind}={tail}: that of the head is the same; they must differ."

    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        corpus = super().open_corpus(data, notes, labels=labels, test_only=test_only)
        known = corpus.labels.ids if corpus.labels is not None else {}
        if self.no_relation is not None and self.no_relation not in known:
            notes.add(kinds.NO_SUCH_RELATION, label=self.no_relation)
        return corpus

    def read(self, rows: Iterable[Row], reading: Reading) -> list[RelationExample]:
        if isinstance(reading.columns.get("label"), (list, tuple)):
            raise DataError("data.columns.label: two entities have one label here, in one column.")
        examples = RelationReader(
            columns=reading.columns,
            labelled=reading.labelled,
            marks=(self.head_mark, self.tail_mark),
            target=self._label.target,
            labels=_LABEL_COLUMNS,
            notes=reading.notes,
            unlabelled=reading.unlabelled,
            offsets=reading.offsets,
            seen=reading.seen,
            repeated=self.repeated_entities,
        ).read(rows)
        for example in examples:
            example.key = self._signed(example).text  # a vocabulary must have the signs, too
        return examples

    def _signed(self, example: RelationExample) -> Signed:
        if example.empty:  # the model has to read something; its answer is not written
            return signed("- -", (0, 1), (2, 3), self._signs)
        return signed(example.text, example.head, example.tail, self._signs)

    @property
    def _signs(self) -> tuple[str, str]:
        return self.head_sign, self.tail_sign

    def learn(self, examples: Sequence[RelationExample]) -> Relation:
        return replace(self, **self._label.learned(examples))

    def labels(self, examples: Sequence[RelationExample]) -> Labels:
        return self._label.labels(examples)

    def unseen(self, examples: Sequence[RelationExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        return self._label.unseen(examples, labels, split)

    def features(self, examples: Sequence[RelationExample], encoding: Encoding) -> Features:
        """One window per row; ``head`` and ``tail`` are positions in it: of the opening sign, of the first token of
        the entity, and one past its last token."""
        texts = TextEncoder(encoding.processor, encoding.windows, pairs=False, notes=encoding.notes)
        encoder = EntityEncoder(texts, self._signs, encoding.notes)
        windows = encoder.windows([self._signed(example) for example in examples], [each.row for each in examples])
        columns = {
            "input_ids": Ragged.of([window.input_ids for window in windows]),
            "head": Ragged.of([np.array(window.head, dtype=np.int32) for window in windows]),
            "tail": Ragged.of([np.array(window.tail, dtype=np.int32) for window in windows]),
        }
        if all(example.target is not None for example in examples):
            columns.update(self._label.columns(examples, encoding.labels))
        row = np.arange(len(examples), dtype=np.int64)
        return Features(columns, row, encoding.pad_id, self._label.sampling_weights(examples))

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``head_start`` and ``tail_start``, [windows], or
        ``head_span`` and ``tail_span``, [windows, 2]; the targets: [windows]."""
        import torch

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        for role in ("head", "tail"):
            places = torch.from_numpy(np.stack([features.columns[role][window] for window in windows]).astype(np.int64))
            if self.head is Head.entity_start:
                inputs[f"{role}_start"] = places[:, 0]
            else:
                inputs[f"{role}_span"] = places[:, 1:]
        targets = self._label.tensors(features, windows)
        return Batch(inputs, targets, windows, count=self._label.count(targets, windows), tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        return self._label.loss(outputs, batch)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return self._label.to_numpy(outputs)

    def decode(self, examples: Sequence[RelationExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row."""
        rows = [scores for row in range(len(examples)) for scores in outputs.of(row)]
        return self._label.predictions(np.stack(rows), labels)

    def metric(self, labels: Labels | None) -> RelationMetric:
        marks = names_of((self.head_mark, self.tail_mark))
        known = labels.names if labels is not None else ()
        return RelationMetric(marks=marks, no_relation=self.no_relation, known=known)

    def record(self, example: RelationExample, prediction: Scores) -> dict[str, Any]:
        """``text`` without marks, ``head`` and ``tail`` in it, ``label``, ``score``, ``scores`` by label;
        ``gold_label`` if the row has one. In the record of an empty row all but the text is null."""
        entities = {
            role: {"text": example.text[start:end], "start": start, "end": end}
            for role, (start, end) in (("head", example.head), ("tail", example.tail))
        }
        result = {"text": example.text, **entities, **self._label.result(prediction)}
        if example.empty:
            result = dict.fromkeys(result) | {"text": ""}
        if example.gold is not None:
            result["gold_label"] = example.gold
        return with_columns(example.columns, result)
