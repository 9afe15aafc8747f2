"""Rows that name images, as examples with a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.texts import Target
from ftk.data.images.decoding import ImageFault, digest_of, in_threads, refuse_decompression_bombs
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import find_column, missing_role, report_columns, string_of, weight_of
from ftk.data.rows.gold import gold_of
from ftk.data.rows.odd_labels import note_label, without_missing

IMAGE = ("image", "image_path", "path", "file_name", "filename")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that a row names or holds.

    Attributes:
        name: the path as the row gives it; for an image in the row its path there, or else the place of the row.
        path: the path of the file; the same as the name for an image in the row.
        digest: the SHA-256 of its file.
        content: the file that the row holds; None if it is at the path.
    """

    name: str
    path: Path
    digest: str
    content: bytes | None = field(default=None, repr=False)

    @property
    def source(self) -> Path | bytes:
        """What to decode: the file that the row holds, or its path."""
        return self.path if self.content is None else self.content


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
    def ties(self) -> tuple[Tie, ...]:
        """The image."""
        return (Tie("image", self.image.digest),)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The image."""
        return ((self.image.name, self.image.digest),)


@dataclass(frozen=True, slots=True)
class ImageCell:
    """The cell of a row that names an image, or holds the content of its file."""

    row: Row
    column: str

    @property
    def content(self) -> bytes | None:
        """The content of the file; None if the cell names the file."""
        return _held(self.row.values[self.column])[0]

    @property
    def name(self) -> str:
        """The name in the row; the place of the row if it holds an image without a name."""
        return _held(self.row.values[self.column])[1] or self.row.where

    @property
    def path(self) -> Path:
        """The path, relative to the file that names it; a row made from an image file names that file itself."""
        if self.content is not None or self.name == self.row.file:
            return Path(self.name)
        return Path(self.row.file).parent / self.name

    @property
    def source(self) -> Path | bytes:
        """What to decode."""
        content = self.content
        return self.path if content is None else content


def _held(value: Any) -> tuple[bytes | None, str | None]:
    """The content and the name in a cell: a path, a content, or both, as the ``datasets`` library keeps them."""
    if isinstance(value, dict):
        content, name = value.get("bytes"), value.get("path")
        return content if isinstance(content, bytes) else None, name if isinstance(name, str) else None
    return (value, None) if isinstance(value, bytes) else (None, str(value))


def image_cell(row: Row, columns: Mapping[str, Any]) -> ImageCell:
    """The cell that names the image of a row.

    Raises:
        RowFault: it names none.
    """
    column = find_column(row, "image", columns, IMAGE)
    if column is None:
        raise missing_role(row, "image", "an image")
    content, name = _held(row.values[column])
    if content is None:
        if not isinstance(row.values[column], dict):
            name = string_of(row, column, "image")
        if name is None or not name.strip():
            raise RowFault(kinds.EMPTY_IMAGE_PATH, row.where, column=column)
    return ImageCell(row, column)


def checked_images(cells: Sequence[ImageCell], notes: Notes) -> list[ImageFile | None]:
    """The images of some rows, each file decoded once; None for an unusable one, whose fault goes to the notes."""
    sources = list(dict.fromkeys(cell.source for cell in cells))
    with refuse_decompression_bombs():
        found = dict(zip(sources, in_threads(_digest_or_fault, sources), strict=True))
    images: list[ImageFile | None] = []
    for cell in cells:
        digest = found[cell.source]
        if isinstance(digest, ImageFault):
            reason = f" ({digest.reason})" if digest.reason else ""
            where = "" if cell.name in (cell.row.file, cell.row.where) else f"{cell.row.where}: "
            notes.add(digest.kind, f"{where}{cell.path}{reason}", **digest.values)
            images.append(None)
        else:
            images.append(ImageFile(cell.name, cell.path, digest, cell.content))
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
        unlabelled: the policy for labelled rows without a label, ``error`` or ``drop``.
    """

    columns: dict[str, Any]
    labelled: bool
    target: Target
    labels: tuple[str, ...]
    notes: Notes
    unlabelled: str = "error"

    def read(self, rows: Iterable[Row]) -> list[ImageExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has the label.
        """
        if self.labelled:
            rows = list(rows)
            self.columns = settle_columns(rows, self.columns, {"label": self.labels}, self.notes)
        made = read_rows(rows, self._parts, self.notes, unlabelled=self.unlabelled)
        images = checked_images([cell for cell, _ in made], self.notes)
        examples = [
            ImageExample(image, *rest) for image, (_, rest) in zip(images, made, strict=True) if image is not None
        ]
        return without_missing(examples, self.notes, unlabelled=self.unlabelled) if self.labelled else examples

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
        if label_at is not None:
            note_label(row, label_at, target, self.notes)
        gold = target
        if label_at is not None and not self.labelled:
            gold = gold_of(self.target, row, label_at, row.values[label_at])
        if self.labelled:
            report_columns(self.notes, {"image": image_at, "label": label_at}, self.columns)
        others = {name: value for name, value in row.values.items() if name not in (image_at, label_at)}
        return target, gold, weight, row, others


def _digest_or_fault(source: Path | bytes) -> str | ImageFault:
    try:
        return digest_of(source)
    except ImageFault as fault:
        return fault
