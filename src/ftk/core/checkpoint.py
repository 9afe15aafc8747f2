"""Model folders and the trainer's state: written beside, flushed, renamed; safetensors and JSON alone."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from ftk.core.state import TrainState
from ftk.errors import ModelError
from ftk.models.folder import MANIFEST
from ftk.models.locate import sha256

_TENSORS, _NUMBERS = "trainer.safetensors", "trainer.json"


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
