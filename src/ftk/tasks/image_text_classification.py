"""One label of many for an image with a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.example import Tie
from ftk.contracts.row import Row
from ftk.contracts.spec import STATISTIC, TaskSpec, Wording
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.examples.texts import TextExample
from ftk.data.images.examples import ImageFile, checked_images, image_cell
from ftk.data.images.features import ImageFeatures
from ftk.data.rows.cells import read_rows
from ftk.data.rows.columns import report_columns
from ftk.data.rows.label_names import read_names
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.confidence import CLASSES
from ftk.tasks.shared.image_input import ImageInput, pixels_of
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.shared.row_losses import of_label
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.single_label import SingleLabel, settle_priors
from ftk.tasks.shared.statistics.classes import class_statistics
from ftk.tasks.shared.text_input import COLUMNS, ROLES, Pooling, TextInput, logits_of, text_record
from ftk.tasks.text_classification import LABEL_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(slots=True)
class ImageTextExample(TextExample):
    """One row: a text, or two, and an image.

    Attributes:
        image: the image.
    """

    image: ImageFile

    def __post_init__(self) -> None:
        TextExample.__post_init__(self)  # super() does not work in a class with slots
        self.key = f"{self.key}\n{self.image.digest}"

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The image."""
        return (Tie("image", self.image.digest),)

    @property
    def mirrored(self) -> str:
        """Empty: the order of two texts about an image is not looked at."""
        return ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, or both, as one."""
        return (self.key.rpartition("\n")[0],)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The image."""
        return ((self.image.name, self.image.digest),)


@dataclass(kw_only=True)
class ImageTextClassification(RowTask):
    """One label of many. The fields are described in ``configs/task/image-text-classification.yaml``."""

    spec = TaskSpec(
        columns=("image", *COLUMNS),
        prefixes=ROLES,
        answers=label_answers,
        modalities=("text", "image"),
        score="accuracy",
        demo="image-text-classification",
        statistics=class_statistics,
        in_memory=True,
        auto_model="AutoModelForImageTextClassification",
        problem_type="single_label_classification",
        row_losses=of_label,
        confidence=CLASSES,
        wording=Wording(subject="text and the image"),
    )

    pooling: Pooling
    pairs: Any
    class_weights: Any
    focal: float
    label_smoothing: float
    label_names: Any
    sampling: Sampling
    flip: bool
    shift: float
    logit_adjustment: float = 0.0
    priors: Any = field(default=None, metadata=STATISTIC)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)
        if self.logit_adjustment:
            self.spec = replace(self.spec, settle=settle_priors)

    @property
    def _texts(self) -> TextInput:
        return TextInput(self.pooling, self.pairs, LABEL_COLUMNS)

    @property
    def _images(self) -> ImageInput:
        return ImageInput(self.flip, self.shift)

    @property
    def _label(self) -> SingleLabel:
        weights = ClassWeights(self.class_weights, self.focal, self.label_smoothing)
        return SingleLabel(weights, self.label_names, self.sampling, self.logit_adjustment, self.priors)

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        yield from self._texts.validate()
        yield from self._label.validate(labels)
        yield from self._images.validate()

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> ImageTextClassification:
        return replace(self, pairs=self._texts.resolved_pairs(rows, reading))

    def read(self, rows: Iterable[Row], reading: Reading) -> list[ImageTextExample]:
        rows, notes = list(rows), reading.notes
        examples = self._texts.read(rows, reading, self._target)
        by_row = {id(cell.row): cell for cell in read_rows(rows, lambda row: image_cell(row, reading.columns), notes)}
        examples = [example for example in examples if id(example.row) in by_row]
        cells = [by_row[id(example.row)] for example in examples]
        for example in examples:
            if not example.key:
                notes.add(kinds.IMAGE_WITHOUT_TEXT, example.row.where)
        for cell in cells if reading.labelled else []:
            report_columns(notes, {"image": cell.column}, reading.columns)
        found: list[ImageTextExample] = []
        for example, cell, image in zip(examples, cells, checked_images(cells, notes), strict=True):
            if image is not None:
                values = {item.name: getattr(example, item.name) for item in fields(TextExample) if item.init}
                values["columns"] = {name: value for name, value in example.columns.items() if name != cell.column}
                found.append(ImageTextExample(**values, image=image))
        return found

    def _target(self, row: Row, column: Any) -> str:
        return self._label.target(row, column)

    def learn(self, examples: Sequence[ImageTextExample]) -> ImageTextClassification:
        return replace(self, **self._label.learned(examples))

    def labels(self, examples: Sequence[ImageTextExample]) -> Labels:
        return self._label.labels(examples)

    def unseen(self, examples: Sequence[ImageTextExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        return self._label.unseen(examples, labels, split)

    def features(self, examples: Sequence[ImageTextExample], encoding: Encoding) -> ImageFeatures:
        tokenizer, processor = encoding.processor.tokenizer, encoding.processor.image_processor
        texts = self._texts.features(examples, replace(encoding, processor=tokenizer), self._label)
        pixels = pixels_of(examples, processor)
        return ImageFeatures(texts.columns, texts.row, texts.pad_id, texts.weight, pixels=pixels)

    def collate(self, features: ImageFeatures, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; ``pixel_values``:
        [windows, channels, height, width]; ``label``: [windows]."""
        batch = self._texts.collate(features, windows, self._label)
        return self._images.add_pixels(batch, features, windows, seed)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return logits_of(model, batch)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        return self._label.loss(outputs, batch)

    def to_numpy(self, outputs: Tensor, features: Any, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return self._label.to_numpy(outputs)

    def decode(self, examples: Sequence[ImageTextExample], outputs: RowOutputs, labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row."""
        return self._label.predictions(self._texts.pooled(outputs, len(examples)), labels)

    def metric(self, labels: Labels | None) -> ClassMetric:
        assert labels is not None
        return ClassMetric(labels.names)

    def record(self, example: ImageTextExample, prediction: Scores) -> dict[str, Any]:
        """``image``, ``text``, ``label``, ``score``, ``scores`` by label; ``gold_label`` if the row has one."""
        others = text_record(example, self._label.result(prediction), "gold_label")
        return {"image": example.image.name, **{name: value for name, value in others.items() if name != "image"}}
