"""One label of many for an image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise, Scores
from ftk.data.images.examples import ImageExample, ImageReader, fingerprint_of
from ftk.data.rows.label_names import name_of
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.image_input import Seeing
from ftk.tasks.shared.single_label import OneLabel
from ftk.tasks.text_classification import TextClassification

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features
    from ftk.data.images.features import ImageFeatures


@dataclass(kw_only=True)
class ImageClassification(Seeing, OneLabel):
    """One label of many. The fields are described in ``configs/task/image-classification.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("image", "label", "weight")
    reads: ClassVar[tuple[str, ...]] = ("image",)
    subject: ClassVar[str] = "image"
    demo: ClassVar[str | None] = "image-classification"
    auto_model: ClassVar[str] = "AutoModelForImageClassification"
    problem_type: ClassVar[str | None] = "single_label_classification"
    score: ClassVar[str] = "accuracy"

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[ImageExample]:
        return ImageReader(
            columns=columns,
            labelled=labelled,
            target=lambda row, column: name_of(row.values[column], row, column, self.label_names),
            labels=TextClassification.label_columns,
            notes=notes,
        ).read(rows)

    def key(self, example: ImageExample) -> str:
        return example.picture.digest

    def files(self, examples: Sequence[ImageExample]) -> dict[str, str]:
        return fingerprint_of(example.picture for example in examples)

    def features(
        self, examples: Sequence[ImageExample], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        import numpy as np

        from ftk.data.images.features import ImageFeatures, Pixels
        from ftk.models.loading.image_processor import shape_of

        pixels = Pixels([example.picture for example in examples], tokenizer, shape_of(tokenizer))
        labelled = all(example.target is not None for example in examples)
        columns = self.target_columns(examples, labels) if labelled else {}
        row = np.arange(len(examples), dtype=np.int64)
        return ImageFeatures(columns, row, self.sampling_weights(examples), pixels=pixels)

    def collate(self, features: ImageFeatures, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``pixel_values``: [windows, channels, height, width]; ``label``: [windows]."""
        targets = self.target_tensors(features, windows)
        batch = Batch({}, targets, windows, count=self.counted(targets, windows), tokens=0, positions=0)
        return self.with_images(batch, features, windows, noise)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        logits: Tensor = model(**batch.inputs).logits.float()
        return logits

    def outputs(self, outputs: Tensor, features: Any, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return list(self.scores(outputs).cpu().numpy())

    def decode(
        self,
        examples: Sequence[ImageExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Scores]:
        """The probabilities of the labels for each row."""
        import numpy as np

        rows = [outputs[window] for window in features.windows_of(first_row, first_row + len(examples))]
        return self.probabilities(np.asarray(rows, dtype=np.float32), labels)

    def metric(self, labels: Labels | None) -> ClassMetric:
        assert labels is not None
        return ClassMetric(labels.names)

    def record(self, example: ImageExample, prediction: Scores) -> dict[str, Any]:
        """``image``, ``label``, ``score``, ``scores`` by label; ``gold_label`` where the row has one."""
        result = {"image": example.picture.name, **self.decided(prediction)}
        if example.gold is not None:
            result["gold_label"] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
