"""Checks that a saved model, loaded again, computes what the trained one computes."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ftk.contracts.task import Task
from ftk.contracts.values import Batch
from ftk.core.hardware import Hardware
from ftk.errors import RunError


@torch.inference_mode()
def check_reload(task: Task, model: nn.Module, again: nn.Module, batch: Batch, hardware: Hardware, where: Path) -> None:
    """Compare the outputs of two models for one batch.

    Args:
        task: gives the outputs.
        model: in memory.
        again: the same model, loaded from the folder.
        batch: on the device of both.
        hardware: device and precision of both.
        where: the folder, for the message.

    Raises:
        RunError: the outputs differ.
    """
    found = []
    for one in (model, again):
        one.eval()
        with hardware.autocast(), torch.compiler.set_stance("force_eager"):  # a compiled model rounds differently
            found.append(_tensors(task.forward(one, batch)))
    for ours, theirs in zip(*found, strict=True):
        if not torch.allclose(ours.float(), theirs.float(), rtol=1e-4, atol=1e-5, equal_nan=True):
            difference = (ours.float() - theirs.float()).abs().max()
            raise RunError(
                f"{where}: the saved model is not the trained one: loaded again, its outputs differ by up to "
                f"{difference:.3g}. Its architecture may not save everything that it computes with."
            )


def _tensors(outputs: Any) -> list[Tensor]:
    """All tensors in the outputs of a task."""
    if isinstance(outputs, Tensor):
        return [outputs]
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    elif hasattr(outputs, "__dataclass_fields__"):
        outputs = [getattr(outputs, name) for name in outputs.__dataclass_fields__]
    if isinstance(outputs, (list, tuple)):
        return [tensor for output in outputs for tensor in _tensors(output)]
    return []
