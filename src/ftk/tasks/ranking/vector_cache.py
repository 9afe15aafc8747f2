"""Keeps vectors of texts between runs: a folder for each model and each list of texts."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.errors import RunError
from ftk.system.atomic import write_text
from ftk.system.digests import sha256
from ftk.system.locks import lock

_VECTORS = "vectors.f32"
_MANIFEST = "vectors.json"


class _Damaged(Exception):
    """The files of a folder are not those that were written."""


def kept_vectors(
    folder: Path, number: int, make: Callable[[], Iterable[NDArray[Any]]], say: Callable[[str], None]
) -> NDArray[np.float32]:
    """[number, size] the vectors of a folder; they are made first if the folder has none. They stay on the disk, and
    are read as they are needed.

    Args:
        folder: of the cache; its name stands for the model and the texts.
        number: the number of texts.
        make: yields all vectors in blocks, [some, size], which are never in memory together.
        say: shows what is found, and what is wrong with it.

    Raises:
        RunError: the folder cannot be written.
    """
    with _system_errors_reworded(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder, wait=lambda holder: say(f"waiting for {holder} that needs the same vectors"), warn=say):
            try:
                vectors = _read(folder, number)
            except _Damaged as error:
                say(f"note: the vectors that were kept are damaged and are made again ({error})")
                vectors = None
            if vectors is not None:
                say(f"vectors of {number:,} texts, made before ({folder})")
                return vectors
            _write(folder, number, make())
            say(f"vectors of {number:,} texts are kept ({folder})")
            written = _read(folder, number)
            assert written is not None
            return written


def _read(folder: Path, number: int) -> NDArray[np.float32] | None:
    path = folder / _VECTORS
    try:
        saved = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if saved["number"] != number:
            raise ValueError(f"{saved['number']} vectors of {number}")
        if sha256(path) != saved["sha256"]:
            raise ValueError("its SHA-256 is not the one that was saved")
        return np.memmap(path, dtype=np.float32, mode="r", shape=(number, int(saved["size"])))
    except FileNotFoundError as error:
        if Path(str(error.filename)).name == _MANIFEST:
            return None
        raise _Damaged(f"{path}: it is missing") from error
    except (ValueError, TypeError, KeyError) as error:
        raise _Damaged(f"{path}: {error}") from error


def _write(folder: Path, number: int, blocks: Iterable[NDArray[Any]]) -> None:
    """Write the vectors first, then the manifest that says that they are complete."""
    temporary = folder / f".{_VECTORS}.tmp"
    (folder / _MANIFEST).unlink(missing_ok=True)
    written, size = 0, 0
    with temporary.open("wb") as stream:
        for block in blocks:
            stream.write(np.ascontiguousarray(block, dtype=np.float32).data)
            written, size = written + len(block), block.shape[1]
        stream.flush()
        os.fsync(stream.fileno())
    assert written == number
    temporary.replace(folder / _VECTORS)
    saved = {"number": number, "size": size, "sha256": sha256(folder / _VECTORS)}
    write_text(folder / _MANIFEST, json.dumps(saved) + "\n")


@contextlib.contextmanager
def _system_errors_reworded(folder: Path) -> Iterator[None]:
    """Turn errors of the system into a message that says what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder}: the vectors of the candidates cannot be kept here ({error.strerror or error}). Make room, or "
            "name another folder: data.cache_dir=…"
        ) from error
