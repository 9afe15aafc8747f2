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
from ftk.data.images.decoding import ImageFault, digest_of, in_threads, refuse_decompression_bombs
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.rows.columns import find_column, missing_role, report_columns, string_of, weight_of
from ftk.data.rows.gold import gold_of

IMAGE = ("image", "image_path", "path", "file_name", "filename")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that a row names.

    Attributes:
        name: the path as the row gives it.
        path: the path of the file.
        digest: the SHA-256 of its file.
    """

    name: str
    path: Path
    digest: str


@dataclass(slots=True)
class ImageExample(Example):
    """One row.

    Attributes:
        image: the image.
        target: what to learn, in the form that the task needs; None for an unlabelled row.
        gold: the same, written beside predictions; an unlabelled row may have it, too.
        weight: how often the row is drawn in training, relative to the others.
        row: where it comes from.
        columns: the other columns.
    """

    image: ImageFile
    target: Any
    gold: Any
    weight: float
    row: Row
    columns: dict[str, Any]

    @property
    def key(self) -> str:  # type: ignore[override]
        """The SHA-256 of the image."""
        return self.image.digest

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The image."""
        return ((self.image.name, self.image.digest),)


@dataclass(frozen=True, slots=True)
class ImageCell:
    """The cell of a row that names an image."""

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


def image_cell(row: Row, columns: Mapping[str, Any]) -> ImageCell:
    """The cell that names the image of a row.

    Raises:
        RowFault: it names none.
    """
    column = find_column(row, "image", columns, IMAGE)
    if column is None:
        raise missing_role(row, "image", "an image")
    if not string_of(row, column, "image").strip():
        raise RowFault(kinds.EMPTY_IMAGE_PATH, row.where, column=column)
    return ImageCell(row, column)


def checked_images(cells: Sequence[ImageCell], notes: Notes) -> list[ImageFile | None]:
    """The images of some rows, each file decoded once; None for an unusable one, whose fault goes to the notes."""
    paths = list(dict.fromkeys(cell.path for cell in cells))
    with refuse_decompression_bombs():
        found = dict(zip(paths, in_threads(_digest_or_fault, paths), strict=True))
    images: list[ImageFile | None] = []
    for cell in cells:
        digest = found[cell.path]
        if isinstance(digest, ImageFault):
            reason = f" ({digest.reason})" if digest.reason else ""
            where = "" if cell.name == cell.row.file else f"{cell.row.where}: "
            notes.add(digest.kind, f"{where}{cell.path}{reason}", **digest.values)
            images.append(None)
        else:
            images.append(ImageFile(cell.name, cell.path, digest))
    return images


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
        images = checked_images([cell for cell, _ in made], self.notes)
        return [ImageExample(image, *rest) for image, (_, rest) in zip(images, made, strict=True) if image is not None]

    def _parts(self, row: Row) -> tuple[ImageCell, tuple[Any, Any, float, Row, dict[str, Any]]]:
        cell = image_cell(row, self.columns)
        return cell, self._rest(row, cell.column)

    def _rest(self, row: Row, image_at: str) -> tuple[Any, Any, float, Row, dict[str, Any]]:
        """The parts of an example beside its image."""
        label_at = find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        weight = weight_of(row, self.columns, needed=self.labelled)
        if self.labelled and label_at is None:
            raise missing_role(row, "label", "a label")
        target = self.target(row, label_at) if self.labelled else None
        gold = target
        if label_at is not None and not self.labelled:
            gold = gold_of(self.target, row, label_at, row.values[label_at])
        if self.labelled:
            report_columns(self.notes, {"image": image_at, "label": label_at}, self.columns)
        others = {name: value for name, value in row.values.items() if name not in (image_at, label_at)}
        return target, gold, weight, row, others


def _digest_or_fault(path: Path) -> str | ImageFault:
    try:
        return digest_of(path)
    except ImageFault as fault:
        return fault
