"""One label of many for a text, or for two texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import LOCAL_FILE, OF_OTHERS, STATISTIC, Probe, TaskSpec
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.batching.features import Features
from ftk.data.examples.texts import TextExample
from ftk.data.rows.label_names import read_names
from ftk.data.rows.odd_labels import note_names_beside
from ftk.tasks.shared.adopted_labels import adopted_labels, label_map_faults, refuse_other_problem
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.confidence import CLASSES
from ftk.tasks.shared.explained_texts import Outputs, TextExplains
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.shared.label_columns import refuse_columns
from ftk.tasks.shared.label_texts import label_examples, label_texts_faults, read_label_texts
from ftk.tasks.shared.row_losses import of_label
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.single_label import SingleLabel, settle_priors
from ftk.tasks.shared.statistics.classes import class_statistics
from ftk.tasks.shared.text_input import AUTO_MODEL, COLUMNS, ROLES, Pooling, TextInput, logits_of, text_record

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

LABEL_COLUMNS = ("label", "category", "class", "intent", "labels", "target")
"""The names by which a label column is recognised."""


def _adopt(asked: TextClassification, head: SavedHead, notes: Notes) -> tuple[TextClassification, Labels]:
    """The task itself, and the classes by the names of ``label_map``."""
    refuse_other_problem(head, "single_label_classification", "task=text-classification")
    return asked, adopted_labels(head, asked.label_map, asked.label_names, notes)


def _explains(task: TextClassification) -> TextExplains:
    return TextExplains(task.pooling, Outputs.one_label)


def _label_examples(task: TextClassification, labels: Labels, notes: Notes) -> list[TextExample]:
    return label_examples(task.label_texts, labels.names, bool(task.pairs), notes)


@dataclass(kw_only=True)
class TextClassification(RowTask):
    """One label of many. The fields are described in ``configs/task/text-classification.yaml``."""

    spec = TaskSpec(
        adopt=_adopt,
        columns=COLUMNS,
        prefixes=ROLES,
        answers=label_answers,
        score="accuracy",
        demo="text-classification",
        statistics=class_statistics,
        auto_model=AUTO_MODEL,
        problem_type="single_label_classification",
        row_losses=of_label,
        explains=_explains,
        probe=Probe.classes,
        label_examples=_label_examples,
        confidence=CLASSES,
    )

    pooling: Pooling
    pairs: Any
    class_weights: Any
    focal: float
    label_smoothing: float
    label_names: Any
    sampling: Sampling
    logit_adjustment: float = 0.0
    priors: Any = field(default=None, metadata=STATISTIC)
    label_map: Any = field(default=None, metadata=OF_OTHERS)
    label_texts: Any = field(default=None, metadata=LOCAL_FILE)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)
        self.label_texts = read_label_texts(self.label_texts)
        if self.logit_adjustment:
            self.spec = replace(self.spec, settle=settle_priors)

    @property
    def _texts(self) -> TextInput:
        return TextInput(self.pooling, self.pairs, LABEL_COLUMNS)

    @property
    def _label(self) -> SingleLabel:
        weights = ClassWeights(self.class_weights, self.focal, self.label_smoothing)
        return SingleLabel(weights, self.label_names, self.sampling, self.logit_adjustment, self.priors)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._texts.validate()
        yield from self._label.validate(labels)
        yield from label_map_faults(self.label_map)
        yield from label_texts_faults(self.label_texts, labels, self.pairs)

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> TextClassification:
        return replace(self, pairs=self._texts.resolved_pairs(rows, reading))

    def read(self, rows: Iterable[Row], reading: Reading) -> list[TextExample]:
        rows = list(rows)
        if reading.labelled and refuse_columns(rows, reading.columns, LABEL_COLUMNS, reading.notes, least=2):
            return []
        examples = self._texts.read(rows, reading, self._target)
        if reading.labelled and self.label_names is None:
            wanted = reading.columns.get("label")
            known = self._texts.label_columns if wanted is None else (wanted,)
            column = next((name for name in known if rows and str(name) in rows[0].values), None)
            if column is not None:
                note_names_beside(rows, str(column), reading.notes)
        return examples

    def _target(self, row: Row, column: Any) -> str:
        return self._label.target(row, column)

    def learn(self, examples: Sequence[TextExample]) -> TextClassification:
        return replace(self, **self._label.learned(examples))

    def labels(self, examples: Sequence[TextExample]) -> Labels:
        return self._label.labels(examples)

    def unseen(self, examples: Sequence[TextExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        return self._label.unseen(examples, labels, split)

    def features(self, examples: Sequence[TextExample], encoding: Encoding) -> Features:
        return self._texts.features(examples, encoding, self._label)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; ``label``: [windows]."""
        return self._texts.collate(features, windows, self._label)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        return self._label.loss(outputs, batch)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return self._label.to_numpy(outputs)

    def decode(self, examples: Sequence[TextExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row."""
        return self._label.predictions(self._texts.pooled(outputs, len(examples)), labels)

    def metric(self, labels: Labels | None) -> ClassMetric:
        assert labels is not None
        return ClassMetric(labels.names)

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``label``, ``score``, ``scores`` by label; ``gold_label`` if the row has one."""
        return text_record(example, self._label.result(prediction), "gold_label")
