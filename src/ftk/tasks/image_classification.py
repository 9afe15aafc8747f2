"""One label of many for an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import OF_OTHERS, STATISTIC, TaskSpec, Wording
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.images.examples import ImageExample, ImageReader
from ftk.data.images.features import ImageFeatures
from ftk.data.rows.label_names import read_names
from ftk.tasks.shared.adopted_labels import adopted_labels, label_map_faults, refuse_other_problem
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.confidence import CLASSES
from ftk.tasks.shared.image_input import ImageInput, pixels_of
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_losses import of_label
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.single_label import SingleLabel, settle_priors
from ftk.tasks.shared.statistics.classes import class_statistics
from ftk.tasks.shared.text_input import logits_of
from ftk.tasks.text_classification import LABEL_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def _adopt(asked: ImageClassification, head: SavedHead, notes: Notes) -> tuple[ImageClassification, Labels]:
    """The task itself, and the classes by the names of ``label_map``."""
    refuse_other_problem(head, "single_label_classification", "task=image-classification")
    return asked, adopted_labels(head, asked.label_map, asked.label_names, notes)


@dataclass(kw_only=True)
class ImageClassification(RowTask):
    """One label of many. The fields are described in ``configs/task/image-classification.yaml``."""

    spec = TaskSpec(
        adopt=_adopt,
        columns=("image", "label", "weight"),
        answers=label_answers,
        modalities=("image",),
        score="accuracy",
        demo="image-classification",
        statistics=class_statistics,
        in_memory=True,
        auto_model="AutoModelForImageClassification",
        problem_type="single_label_classification",
        row_losses=of_label,
        confidence=CLASSES,
        wording=Wording(subject="image"),
    )

    class_weights: Any
    focal: float
    label_smoothing: float
    label_names: Any
    sampling: Sampling
    flip: bool
    shift: float
    logit_adjustment: float = 0.0
    priors: Any = field(default=None, metadata=STATISTIC)
    label_map: Any = field(default=None, metadata=OF_OTHERS)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)
        if self.logit_adjustment:
            self.spec = replace(self.spec, settle=settle_priors)

    @property
    def _images(self) -> ImageInput:
        return ImageInput(self.flip, self.shift)

    @property
    def _label(self) -> SingleLabel:
        weights = ClassWeights(self.class_weights, self.focal, self.label_smoothing)
        return SingleLabel(weights, self.label_names, self.sampling, self.logit_adjustment, self.priors)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._label.validate(labels)
        yield from self._images.validate()
        yield from label_map_faults(self.label_map)

    def read(self, rows: Iterable[Row], reading: Reading) -> list[ImageExample]:
        examples = ImageReader(
            columns=reading.columns,
            labelled=reading.labelled,
            target=self._label.target,
            labels=LABEL_COLUMNS,
            notes=reading.notes,
            unlabelled=reading.unlabelled,
        ).read(rows)
        return examples

    def learn(self, examples: Sequence[ImageExample]) -> ImageClassification:
        return replace(self, **self._label.learned(examples))

    def labels(self, examples: Sequence[ImageExample]) -> Labels:
        return self._label.labels(examples)

    def unseen(self, examples: Sequence[ImageExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        return self._label.unseen(examples, labels, split)

    def features(self, examples: Sequence[ImageExample], encoding: Encoding) -> ImageFeatures:
        pixels = pixels_of(examples, encoding.processor)
        labelled = all(example.target is not None for example in examples)
        columns = self._label.columns(examples, encoding.labels) if labelled else {}
        row = np.arange(len(examples), dtype=np.int64)
        weights = self._label.sampling_weights(examples)
        return ImageFeatures(columns, row, encoding.pad_id, weights, pixels=pixels)

    def collate(self, features: ImageFeatures, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``pixel_values``: [windows, channels, height, width]; ``label``: [windows]."""
        targets = self._label.tensors(features, windows)
        batch = Batch({}, targets, windows, count=self._label.count(targets, windows), tokens=0, positions=0)
        return self._images.add_pixels(batch, features, windows, seed)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        return self._label.loss(outputs, batch)

    def to_numpy(self, outputs: Tensor, features: Any, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return self._label.to_numpy(outputs)

    def decode(self, examples: Sequence[ImageExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row."""
        rows = [scores for row in range(len(examples)) for scores in outputs.of(row)]
        return self._label.predictions(np.asarray(rows, dtype=np.float32), labels)

    def metric(self, labels: Labels | None) -> ClassMetric:
        assert labels is not None
        return ClassMetric(labels.names)

    def record(self, example: ImageExample, prediction: Scores) -> dict[str, Any]:
        """``image``, ``label``, ``score``, ``scores`` by label; ``gold_label`` if the row has one."""
        result = {"image": example.image.name, **self._label.result(prediction)}
        if example.gold is not None:
            result["gold_label"] = example.gold
        return with_columns(example.columns, result)
