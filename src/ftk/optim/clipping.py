"""Gradient clipping that leaves the multiplication to the optimizer where that can do it on the way."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def clipped(
    optimizer: torch.optim.Optimizer,
    gradients: list[Tensor],
    norm: Tensor,
    limit: float | None,
    scaler: torch.amp.GradScaler,
) -> Iterator[None]:
    """A context in which ``optimizer.step()`` uses gradients of at most this total norm (Pascanu et al. 2013).

    Fused optimizers divide by ``grad_scale`` while they read a gradient, which is meant for loss scaling; with it
    clipping costs nothing. For the others the gradients are multiplied beforehand, which goes through all of them
    once more.

    Args:
        optimizer: is about to step.
        gradients: of all its parameters.
        norm: their total norm, a scalar.
        limit: the largest norm; None for any.
        scaler: of the loss; where it is enabled, ``grad_scale`` is its own.
    """
    if limit is None:
        yield
        return
    excess = ((norm + 1e-6) / limit).clamp_min(1.0)  # the reciprocal of what torch.nn.utils.clip_grad_norm_ takes
    fused = all(group.get("fused") for group in optimizer.param_groups)
    if scaler.is_enabled() or not fused or not getattr(optimizer, "_step_supports_amp_scaling", False):
        torch._foreach_div_(gradients, excess)
        yield
        return
    optimizer.grad_scale = excess  # type: ignore[attr-defined]
    optimizer.found_inf = torch.zeros((), device=excess.device)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del optimizer.grad_scale, optimizer.found_inf  # type: ignore[attr-defined]
