"""One label of many for a text, or for two texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.row import Row
from ftk.contracts.values import Labels, Scores
from ftk.data.examples.texts import TextExample
from ftk.data.rows.label_names import name_of
from ftk.errors import DataError
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.single_label import OneLabel
from ftk.tasks.shared.text_task import TextTask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.data.batching.features import Features


@dataclass(kw_only=True)
class TextClassification(OneLabel, TextTask):
    """One label of many. The fields are described in ``configs/task/text-classification.yaml``."""

    demo: ClassVar[str | None] = "text-classification"
    problem_type: ClassVar[str | None] = "single_label_classification"
    score: ClassVar[str] = "accuracy"
    label_columns: ClassVar[tuple[str, ...]] = ("label", "category", "class", "intent", "labels", "target")

    def target(self, row: Row, column: Any) -> str:
        if isinstance(column, list):
            raise DataError(
                "data.columns.label: a text has one label here, in one column; several are task=multi-label."
            )
        return name_of(row.values[column], row, column, self.label_names)

    def decode(
        self,
        examples: Sequence[TextExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Scores]:
        """The probabilities of the labels for each row."""
        return self.probabilities(self.pooled(len(examples), features, first_row, outputs), labels)

    def metric(self, labels: Labels | None) -> ClassMetric:
        assert labels is not None
        return ClassMetric(labels.names)

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``label``, ``score``, ``scores`` by label; ``gold_label`` where the row has one."""
        return self.written(example, self.decided(prediction), "gold_label")
