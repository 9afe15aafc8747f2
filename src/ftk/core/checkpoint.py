"""Model folders and the trainer's state: safetensors and JSON alone, verified when written and when read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ftk.core.state import TrainState
from ftk.errors import ModelError, RunError
from ftk.models.loading.verified_folder import verify_folder, write_manifest
from ftk.system.atomic import flush, fresh_name, old_name, remove, replace_folder

_TENSORS, _NUMBERS = "trainer.safetensors", "trainer.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that a model folder is made of, as it was at one moment."""

    model: nn.Module
    """For its names and its config; its parameters may have changed since."""
    processor: Any
    """What makes numbers of the model's input: it has ``save_pretrained``."""
    manifest: dict[str, Any]
    weights: dict[str, torch.Tensor] | None
    """None where the model's own are to be written, for nothing changes them meanwhile."""
    tensors: dict[str, torch.Tensor] | None
    """The trainer's; None where only the model is saved."""
    numbers: dict[str, Any] | None


def snapshot(model: nn.Module, processor: Any, manifest: dict[str, Any], state: TrainState | None) -> Snapshot:
    """What there is to write now; with ``state`` a copy of all that training changes, and what a resumed run needs."""
    if state is None:
        return Snapshot(model=model, processor=processor, manifest=manifest, weights=None, tensors=None, numbers=None)
    copies: dict[int, torch.Tensor] = {}

    def copied(tensor: torch.Tensor) -> torch.Tensor:
        """A copy; what shares its memory with another tensor shares it with that one's copy."""
        key = tensor.data_ptr()
        if key not in copies or copies[key].shape != tensor.shape:
            copies[key] = tensor.detach().to("cpu", copy=True)
        return copies[key]

    return Snapshot(
        model=model,
        processor=processor,
        manifest=manifest,
        weights={name: copied(tensor) for name, tensor in model.state_dict().items()},
        tensors={name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in state.tensors().items()},
        numbers=state.numbers(),
    )


def save(target: Path, taken: Snapshot, *, keep: Path | None = None) -> None:
    """Write a model folder, verify it, and put it in the place of the one before.

    Args:
        target: the folder.
        taken: what it is made of.
        keep: what the one before is called from now on; by default it is removed.

    Raises:
        RunError: it could not be written; what was there before is still there.
    """

    def fill(folder: Path) -> None:
        taken.model.save_pretrained(folder, state_dict=taken.weights)  # type: ignore[operator]
        try:
            taken.processor.save_pretrained(folder)
        except Exception as error:  # the tokenizers library raises plain ones
            raise OSError(str(error)) from error
        if taken.tensors is not None:
            save_file(taken.tensors, folder / _TENSORS)
            (folder / _NUMBERS).write_text(json.dumps(taken.numbers, indent=1) + "\n", encoding="utf-8")
        write_manifest(folder, taken.manifest)

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
    """See that what was written is what was to be written, bit by bit; some architectures save under other names."""
    for name in written.keys() & meant.keys():
        one, other = (tensors[name].contiguous().reshape(-1).view(torch.uint8) for tensors in (written, meant))
        if not torch.equal(one, other):
            raise OSError(f"{name} is not what was to be written")


def restore_state(folder: Path, state: TrainState, *, optimizer: bool = True) -> None:
    """Put the trainer's state in ``last/`` back; the model must have been loaded from it already.

    Args:
        folder: ``last/``.
        state: to be changed.
        optimizer: whether the optimizer's state is taken; without it the optimizer begins anew.

    Raises:
        ModelError: the folder holds no state that fits.
    """
    try:
        numbers = json.loads((folder / _NUMBERS).read_text(encoding="utf-8"))
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
        raise ModelError(f"{folder}: the trainer's state cannot be restored ({error}).") from error


def recover(target: Path, *others: Path, say: Callable[[str], None], step: int | None = None) -> dict[str, Any]:
    """After a crash or a fault: the newest of some folders that verifies gets the name of the first.

    Args:
        target: the folder's name.
        others: where an older one may be, beside the names that it has while it is being replaced.
        say: is told what was damaged, and what is taken in its place.
        step: of the one that is wanted; it comes before newer ones.

    Returns:
        What the folder's manifest says.

    Raises:
        ModelError: none verifies; nothing has been touched. The text says what is wrong with each.
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
            if path != fresh_name(target):  # that one was never finished: nothing is lost with it
                problems.append(str(error) if isinstance(error, ModelError) else f"{path}: {error!r}")
    if not good:
        raise ModelError("\n".join(problems) or f"{target}: there is no such folder.")
    for problem in problems:
        say(problem)
    found, chosen, manifest = max(good, key=lambda item: (item[0] == step, item[0]))
    if chosen != target:
        say(f"going on from {chosen} (step {found}) in the place of {target}")
        remove(target)
        chosen.rename(target)
        flush(target.parent)
    for path in (fresh_name(target), old_name(target)):
        remove(path)
    return manifest
