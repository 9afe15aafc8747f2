"""Installs the fast kernels in a model of any architecture."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import nn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.kernels.head import fp32_head
from ftk.kernels.proof import Verdict, proven
from ftk.kernels.ways import ALL, Way, install


def use_fast_kernels(model: nn.Module, *, compiled: bool) -> None:
    """Makes a model ready that keeps torch's own modules: its head computes in fp32, and it may be compiled.

    Args:
        model: changed in place.
        compiled: whether to compile it.
    """
    fp32_head(model)
    if compiled:
        model.compile(dynamic=True)


class Unfit(Exception):
    """A model cannot be run in a precision, with fast modules or with its own."""


def use_proven_kernels(
    model: nn.Module, ways: Sequence[Way], dtype: torch.dtype, *, cache_dir: str | None, notes: Notes
) -> Counter[str]:
    """Makes a model that only predicts faster on the CPU, where the fast ways compute what its plain modules compute.

    Args:
        model: changed in place.
        ways: the fast ways.
        dtype: of the matrix products.
        cache_dir: the folder of the cache, for the verdict on this architecture, if the user named one.
        notes: receives the ways that are not used.

    Returns:
        How many modules each way changed.

    Raises:
        Unfit: the model cannot be run in this precision, for the reason of the message. It was not changed.
    """
    verdict = proven(model, ways, dtype, training=False, cache_dir=cache_dir)
    if verdict.unfit is not None:
        raise Unfit(verdict.unfit)
    return install_allowed(model, ways, verdict, notes)


def install_allowed(model: nn.Module, ways: Sequence[Way], verdict: Verdict, notes: Notes) -> Counter[str]:
    """Makes a model faster by the ways that a verdict allows.

    Args:
        model: changed in place.
        ways: the fast ways.
        verdict: on them.
        notes: receives the ways that are not used.

    Returns:
        How many modules each way changed.
    """
    for reason in dict.fromkeys(refusal.reason for refusal in verdict.refusals):
        refused = [refusal for refusal in verdict.refusals if refusal.reason == reason]
        names = [one.way if one.part == ALL else f"{one.way} of {one.part}" for one in refused]
        notes.add(kinds.PLAIN_WAY, model=type(model).__name__, ways=names, reason=reason)
    return install(model, ways, verdict.allows)
