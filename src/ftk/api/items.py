"""Rows that a caller has in memory: texts, pairs, tokens, mappings, images, datasets."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.data.readers.hub import named_rows
from ftk.errors import DataError
from ftk.system.atomic import own_name
from ftk.system.digests import sha256

INPUT = "<input>"
"""What stands for the file name in messages about rows in memory; rows are counted from 1."""
_PAIRS = (("text", "pair"), ("question", "context"), ("query", "candidate"), ("image", "text"))
"""The columns that the two parts of a tuple fill, for the first of these that a task reads."""


class ImageFiles:
    """A folder of image files for images that are in memory, which readers know by their paths.

    Files are PNG, without loss, and named by their content.

    Args:
        folder: made when the first image arrives; None: a temporary folder, removed by ``close``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.names: dict[str, str | None] = {}
        """For each file the name of the file that Pillow read the image from; None if there was none."""

    def __enter__(self) -> ImageFiles:
        return self

    def __exit__(self, *error: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def add(self, image: Any) -> Path:
        """The file that an image of Pillow is written to."""
        if self._folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="ftk-images-")
            self._folder = Path(self._temporary.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        if image.mode not in ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA", "F"):
            image = image.convert("RGB")  # as it would be if it were read from a file
        kind = "TIFF" if image.mode == "F" else "PNG"
        written = own_name(self._folder / "image")
        with written.open("x+b") as stream:
            image.save(stream, kind, exif=image.getexif())
        path = written.replace(self._folder / f"{sha256(written)[:32]}.{kind.lower()}").absolute()
        self.names[str(path)] = str(image.filename) if getattr(image, "filename", "") else None
        return path


def is_image(value: Any) -> bool:
    """Whether a value is an image of Pillow."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def is_one_row(rows: Any) -> bool:
    """Whether the caller gave a single row rather than a collection of rows."""
    return isinstance(rows, (str, bytes, Path, Mapping, tuple)) or is_image(rows)


def items_of(rows: Any) -> Iterator[Any]:
    """The rows of a list, an iterator, a ``datasets.Dataset`` or a data frame, one after the other.

    Raises:
        DataError: it is none of these.
    """
    if hasattr(rows, "with_format") and hasattr(rows, "features"):
        return named_rows(rows)
    if hasattr(rows, "to_dict") and hasattr(rows, "iterrows"):
        return iter(rows.to_dict("records"))
    if not isinstance(rows, Iterable):
        raise DataError(f"rows: expected a list or an iterator of rows, not {_kind(rows)}.")
    return iter(rows)


def row_of(
    item: Any, number: int, *, roles: Sequence[str], reads: Sequence[str], columns: Mapping[str, Any], files: ImageFiles
) -> Row:
    """One row in memory as the readers of files give it.

    Args:
        item: a text, a tuple of two parts, a list of tokens, a mapping of columns, a path of an image or an image.
        number: of the row, counted from 1, for messages.
        roles: the columns that the task reads.
        reads: the input of its model: ``text``, ``image`` or both.
        columns: ``data.columns``, the names of the columns.
        files: keeps images that are in memory.

    Raises:
        DataError: the task cannot read the item.
    """
    values = _columns(item, number, roles, reads, columns)
    values = {name: files.add(value) if is_image(value) else value for name, value in values.items()}
    return Row(
        {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}, INPUT, number
    )


def with_given_names(record: dict[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """A record with the names of images that are in memory instead of those of the files that hold them."""
    given = {key: value for key, value in record.items() if isinstance(value, str) and value in names}
    return {**record, **{key: names[value] for key, value in given.items()}} if given else record


def _columns(
    item: Any, number: int, roles: Sequence[str], reads: Sequence[str], columns: Mapping[str, Any]
) -> dict[str, Any]:
    def named(role: str) -> str:
        wanted = columns.get(role)
        return str(wanted) if wanted is not None and not isinstance(wanted, (list, tuple)) else role

    if isinstance(item, Mapping):
        return {str(name): value for name, value in item.items()}
    if is_image(item) or isinstance(item, Path) or (isinstance(item, str) and "text" not in reads):
        if "image" not in roles:
            raise DataError(f"{INPUT}:{number}: this model reads no images, but the row is {_kind(item)}.")
        return {named("image"): item}
    if isinstance(item, str):
        return {named("text"): item}
    if isinstance(item, tuple):
        pair = next((pair for pair in _PAIRS if set(pair) <= {*roles}), None)
        if pair is None or len(item) != 2:
            raise DataError(
                f"{INPUT}:{number}: the row is a tuple of {len(item)}. A tuple is a pair for a task that reads pairs; "
                f"this task reads the columns {', '.join(roles)}: give a dict with their names."
            )
        return {named(role): value for role, value in zip(pair, item, strict=True)}
    if isinstance(item, list) and "tokens" in roles:
        return {named("tokens"): item}
    keys = ", ".join(role for role in roles if role != "sentence")  # it is for tables with a row per token
    raise DataError(
        f"{INPUT}:{number}: the row is {_kind(item)}. A row is a text, a dict with the columns {keys}, a tuple of "
        "two parts, or an image."
    )


def _kind(value: Any) -> str:
    return f"of the type {type(value).__name__}"
