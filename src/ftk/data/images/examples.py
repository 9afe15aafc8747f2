"""Rows that name images, with what is to be learned of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.texts import Target
from ftk.data.images.decoding import ImageFault, bombs_refused, digest_of, in_threads
from ftk.data.rows.cells import RowFault, made_of
from ftk.data.rows.columns import find_column, missing, say_columns, string_of, weight_of

IMAGE = ("image", "image_path", "path", "file_name", "filename")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that a row names.

    Attributes:
        name: as the row has it.
        path: where it is.
        digest: the SHA-256 of its file.
    """

    name: str
    path: Path
    digest: str


@dataclass(slots=True)
class ImageExample(Example):
    """One row.

    Attributes:
        picture: the image.
        target: what is to be learned, as the task wants it; None for an unlabelled row.
        gold: the same as the row gives it, to be kept beside predictions.
        weight: how often the row is drawn in training, beside the others.
        row: where it comes from.
        columns: the other columns.
    """

    picture: Picture
    target: Any
    gold: Any
    weight: float
    row: Row
    columns: dict[str, Any]

    @property
    def key(self) -> str:  # type: ignore[override]
        """The SHA-256 of the image."""
        return self.picture.digest

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The image."""
        return ((self.picture.name, self.picture.digest),)


@dataclass(frozen=True, slots=True)
class Named:
    """An image by the name that a row has for it."""

    row: Row
    column: str

    @property
    def name(self) -> str:
        """As the row has it."""
        return str(self.row.values[self.column])

    @property
    def path(self) -> Path:
        """Relative to the file that names it; a row that is made of an image names that one as it stands."""
        return Path(self.name) if self.name == self.row.file else Path(self.row.file).parent / self.name


def named(row: Row, columns: Mapping[str, Any]) -> Named:
    """The image that a row names.

    Raises:
        RowFault: it names none.
    """
    column = find_column(row, "image", columns, IMAGE)
    if column is None:
        raise missing(row, "row|rows without an image", "Name its column: data.columns.image=….")
    if not string_of(row, column, "image").strip():
        raise RowFault("row|rows with an empty path of an image", f"'{column}' holds the path.", row.where)
    return Named(row, column)


def looked_at(images: Sequence[Named], notes: Notes) -> list[Picture | None]:
    """The images of some rows, each decoded once; faults go to the notes, and stand here as None."""
    paths = list(dict.fromkeys(image.path for image in images))
    with bombs_refused():
        found = dict(zip(paths, in_threads(_digest_or_fault, paths), strict=True))
    pictures: list[Picture | None] = []
    for image in images:
        digest = found[image.path]
        if isinstance(digest, ImageFault):
            reason = f" ({digest.reason})" if digest.reason else ""
            where = "" if image.name == image.row.file else f"{image.row.where}: "
            notes.error(digest.what, digest.advice, f"{where}{image.path}{reason}")
            pictures.append(None)
        else:
            pictures.append(Picture(image.name, image.path, digest))
    return pictures


@dataclass(kw_only=True, slots=True)
class ImageReader:
    """Checks rows and makes examples of them.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a label is an error.
        target: makes the target.
        labels: the names that a label column is known by.
        notes: are told of faults.
    """

    columns: dict[str, Any]
    labelled: bool
    target: Target
    labels: tuple[str, ...]
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[ImageExample]:
        """An example for each row; faults go to the notes, which stop the run once all rows have been seen."""
        made = made_of(rows, self._parts, self.notes)
        pictures = looked_at([image for image, _ in made], self.notes)
        return [
            ImageExample(picture, *rest)
            for picture, (_, rest) in zip(pictures, made, strict=True)
            if picture is not None
        ]

    def _parts(self, row: Row) -> tuple[Named, tuple[Any, Any, float, Row, dict[str, Any]]]:
        image = named(row, self.columns)
        return image, self._rest(row, image.column)

    def _rest(self, row: Row, image_at: str) -> tuple[Any, Any, float, Row, dict[str, Any]]:
        """What an example is made of beside its image."""
        label_at = find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        weight = weight_of(row, self.columns, needed=self.labelled)
        if self.labelled and label_at is None:
            raise missing(row, "row|rows without a label", "Name its column: data.columns.label=….")
        target = self.target(row, label_at) if self.labelled else None
        gold = row.values[label_at] if label_at is not None else None
        if self.labelled:
            say_columns(self.notes, {"image": image_at, "label": label_at}, self.columns)
        others = {name: value for name, value in row.values.items() if name not in (image_at, label_at)}
        return target, gold, weight, row, others


def _digest_or_fault(path: Path) -> str | ImageFault:
    try:
        return digest_of(path)
    except ImageFault as fault:
        return fault
