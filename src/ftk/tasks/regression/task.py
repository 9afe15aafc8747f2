"""One number, or several, for a text or for two texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Scores
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import RowFault
from ftk.data.rows.columns import number_of
from ftk.errors import DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.regression.metric import NumberMetric
from ftk.tasks.shared.text_task import TextTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.data.batching.features import Features, Ragged


_LARGEST = 1e38
"""The power of ten below the largest number of fp32."""


@dataclass(kw_only=True)
class Regression(TextTask):
    """Numbers. The fields are described in ``configs/task/regression.yaml``."""

    demo: ClassVar[str | None] = "regression"
    problem_type: ClassVar[str | None] = "regression"
    score: ClassVar[str] = "rmse"
    higher_is_better: ClassVar[bool] = False
    labels_are: ClassVar[str | None] = "targets"
    fitted: ClassVar[tuple[str, ...]] = ("mean", "deviation")
    label_columns: ClassVar[tuple[str, ...]] = ("score", "label", "value", "rating", "target")

    robust: bool
    mean: Any
    deviation: Any

    def target(self, row: Row, column: Any) -> dict[str, float]:
        names = column if isinstance(column, list) else [column]
        found = {name: number_of(row, name) for name in names}
        for name, value in found.items():
            if abs(value) > _LARGEST:
                raise RowFault(kinds.LARGE_NUMBER, f"{row.where}: {name}={value:g}", most=_LARGEST)
        return found

    def fit(self, examples: Sequence[TextExample]) -> Regression:
        import numpy as np

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

    def check_labels(
        self, examples: Sequence[TextExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        assert labels is not None
        if len(labels.names) == 1:
            return  # its column may have any name
        for example in examples:
            absent = [name for name in labels.names if name not in example.target]
            if absent:
                what = f"row|rows of {split} without the target '{absent[0]}'"
                notes.error(what, f"The model has {', '.join(labels.names)}.", example.row.where)

    def target_columns(self, examples: Sequence[TextExample], labels: Labels | None) -> dict[str, Ragged]:
        import numpy as np

        from ftk.data.batching.features import Ragged

        assert labels is not None
        table = np.array([self.values(example, labels.names) for example in examples], dtype=np.float64)
        table = (table - np.array(self.mean)) / np.array(self.deviation)
        return {"label": Ragged.of(list(table.astype(np.float32)), np.float32)}

    @staticmethod
    def values(example: TextExample, names: Sequence[str]) -> list[float]:
        """The targets of a row in the order of the model's outputs."""
        if len(names) == 1:
            return list(example.target.values())[:1]
        return [example.target[name] for name in names]

    def target_tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        import numpy as np
        import torch

        if "label" not in features.columns:
            return {}
        return {"label": torch.from_numpy(np.stack([features.columns["label"][window] for window in windows]))}

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from ftk.tasks.shared.losses import distance

        return Loss(distance(outputs, batch.targets["label"], robust=self.robust), batch.count)

    def scores(self, logits: Tensor) -> Tensor:
        return logits

    def decode(
        self,
        examples: Sequence[TextExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Scores]:
        """The numbers of each row, on the scale of the data."""
        import numpy as np

        assert labels is not None
        table = self.pooled(len(examples), features, first_row, outputs)
        table = table * np.array(self.deviation) + np.array(self.mean)
        return [Scores(labels.names, row) for row in table]

    def metric(self, labels: Labels | None) -> NumberMetric:
        assert labels is not None
        return NumberMetric(labels.names)

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``value``, or ``values`` by name where there are several targets; ``gold_value`` where the row has one."""
        values = prediction.rounded
        if len(values) == 1:
            return self.written(example, {"value": next(iter(values.values()))}, "gold_value")
        return self.written(example, {"values": values}, "gold_values")
