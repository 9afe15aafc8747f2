"""Model folders and the trainer's state: written beside, flushed, renamed; safetensors and JSON alone."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from ftk.core.state import TrainState
from ftk.errors import ModelError
from ftk.models.locate import sha256

MANIFEST = "ftk.json"
_TENSORS, _NUMBERS = "trainer.safetensors", "trainer.json"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What a model folder says of itself in ``ftk.json``."""

    path: Path
    manifest: dict[str, Any]


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Write a folder under another name, flush it, and put it in the place of the old one.

    At every moment the target or ``.<name>.old`` is whole; ``recover_folder`` finds it.
    """
    fresh, old = _beside(target)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    fill(fresh)
    for path in sorted(fresh.rglob("*")):
        if path.is_file():
            _flush(path)
    _flush(fresh)
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    fresh.rename(target)
    _flush(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(target: Path) -> None:
    """After a crash: the old folder comes back where the new one never arrived; half-written ones go."""
    fresh, old = _beside(target)
    if not target.exists() and old.exists():
        old.rename(target)
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)


def save_model(
    target: Path, model: nn.Module, tokenizer: Any, manifest: dict[str, Any], state: TrainState | None = None
) -> None:
    """Write a model folder; with ``state`` also what a resumed run needs."""

    def fill(folder: Path) -> None:
        model.save_pretrained(folder)  # type: ignore[operator]
        tokenizer.save_pretrained(folder)
        if state is not None:
            save_file({name: tensor.contiguous() for name, tensor in state.tensors().items()}, folder / _TENSORS)
            write_json(folder / _NUMBERS, state.numbers())
        files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}
        write_json(folder / MANIFEST, {**manifest, "files": files})

    replace_folder(target, fill)


def open_model(folder: Path) -> ModelFolder:
    """Read and verify a model folder that ftk wrote.

    Raises:
        ModelError: there is none, a file is missing, or a file is not the one that was written.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"].items()
        manifest["task"], manifest["max_length"], manifest["stride"]
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: there is no {MANIFEST}; it must be a model folder that ftk wrote.") from error
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{folder / MANIFEST}: this cannot be read as ftk wrote it ({error}).") from error
    for name, digest in files:
        path = folder / str(name)
        if Path(str(name)).name != name or path.is_dir():
            raise ModelError(f"{folder / MANIFEST}: '{name}' is not the name of a file of this folder.")
        if not path.is_file():
            raise ModelError(f"{path}: the file is missing; {MANIFEST} lists it.")
        if sha256(path) != digest:
            raise ModelError(f"{path}: the file is not the one that was saved (its SHA-256 differs from {MANIFEST}).")
    return ModelFolder(folder, manifest)


def restore_state(folder: Path, state: TrainState) -> None:
    """Put the trainer's state in ``last/`` back; the model must have been loaded from it already.

    Raises:
        ModelError: the folder holds no state that fits.
    """
    try:
        numbers = json.loads((folder / _NUMBERS).read_text(encoding="utf-8"))
        state.restore(load_file(folder / _TENSORS), numbers)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: the trainer's state cannot be restored ({error}).") from error


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file under another name, then rename it."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def _beside(target: Path) -> tuple[Path, Path]:
    return target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
