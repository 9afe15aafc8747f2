"""One number, or several, for a text or for two texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import OF_OTHERS, STATISTIC, Probe, TaskSpec, Wording
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.batching.features import Features, Ragged
from ftk.data.examples.texts import TextExample
from ftk.data.rows.numbers import Decimal, sign_of
from ftk.errors import DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.regression.errors import number_errors
from ftk.tasks.regression.metric import NumberMetric
from ftk.tasks.regression.statistics import number_statistics
from ftk.tasks.regression.targets import NumberReader, values_of
from ftk.tasks.shared.adopted_labels import adopted_labels, label_map_faults, refuse_other_problem
from ftk.tasks.shared.class_weights import drawn_by_weight
from ftk.tasks.shared.explained_texts import Outputs, TextExplains
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.text_input import AUTO_MODEL, COLUMNS, ROLES, Pooling, TextInput, logits_of, text_record

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_LABEL_COLUMNS = ("score", "label", "value", "rating", "target")


def _adopt(asked: Regression, head: SavedHead, notes: Notes) -> tuple[Regression, Labels]:
    """The task, which takes the numbers of the head as they are, and the targets by the names of ``label_map``."""
    refuse_other_problem(head, "regression", "task=regression")
    one = len(head.names) == 1  # whose name says nothing
    labels = adopted_labels(head, asked.label_map, None, Notes() if one else notes)
    notes.add(kinds.RAW_NUMBERS)
    number = len(labels.names)
    return replace(asked, mean=[0.0] * number, deviation=[1.0] * number), labels


def _explains(task: Regression) -> TextExplains:
    return TextExplains(task.pooling, Outputs.numbers, scale=task.deviation)


@dataclass(kw_only=True)
class Regression(RowTask):
    """Numbers. The fields are described in ``configs/task/regression.yaml``."""

    spec = TaskSpec(
        adopt=_adopt,
        columns=COLUMNS,
        prefixes=ROLES,
        errors=number_errors,
        score="rmse",
        statistics=number_statistics,
        higher_is_better=False,
        lower_is_better=frozenset({"loss", "rmse", "mae"}),
        demo="regression",
        auto_model=AUTO_MODEL,
        problem_type="regression",
        explains=_explains,
        probe=Probe.numbers,
        wording=Wording(labels="targets"),
    )

    pooling: Pooling
    pairs: Any
    robust: bool
    mean: Any = field(metadata=STATISTIC)
    deviation: Any = field(metadata=STATISTIC)
    # The default is for models of a release without this field.
    decimal: Decimal = Decimal.auto
    label_map: Any = field(default=None, metadata=OF_OTHERS)

    @property
    def _texts(self) -> TextInput:
        return TextInput(self.pooling, self.pairs, _LABEL_COLUMNS)

    @property
    def _numbers(self) -> _Numbers:
        return _Numbers(self.mean, self.deviation)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._texts.validate()
        yield from label_map_faults(self.label_map)

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> Regression:
        decimal = self.decimal
        if decimal is Decimal.auto:
            decimal = sign_of(values_of(rows, reading.columns, _LABEL_COLUMNS))
        return replace(self, pairs=self._texts.resolved_pairs(rows, reading), decimal=decimal)

    def read(self, rows: Iterable[Row], reading: Reading) -> list[TextExample]:
        if not reading.labelled:
            return self._texts.read(rows, reading, NumberReader(self.decimal).target)
        rows = list(rows)
        own = sign_of(values_of(rows, reading.columns, _LABEL_COLUMNS))
        numbers = NumberReader(self.decimal if own is Decimal.auto else own)
        examples = self._texts.read(rows, reading, numbers.target)
        numbers.report(reading.notes)
        return examples

    def learn(self, examples: Sequence[TextExample]) -> Regression:
        """The task with the mean and the standard deviation of the targets.

        Raises:
            DataError: all rows have the same number.
        """
        names = list(examples[0].target)
        table = np.array([[example.target[name] for name in names] for example in examples])
        deviation = table.std(axis=0)
        for name, spread in zip(names, deviation, strict=True):
            if not spread > 0:
                raise DataError(
                    f"data.train: all rows have the same number in '{name}'; there is nothing to learn. "
                    "data.columns.label names the column."
                )
        return replace(self, mean=table.mean(axis=0).tolist(), deviation=deviation.tolist())

    def labels(self, examples: Sequence[TextExample]) -> Labels:
        """The targets, by the names of their columns."""
        return Labels(tuple(examples[0].target))

    def unseen(self, examples: Sequence[TextExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        """Yield the rows that lack a target of the model. A single target may have any name."""
        assert labels is not None
        if len(labels.names) == 1:
            return
        for example in examples:
            absent = [name for name in labels.names if name not in example.target]
            if absent:
                values = {"part": split, "target": absent[0], "known": list(labels.names)}
                yield UnseenLabel(kinds.MISSING_TARGET, example.row.where, values)

    def features(self, examples: Sequence[TextExample], encoding: Encoding) -> Features:
        return self._texts.features(examples, encoding, self._numbers)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; ``label``:
        [windows, targets], standardised."""
        return self._texts.collate(features, windows, self._numbers)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, targets] standardised numbers."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from ftk.tasks.shared.losses import regression_loss

        return Loss(regression_loss(outputs, batch.targets["label"], robust=self.robust), batch.count)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[targets] standardised numbers of each window."""
        return list(outputs.cpu().numpy())

    def decode(self, examples: Sequence[TextExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The numbers of each row, on the scale of the data."""
        assert labels is not None
        table = self._texts.pooled(outputs, len(examples))
        table = table * np.array(self.deviation) + np.array(self.mean)
        return [Scores(labels.names, row) for row in table]

    def metric(self, labels: Labels | None) -> NumberMetric:
        assert labels is not None
        return NumberMetric(labels.names)

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``value``, or ``values`` by name if there are several targets; ``gold_value`` if the row has one."""
        values = prediction.by_name
        if len(values) > 1:
            return text_record(example, {"values": values}, "gold_values")
        if isinstance(example.gold, dict):  # a number, as the prediction is one
            example = replace(example, gold=next(iter(example.gold.values()), None))
        return text_record(example, {"value": next(iter(values.values()))}, "gold_value")


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers that rows have to learn, standardised. The attributes are fields of the task."""

    mean: Any
    deviation: Any

    @staticmethod
    def sampling_weights(examples: Sequence[Any]) -> NDArray[np.float64] | None:
        return drawn_by_weight(examples)

    def columns(self, examples: Sequence[TextExample], labels: Labels | None) -> dict[str, Ragged]:
        """``label``: the standardised targets, in the order of the model's outputs."""
        assert labels is not None
        table = np.array([_values(example, labels.names) for example in examples], dtype=np.float64)
        table = (table - np.array(self.mean)) / np.array(self.deviation)
        return {"label": Ragged.of(list(table.astype(np.float32)), np.float32)}

    @staticmethod
    def tensors(features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """``label``: [windows, targets]."""
        import torch

        if "label" not in features.columns:
            return {}
        return {"label": torch.from_numpy(np.stack([features.columns["label"][window] for window in windows]))}

    @staticmethod
    def count(targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        return len(windows)


def _values(example: TextExample, names: Sequence[str]) -> list[float]:
    """The targets of a row in the order of the model's outputs."""
    if len(names) == 1:
        return list(example.target.values())[:1]
    return [example.target[name] for name in names]
