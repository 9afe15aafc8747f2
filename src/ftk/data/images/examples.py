"""Rows that name images, as examples with a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.texts import Target
from ftk.data.images.decoding import ImageFault, bombs_refused, digest_of, in_threads
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.rows.columns import find_column, missing_role, say_columns, string_of, weight_of

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
        target: what is to be learned, in the form that the task needs; None for an unlabelled row.
        gold: the same as the row gives it, written beside predictions.
        weight: how often the row is drawn in training, relative to the others.
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
        """The name in the row."""
        return str(self.row.values[self.column])

    @property
    def path(self) -> Path:
        """The path, relative to the file that names it; a row made from an image file names that file itself."""
        return Path(self.name) if self.name == self.row.file else Path(self.row.file).parent / self.name


def named(row: Row, columns: Mapping[str, Any]) -> Named:
    """The image that a row names.

    Raises:
        RowFault: it names none.
    """
    column = find_column(row, "image", columns, IMAGE)
    if column is None:
        raise missing_role(row, "image", "an image")
    if not string_of(row, column, "image").strip():
        raise RowFault(kinds.EMPTY_IMAGE_PATH, row.where, column=column)
    return Named(row, column)


def looked_at(images: Sequence[Named], notes: Notes) -> list[Picture | None]:
    """The images of some rows, each decoded once; None for one that cannot be used, whose fault goes to the notes."""
    paths = list(dict.fromkeys(image.path for image in images))
    with bombs_refused():
        found = dict(zip(paths, in_threads(_digest_or_fault, paths), strict=True))
    pictures: list[Picture | None] = []
    for image in images:
        digest = found[image.path]
        if isinstance(digest, ImageFault):
            reason = f" ({digest.reason})" if digest.reason else ""
            where = "" if image.name == image.row.file else f"{image.row.where}: "
            notes.add(digest.kind, f"{where}{image.path}{reason}", **digest.values)
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
        labels: the names of label columns that are tried.
        notes: collects faults.
    """

    columns: dict[str, Any]
    labelled: bool
    target: Target
    labels: tuple[str, ...]
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[ImageExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row."""
        made = read_rows(rows, self._parts, self.notes)
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
        """The parts of an example beside its image."""
        label_at = find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        weight = weight_of(row, self.columns, needed=self.labelled)
        if self.labelled and label_at is None:
            raise missing_role(row, "label", "a label")
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
