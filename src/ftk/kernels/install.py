"""Installs the fast kernels in a model of any architecture."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import nn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.kernels.head import fp32_head
from ftk.kernels.proof import Verdict, proven
from ftk.kernels.ways import ALL, Way, install, training_ways


def use_fast_kernels(model: nn.Module, device: torch.device, *, compiled: bool = False) -> None:
    """Makes a model faster on the CPU, or compiles it; on every device the head computes in fp32.

    A compiled model keeps torch's own modules, which the compiler can optimise. Otherwise, on the CPU, modules of plain
    torch classes change to the fast classes with the same parameters and names, so the model saves the same weights.
    Attention is replaced if the architecture lets its config choose the attention function.

    Args:
        model: changed in place.
        device: that the model is on.
        compiled: whether to compile the model instead of using the CPU kernels.
    """
    if compiled or device.type != "cpu":
        fp32_head(model)
        if compiled:
            model.compile(dynamic=True)
        return
    install(model, training_ways(), Verdict().allows)


class Unfit(Exception):
    """A model cannot be run in a precision, with fast modules or with its own."""


def use_proven_kernels(
    model: nn.Module, ways: Sequence[Way], dtype: torch.dtype, *, training: bool, cache_dir: str | None, notes: Notes
) -> Counter[str]:
    """Makes a model faster on the CPU, where the fast ways compute what its plain modules compute.

    Args:
        model: changed in place.
        ways: the fast ways.
        dtype: of the matrix products.
        training: whether the model is trained.
        cache_dir: the folder of the cache, for the verdict on this architecture, if the user named one.
        notes: receives the ways that are not used.

    Returns:
        How many modules each way changed.

    Raises:
        Unfit: the model cannot be run in this precision, for the reason of the message. It was not changed.
    """
    verdict = proven(model, ways, dtype, training=training, cache_dir=cache_dir)
    if verdict.unfit is not None:
        raise Unfit(verdict.unfit)
    for reason in dict.fromkeys(refusal.reason for refusal in verdict.refusals):
        refused = [refusal for refusal in verdict.refusals if refusal.reason == reason]
        names = [one.way if one.part == ALL else f"{one.way} of {one.part}" for one in refused]
        notes.add(kinds.PLAIN_WAY, model=type(model).__name__, ways=names, reason=reason)
    return install(model, ways, verdict.allows)
