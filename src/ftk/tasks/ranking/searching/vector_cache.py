"""Keeps vectors of texts between runs: a folder for each model and each list of texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.system import kept
from ftk.system.atomic import replaced, write_text
from ftk.system.digests import sha256

_VECTORS = "vectors.f32"
_MANIFEST = "vectors.json"


def cached_vectors(
    folder: Path, number: int, make: Callable[[], Iterable[NDArray[Any]]], say: Callable[[str], None]
) -> NDArray[np.float32]:
    """[number, size] The vectors in a folder, memory-mapped; they are computed first if the folder has none.

    Args:
        folder: of the cache; its name stands for the model and the texts.
        number: of the texts.
        make: returns all vectors in blocks [some, size], one block at a time.
        say: shows whether there are vectors, and whether they are damaged.

    Raises:
        RunError: the folder cannot be written.
    """
    with kept.folder(folder, "the vectors of the candidates", waiting="that needs the same vectors", say=say):
        try:
            vectors = _read(folder, number)
        except kept.Damaged as error:
            say(f"note: the saved vectors are damaged and are computed again ({error})")
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
    saved = kept.read_json(folder / _MANIFEST)
    if saved is None:
        return None
    try:
        if saved["number"] != number:
            raise ValueError(f"{saved['number']} vectors of {number}")
        kept.verify({path: str(saved["sha256"])})
        return np.memmap(path, dtype=np.float32, mode="r", shape=(number, int(saved["size"])))
    except (ValueError, TypeError, KeyError) as error:
        raise kept.Damaged(f"{path}: {error}") from error


def _write(folder: Path, number: int, blocks: Iterable[NDArray[Any]]) -> None:
    """Write the vectors first, then the manifest that describes them."""
    (folder / _MANIFEST).unlink(missing_ok=True)
    written, size = 0, 0
    with replaced(folder / _VECTORS) as temporary, temporary.open("xb") as stream:
        for block in blocks:
            stream.write(np.ascontiguousarray(block, dtype=np.float32).data)
            written, size = written + len(block), block.shape[1]
    assert written == number
    saved = {"number": number, "size": size, "sha256": sha256(folder / _VECTORS)}
    write_text(folder / _MANIFEST, json.dumps(saved) + "\n")
