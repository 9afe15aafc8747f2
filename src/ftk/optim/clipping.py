"""Gradient clipping within the optimizer step, if the optimizer supports it."""

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
    """Context in which ``optimizer.step()`` uses gradients clipped to a total norm (Pascanu et al. 2013).

    Fused optimizers divide gradients by ``grad_scale`` while reading them. This is meant for loss scaling, and makes
    clipping free. For other optimizers the gradients are scaled beforehand, which takes one more pass over all of them.

    Args:
        optimizer: the optimizer that is about to step.
        gradients: gradients of all its parameters.
        norm: total norm of the gradients, a scalar tensor.
        limit: maximum norm; None does not clip.
        scaler: loss scaler; if it is enabled, it uses ``grad_scale`` itself, and gradients are scaled beforehand.
    """
    if limit is None:
        yield
        return
    excess = ((norm + 1e-6) / limit).clamp_min(1.0)  # the reciprocal of the factor in torch.nn.utils.clip_grad_norm_
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
