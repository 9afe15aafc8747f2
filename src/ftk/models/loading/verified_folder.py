"""Writes and verifies ``ftk.json``, the manifest of a model folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ftk.errors import ModelError
from ftk.models.files.needed import files_of_pooling, is_pooling_file
from ftk.system.digests import sha256
from ftk.system.strict_json import dumps

MANIFEST = "ftk.json"
CALIBRATION = "calibration.safetensors"
"""Arrays of the calibration of a model, see ``ftk.calibration.kept``."""
_NEEDED = {"task", "labels", "max_length", "stride", "files", "check"}
_MOST_BYTES = 1 << 26
"""Size limit of a manifest; most have a few kilobytes, with very many labels a few megabytes."""


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes ``ftk.json``, the last file of a folder: size and SHA-256 of all others, and a checksum of itself."""
    made = json.loads(dumps({**manifest, "files": files_of(folder)}))  # as it will be read back: all keys are strings
    text = dumps({**made, "check": _check(made)}, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def files_of(folder: Path) -> dict[str, Any]:
    """Size and SHA-256 of each file in a folder, and of the config of a pooling in a sub-folder, by name."""
    names = {path.name for path in folder.iterdir() if path.is_file()} | files_of_pooling(folder)
    paths = {name: folder / name for name in sorted(names)}
    return {name: {"size": path.stat().st_size, "sha256": sha256(path)} for name, path in paths.items()}


def trained_length(folder: Path) -> int | None:
    """Window length in ``ftk.json`` of a model folder; None if ftk did not write the folder."""
    try:
        length = _read(folder / MANIFEST)["max_length"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return length if isinstance(length, int) and length > 0 else None


def _read(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def verify_folder(folder: Path) -> dict[str, Any]:
    """Verifies a model folder that ftk wrote and returns its manifest.

    Raises:
        ModelError: the folder has no manifest, or a file is missing or differs from what was written.
    """
    path = folder / MANIFEST
    try:
        manifest = _read(path)
        if not manifest.keys() >= _NEEDED:
            raise KeyError(f"{', '.join(sorted(_NEEDED - manifest.keys()))} is missing")
        if manifest.pop("check") != _check(manifest):
            raise ValueError("its checksum does not match")
        files = {str(name): (int(facts["size"]), str(facts["sha256"])) for name, facts in manifest["files"].items()}
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder}: {MANIFEST} is missing; name a model folder that ftk wrote, such as <run>/best."
        ) from error
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{path}: the manifest is damaged ({error}).") from error
    for name, (size, digest) in files.items():
        _verify(folder, name, size, digest)
    return manifest


def _verify(folder: Path, name: str, size: int, digest: str) -> None:
    path = folder / name
    if (Path(name).name != name and not is_pooling_file(name)) or path.is_dir():
        raise ModelError(f"{folder / MANIFEST}: '{name}' is not the name of a file of this folder.")
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path}: not a regular file.")
        found = path.stat().st_size
        if found != size:
            raise ModelError(f"{path}: the file has {found:,} bytes, expected {size:,}.")
        if sha256(path) != digest:
            raise ModelError(f"{path}: the file has changed since it was saved (its SHA-256 differs from {MANIFEST}).")
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the file is missing, but {MANIFEST} lists it.") from error
    except OSError as error:
        raise ModelError(f"{path}: the file cannot be read ({error.strerror}).") from error


def _check(manifest: dict[str, Any]) -> str:
    """SHA-256 of the manifest's content, independent of its formatting."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
