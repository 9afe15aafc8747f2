"""Whether a folder that was just written gives back the model that was written."""

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
    """Compare what two models say of one batch.

    Args:
        task: whose outputs are compared.
        model: in memory.
        again: loaded from the folder.
        batch: any.
        hardware: of both.
        where: the folder, for the message.

    Raises:
        RunError: they do not say the same.
    """
    found = []
    for one in (model, again):
        one.eval()
        with hardware.autocast(), torch.compiler.set_stance("force_eager"):  # a compiled model rounds otherwise
            found.append(_tensors(task.forward(one, batch)))
    for ours, theirs in zip(*found, strict=True):
        if not torch.allclose(ours.float(), theirs.float(), rtol=1e-4, atol=1e-5, equal_nan=True):
            difference = (ours.float() - theirs.float()).abs().max()
            raise RunError(
                f"{where}: the model that was saved is not the one that was trained: loaded again, its outputs differ "
                f"by up to {difference:.3g}. Its architecture may not save all that it computes with."
            )


def _tensors(outputs: Any) -> list[Tensor]:
    """All tensors in what a task's forward returned."""
    if isinstance(outputs, Tensor):
        return [outputs]
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    elif hasattr(outputs, "__dataclass_fields__"):
        outputs = [getattr(outputs, name) for name in outputs.__dataclass_fields__]
    if isinstance(outputs, (list, tuple)):
        return [tensor for output in outputs for tensor in _tensors(output)]
    return []
