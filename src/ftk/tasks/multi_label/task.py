"""Any number of labels for a text, or for two texts, each with its own threshold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.config.spelling.writing import as_word, pasted
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import LOCAL_FILE, OF_OTHERS, STATISTIC, Probe, TaskSpec
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.batching.features import Features
from ftk.data.examples.texts import TextExample
from ftk.data.rows.label_names import names_faults, read_names
from ftk.tasks.multi_label.answers import label_set_answers
from ftk.tasks.multi_label.confidence import LabelConfidence
from ftk.tasks.multi_label.label_cells import LABEL_COLUMNS, holds_vectors
from ftk.tasks.multi_label.label_set import LabelSet, refuse_truth_values, set_prior_odds
from ftk.tasks.multi_label.metric import LabelSetMetric
from ftk.tasks.multi_label.statistics import label_set_statistics
from ftk.tasks.multi_label.thresholds import USUAL, best_thresholds
from ftk.tasks.shared.adopted_labels import adopted_labels, label_map_faults, refuse_other_problem
from ftk.tasks.shared.class_weights import ClassWeights
from ftk.tasks.shared.explained_texts import Outputs, TextExplains
from ftk.tasks.shared.label_columns import refuse_columns
from ftk.tasks.shared.label_texts import label_examples, label_texts_faults, read_label_texts
from ftk.tasks.shared.row_losses import of_labels
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.text_input import AUTO_MODEL, COLUMNS, ROLES, Pooling, TextInput, logits_of, text_record

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def _adopt(asked: MultiLabel, head: SavedHead, notes: Notes) -> tuple[MultiLabel, Labels]:
    """The task itself, and the labels by the names of ``label_map``."""
    refuse_other_problem(head, "multi_label_classification", "task=multi-label")
    return asked, adopted_labels(head, asked.label_map, asked.label_names, notes)


def _explains(task: MultiLabel) -> TextExplains:
    return TextExplains(task.pooling, Outputs.labels)


def _label_examples(task: MultiLabel, labels: Labels, notes: Notes) -> list[TextExample]:
    examples = label_examples(task.label_texts, labels.names, bool(task.pairs), notes)
    return [replace(example, target=(example.target,)) for example in examples]


@dataclass(kw_only=True)
class MultiLabel(RowTask):
    """Any number of labels. The fields are described in ``configs/task/multi-label.yaml``."""

    pooling: Pooling
    pairs: Any
    class_weights: Any
    focal: float
    label_smoothing: float
    label_names: Any
    separator: str
    threshold: Any
    thresholds: Any
    # The default is for models of a release without this field.
    untuned: Any = field(default=None, metadata=STATISTIC)
    label_map: Any = field(default=None, metadata=OF_OTHERS)
    label_texts: Any = field(default=None, metadata=LOCAL_FILE)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)
        self.label_texts = read_label_texts(self.label_texts)
        self._cuts: tuple[tuple[str, ...], NDArray[np.float64]] = ((), np.zeros(0))
        """The labels of the last prediction, and the threshold of each."""

    @property
    def spec(self) -> TaskSpec:
        tuned = self.threshold == "tuned"
        default = "a label is predicted if its probability is at least 0.5 (task.threshold=… sets another threshold)"
        return TaskSpec(
            adopt=_adopt,
            columns=COLUMNS,
            prefixes=ROLES,
            answers=label_set_answers,
            score="f1_micro",
            statistics=label_set_statistics,
            demo="multi-label",
            auto_model=AUTO_MODEL,
            problem_type="multi_label_classification",
            row_losses=of_labels,
            tunable_fields=("thresholds", "untuned") if tuned else (),
            untuned_default=default if tuned and self.thresholds is None else None,
            explains=_explains,
            probe=Probe.labels,
            label_examples=_label_examples,
            confidence=LabelConfidence(self._threshold_of),
        )

    @property
    def _texts(self) -> TextInput:
        return TextInput(self.pooling, self.pairs, LABEL_COLUMNS)

    @property
    def _labels(self) -> LabelSet:
        weights = ClassWeights(self.class_weights, self.focal, self.label_smoothing)
        return LabelSet(weights, self.label_names, self.separator)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._texts.validate()
        yield from self._labels.weights.validate(labels.names if labels is not None else None)
        if labels is None:
            yield from names_faults(self.label_names)
        if not self.separator:
            yield 'task.separator=: it must be the sign between the labels of one cell, such as ";".'
        yield from self._wrong_thresholds(labels)
        yield from label_map_faults(self.label_map)
        yield from label_texts_faults(self.label_texts, labels, self.pairs)

    def _wrong_thresholds(self, labels: Labels | None) -> Iterator[str]:
        fixed, given = self.threshold, self.thresholds
        if fixed != "tuned" and not _is_probability(fixed):
            yield f"task.threshold={fixed}: it must be tuned, or a probability between 0 and 1."
        if given is None:
            return
        if not isinstance(given, Mapping):
            yield (
                f"task.thresholds={as_word(given)}: it must be null, or a probability by label: "
                f"task.thresholds={pasted({'spam': 0.3})}."
            )
            return
        for name, threshold in given.items():
            if not _is_probability(threshold) and threshold != 1:  # scores may be rounded to 1
                yield f"task.thresholds.{name}={threshold}: it must be a probability between 0 and 1."
            if labels is not None and name not in labels.ids:
                known = ", ".join(labels.names[:20]) + (", …" if len(labels.names) > 20 else "")
                yield f"task.thresholds.{name}: there is no such label; there are {known}."
        if _is_probability(fixed):
            yield f"task.thresholds: task.threshold={fixed} would count instead; leave out one of the two."

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> MultiLabel:
        """The task with ``pairs`` set.

        Raises:
            DataError: a column of 0 and 1 is named as if it held labels.
        """
        if self.label_names is None and not isinstance(reading.columns.get("label"), (list, tuple)):
            refuse_truth_values(rows, reading.columns)
        return replace(self, pairs=self._texts.resolved_pairs(rows, reading))

    def read(self, rows: Iterable[Row], reading: Reading) -> list[TextExample]:
        labels = self._labels
        if not reading.labelled:
            return self._texts.read(rows, reading, labels.gold)
        if not isinstance(reading.columns.get("label"), (list, tuple)):
            rows, notes = list(rows), Notes()
            vectors = holds_vectors(rows, reading.columns, self.label_names, self.separator, notes)
            if found := list(notes):
                reading.notes.extend(found)
                return []  # a fault of the whole column
            labels = replace(labels, vectors=vectors)
            if refuse_columns(rows, reading.columns, LABEL_COLUMNS, reading.notes):
                return []
        return self._texts.read(rows, reading, labels.target)

    def learn(self, examples: Sequence[TextExample]) -> MultiLabel:
        return replace(self, class_weights=self._labels.class_weights(examples))

    def labels(self, examples: Sequence[TextExample]) -> Labels:
        return self._labels.labels(examples)

    def unseen(self, examples: Sequence[TextExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        return self._labels.unseen(examples, labels, split)

    def features(self, examples: Sequence[TextExample], encoding: Encoding) -> Features:
        return self._texts.features(examples, encoding, self._labels)

    def prepare_model(self, model: Any, features: Features, *, new_head: bool) -> None:
        """Start a new head with the odds of each label in the training rows."""
        if new_head:
            set_prior_odds(model, features)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; ``label``:
        [windows, labels]."""
        return self._texts.collate(features, windows, self._labels)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        return self._labels.loss(outputs, batch)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[labels] probabilities of each window."""
        return list(outputs.sigmoid().cpu().numpy())

    def decode(self, examples: Sequence[TextExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The probability of each label for each row."""
        assert labels is not None
        return [Scores(labels.names, row) for row in self._texts.pooled(outputs, len(examples))]

    def tune(self, scored: Sequence[tuple[TextExample, Scores]], labels: Labels | None) -> MultiLabel:
        if self.threshold != "tuned":
            return self
        assert labels is not None
        found, untuned = best_thresholds(
            [example.target for example, _ in scored], [prediction.values for _, prediction in scored], labels.names
        )
        return replace(self, thresholds=found, untuned=untuned)

    def _threshold_of(self, name: str) -> float:
        """The probability from which a label is predicted; 0.5 if it could not be tuned."""
        if self.threshold != "tuned":
            return float(self.threshold)
        return float((self.thresholds or {}).get(name, USUAL))

    def metric(self, labels: Labels | None) -> LabelSetMetric:
        assert labels is not None
        untuned = self.untuned if self.threshold == "tuned" else None
        return LabelSetMetric(labels.names, [self._threshold_of(name) for name in labels.names], untuned)

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``labels``, the likeliest first, ``scores`` by label; ``gold_labels`` if the row has some."""
        if self._cuts[0] is not prediction.names:
            cuts = np.array([self._threshold_of(name) for name in prediction.names], dtype=np.float64)
            self._cuts = (prediction.names, cuts)
        values = prediction.deciding.astype(np.float64)  # a threshold is not rounded to fp32
        given = np.flatnonzero(values >= self._cuts[1])
        given = given[np.argsort(-values[given], kind="stable")]
        result = {"labels": [prediction.names[label] for label in given], "scores": prediction.by_name}
        return text_record(example, result, "gold_labels")


def _is_probability(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1
