"""One label of many for an image with a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise, Scores
from ftk.data.examples.texts import TextExample
from ftk.data.images.examples import Picture, fingerprint_of, looked_at, named
from ftk.data.rows.cells import read_rows
from ftk.data.rows.columns import say_columns
from ftk.tasks.shared.image_input import Seeing
from ftk.tasks.text_classification import TextClassification

if TYPE_CHECKING:
    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features


@dataclass(slots=True)
class ImageTextExample(TextExample):
    """One row: a text, or two, and an image.

    Attributes:
        picture: the image.
    """

    picture: Picture


@dataclass(kw_only=True)
class ImageTextClassification(Seeing, TextClassification):
    """One label of many. The fields are described in ``configs/task/image-text-classification.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("image", "text", "pair", "label", "weight")
    reads: ClassVar[tuple[str, ...]] = ("text", "image")
    subject: ClassVar[str] = "text and the image"
    demo: ClassVar[str | None] = "image-text-classification"
    auto_model: ClassVar[str] = "AutoModelForImageTextClassification"

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[TextExample]:
        rows = list(rows)
        examples = super().read(rows, columns=columns, labelled=labelled, notes=notes)
        by_row = {id(image.row): image for image in read_rows(rows, lambda row: named(row, columns), notes)}
        examples = [example for example in examples if id(example.row) in by_row]
        images = [by_row[id(example.row)] for example in examples]
        for example in examples:
            if not example.texts.strip():
                notes.count("row|rows with an empty text", "kept, with the image alone to go by", example.row.where)
        for image in images if labelled else []:
            say_columns(notes, {"image": image.column}, columns)
        found: list[TextExample] = []
        for example, image, picture in zip(examples, images, looked_at(images, notes), strict=True):
            if picture is not None:
                values = {item.name: getattr(example, item.name) for item in fields(TextExample)}
                values["columns"] = {name: value for name, value in example.columns.items() if name != image.column}
                found.append(ImageTextExample(**values, picture=picture))
        return found

    def key(self, example: Any) -> str:
        return f"{example.texts}\n{example.picture.digest}"

    def texts(self, example: Any) -> Iterable[str]:
        return (super().key(example),)

    def files(self, examples: Sequence[Any]) -> dict[str, str]:
        return fingerprint_of(example.picture for example in examples)

    def features(
        self, examples: Sequence[Any], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        from ftk.data.images.features import ImageFeatures, Pixels
        from ftk.models.loading.image_processor import shape_of

        texts = super().features(examples, tokenizer.tokenizer, labels, plan, notes)
        processor = tokenizer.image_processor
        pixels = Pixels([example.picture for example in examples], processor, shape_of(processor))
        return ImageFeatures(texts.columns, texts.row, texts.weight, pixels=pixels)

    def learned(self, model: Any) -> dict[str, float]:
        """``share_of_text``: of the logits, where a fusion learns that of the text; the image's is the rest."""
        fused = model.config
        if fused.fusion != "weighted" or fused.weight is not None:
            return {}
        return {"share_of_text": float(model.share.detach())}

    def collate(self, features: Any, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; ``pixel_values``:
        [windows, channels, height, width]; ``label``: [windows]."""
        return self.with_images(super().collate(features, windows, pad_id, noise), features, windows, noise)

    def record(self, example: Any, prediction: Scores) -> dict[str, Any]:
        """``image``, ``text``, ``label``, ``score``, ``scores`` by label; ``gold_label`` where the row has one."""
        others = super().record(example, prediction)
        return {"image": example.picture.name, **{name: value for name, value in others.items() if name != "image"}}
