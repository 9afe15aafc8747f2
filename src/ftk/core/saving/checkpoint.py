"""Model folders and training states: only safetensors and JSON, verified when written and when read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ftk.core.state import TrainState
from ftk.errors import ModelError, RunError
from ftk.models.loading.verified_folder import CALIBRATION, verify_folder, write_manifest
from ftk.system.atomic import flush, fresh_name, old_name, remove, replace_folder
from ftk.system.strict_json import dumps

_TENSORS, _NUMBERS = "trainer.safetensors", "trainer.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that a model folder is written from, as it was at one moment.

    Attributes:
        model: gives the names and the config; its parameters may have changed since.
        processor: the tokenizer or image processor; it has ``save_pretrained``.
        manifest: the content of ``ftk.json``.
        weights: copies of the model's tensors; None: the model's own, which do not change until they are written.
        tensors: of the training state; None: only the model is saved.
        numbers: of the training state.
        beside: the contents of JSON files that other libraries read, by name; some are in a sub-folder.
        calibration: the arrays of ``calibration.safetensors``; None: there is no such file.
        own: files that the user wrote into the folder before it, by name; they stay as they are.
    """

    model: nn.Module
    processor: Any
    manifest: dict[str, Any]
    weights: dict[str, torch.Tensor] | None = None
    tensors: dict[str, torch.Tensor] | None = None
    numbers: dict[str, Any] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, torch.Tensor] | None = None
    own: Mapping[str, bytes] = field(default_factory=dict)


def snapshot_of_state(
    state: TrainState,
    weights: Mapping[str, torch.Tensor],
    processor: Any,
    manifest: dict[str, Any],
    beside: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Copy everything that a resumed run needs, so that training can continue while it is written.

    Args:
        state: of the training.
        weights: of the model, from which training resumes.
        processor: the tokenizer or image processor.
        manifest: the content of ``ftk.json``.
        beside: see ``Snapshot``.
    """
    copies: dict[int, torch.Tensor] = {}

    def copied(tensor: torch.Tensor) -> torch.Tensor:
        """A copy. Tensors that share memory share their copy."""
        key = tensor.data_ptr()
        if key not in copies or copies[key].shape != tensor.shape:
            copies[key] = tensor.detach().to("cpu", copy=True)
        return copies[key]

    return Snapshot(
        model=state.model,
        processor=processor,
        manifest=manifest,
        weights={name: copied(tensor) for name, tensor in weights.items()},
        tensors={name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in state.tensors().items()},
        numbers=state.numbers(),
        beside=beside or {},
    )


def save(target: Path, taken: Snapshot, *, keep: Path | None = None) -> None:
    """Write a model folder, verify it, and replace the folder before it.

    Args:
        target: the folder.
        taken: its content.
        keep: the new name of the folder before it; by default that folder is removed.

    Raises:
        RunError: it could not be written; the folder before it is still there.
    """

    def fill(folder: Path) -> None:
        taken.model.save_pretrained(folder, state_dict=taken.weights)  # type: ignore[operator]
        try:
            taken.processor.save_pretrained(folder)
        except Exception as error:  # the tokenizers library raises plain ones
            raise OSError(str(error)) from error
        for name, content in taken.beside.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(dumps(content, indent=2) + "\n", encoding="utf-8")
        if taken.calibration:
            save_file(dict(taken.calibration), folder / CALIBRATION)
        if taken.tensors is not None:
            save_file(taken.tensors, folder / _TENSORS)
            (folder / _NUMBERS).write_text(dumps(taken.numbers, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
        write_manifest(folder, taken.manifest)
        for name, text in taken.own.items():
            (folder / name).write_bytes(text)

    def check(folder: Path) -> None:
        verify_folder(folder)
        if taken.tensors is not None and taken.weights is not None:
            _compare(load_file(folder / _TENSORS), taken.tensors)
            for path in folder.glob("model*.safetensors"):
                _compare(load_file(path), taken.weights)

    try:
        replace_folder(target, fill, check, keep=keep)
    except (OSError, SafetensorError, ModelError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RunError(f"{target}: step {taken.manifest['step']} cannot be saved ({reason})") from error


def _compare(written: dict[str, torch.Tensor], meant: dict[str, torch.Tensor]) -> None:
    """Compare what was written bit by bit; names that only one side has are those an architecture renames."""
    for name in written.keys() & meant.keys():
        one, other = (tensors[name].contiguous().reshape(-1).view(torch.uint8) for tensors in (written, meant))
        if not torch.equal(one, other):
            raise OSError(f"{name} was not written correctly")


def restore_state(folder: Path, state: TrainState, *, optimizer: bool = True) -> dict[str, Any]:
    """Restore the training state of ``last/``; the model must have been loaded from it already.

    Args:
        folder: ``last/``.
        state: is changed.
        optimizer: whether to restore the optimizer; otherwise it starts fresh.

    Returns:
        The saved numbers, among them the settings that the optimizer had.

    Raises:
        ModelError: the folder has no state that fits.
    """
    try:
        numbers: dict[str, Any] = json.loads((folder / _NUMBERS).read_text(encoding="utf-8"))
        state.restore(load_file(folder / _TENSORS), numbers, optimizer=optimizer)
    except (
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        SafetensorError,
        RuntimeError,
    ) as error:
        raise ModelError(f"{folder}: the training state cannot be restored ({error}).") from error
    return numbers


def recover(target: Path, *others: Path, say: Callable[[str], None], step: int | None = None) -> dict[str, Any]:
    """After a crash, give the newest folder that verifies the name ``target``.

    Args:
        target: the folder.
        others: further candidates, besides the names that ``target`` has while it is replaced.
        say: receives a sentence for each damaged folder, and for the one that is used instead.
        step: prefer the folder of this step to newer ones.

    Returns:
        The manifest of the folder.

    Raises:
        ModelError: no folder verifies, and nothing was changed. The message names what is wrong with each.
    """
    good: list[tuple[int, Path, dict[str, Any]]] = []
    problems = []
    for path in (target, fresh_name(target), *others, old_name(target)):
        if not path.exists():
            continue
        try:
            manifest = verify_folder(path)
            good.append((int(manifest["step"]), path, manifest))
        except (ModelError, KeyError, TypeError, ValueError) as error:
            if path != fresh_name(target):  # it was never finished, so nothing is lost with it
                problems.append(str(error) if isinstance(error, ModelError) else f"{path}: {error!r}")
    if not good:
        raise ModelError("\n".join(problems) or f"{target}: there is no such folder.")
    for problem in problems:
        say(problem)
    found, chosen, manifest = max(good, key=lambda item: (item[0] == step, item[0]))
    if chosen != target:
        say(f"resuming from {chosen} (step {found}) instead of {target}")
        remove(target)
        chosen.rename(target)
        flush(target.parent)
    for path in (fresh_name(target), old_name(target)):
        remove(path)
    return manifest
