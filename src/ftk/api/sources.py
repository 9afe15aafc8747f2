"""Training and evaluation data given in Python: rows in memory become a file in the cache, named by its content.

So a run that was trained on rows in memory has the same fingerprints, the same ``config.yaml`` and the same way to
resume as one that was trained on files: rows that are equal are the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ftk.api.items import INPUT, ImageFiles, is_image, items_of
from ftk.data.images.decoding import is_image_name
from ftk.data.images.examples import IMAGE
from ftk.errors import ConfigError, DataError
from ftk.system.atomic import own_name
from ftk.system.cache import cache_folder
from ftk.system.paths import expanded

SPLITS = ("train", "validation", "test")


def data_overrides(data: Any, image_column: str | None = None) -> dict[str, Any]:
    """The keys and values that name the data of a run.

    Args:
        data: one source, for training; or a mapping from split to source. A source is a path, a glob, a list of them,
            or rows: a list of dicts, a ``datasets.Dataset``, a data frame.
        image_column: the column that ``data.columns.image`` names.

    Raises:
        DataError: a split has another name, or a source cannot be used.
    """
    if data is None:
        return {}
    splits = data if isinstance(data, Mapping) else {"train": data}
    if unknown := [str(name) for name in splits if name not in SPLITS]:
        raise DataError(f"data: there is no split '{unknown[0]}'; the splits are {', '.join(SPLITS)}.")
    return {f"data.{split}": source_of(source, image_column) for split, source in splits.items() if source is not None}


def source_of(source: Any, image_column: str | None = None) -> str | list[str]:
    """The path, or the paths, of a source of rows; rows in memory are written to the cache first.

    Args:
        source: see ``data_overrides``.
        image_column: see ``data_overrides``.

    Raises:
        DataError: it is no source of rows, or holds no row, or a value that JSON has no form for.
    """
    if isinstance(source, (str, Path)):
        return str(source)
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, Path)) for item in source):
        return [str(item) for item in source]
    return str(_written(source, image_column))


@contextmanager
def rows_in_memory() -> Iterator[None]:
    """A block whose errors about rows given in memory name them ``<input>``, and not their file in the cache."""
    try:
        yield
    except DataError as error:
        try:
            folder = _rows_folder().absolute()
        except ConfigError:  # it has no place, so no rows were written there
            raise error from None
        kept = re.compile(re.escape(str(folder)) + r"/[0-9a-f]{32}\.jsonl")
        if not kept.search(str(error)):
            raise
        for finding in error.findings:
            finding.places[:] = [kept.sub(INPUT, place) for place in finding.places]
        raise type(error)(kept.sub(INPUT, str(error)), findings=error.findings) from error


def _rows_folder() -> Path:
    return cache_folder(None) / "rows"


def _written(rows: Any, image_column: str | None) -> Path:
    folder = _rows_folder()
    folder.mkdir(parents=True, exist_ok=True)
    digest, number = hashlib.sha256(), 0
    files = ImageFiles(folder / "images")
    temporary = own_name(folder / "rows.jsonl")
    with temporary.open("xb") as stream:
        try:
            for number, item in enumerate(items_of(rows), start=1):
                line = _line(item, number, {*IMAGE, image_column}, files)
                digest.update(line)
                stream.write(line)
            if not number:
                raise DataError("data: there is no row.")
            stream.flush()
            os.fsync(stream.fileno())
            return temporary.replace(folder / f"{digest.hexdigest()[:32]}.jsonl").absolute()
        finally:
            temporary.unlink(missing_ok=True)


def _line(item: Any, number: int, image_columns: set[str | None], files: ImageFiles) -> bytes:
    if not isinstance(item, Mapping):
        raise DataError(
            f"{INPUT}:{number}: a row of data is a dict with the task's columns, as {{'text': …, 'label': …}}; this "
            f"one is of the type {type(item).__name__}."
        )
    row = {}
    for name, value in item.items():
        if isinstance(value, (str, Path)) and name in image_columns and is_image_name(value):
            # The file is in the cache, and paths are relative to the caller's working directory.
            path = expanded(value)
            value = str(path.absolute()) if path.is_file() else value
        row[str(name)] = _plain(value, f"{INPUT}:{number}: {name}", files)
    try:
        return f"{json.dumps(row, ensure_ascii=False)}\n".encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which a reader reports with its place
        return f"{json.dumps(row)}\n".encode()


def _plain(value: Any, where: str, files: ImageFiles) -> Any:
    """A value of a row as JSON has it.

    Raises:
        DataError: JSON has no form for it.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Path):
        return str(value)
    if is_image(value):
        return str(files.add(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(part, where, files) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, where, files) for part in value]
    if hasattr(value, "tolist") and not hasattr(value, "read"):  # arrays and numbers of numpy
        return _plain(value.tolist(), where, files)
    raise DataError(f"{where}: a value of the type {type(value).__name__} cannot be kept in a row.")
