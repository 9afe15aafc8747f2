"""Dropout on the CPU (Srivastava et al. 2014) with masks from a fast random generator."""

from typing import Any

import torch
from torch import Tensor, nn

from ftk.kernels.random_bits import keep_mask, masked, true_rate


class FastDropout(nn.Dropout):
    """``nn.Dropout``, about ten times as fast on the CPU; torch's seed determines the masks."""

    def forward(self, input: Tensor) -> Tensor:
        """Drops elements of ``input`` at the rate ``p`` and scales the others by 1 / (1 - p)."""
        if not self.training or self.p == 0:
            return input
        if input.device.type != "cpu" or not input.is_floating_point() or self.p == 1:
            return super().forward(input)
        dropped: Tensor = _Dropout.apply(input, self.p)
        return dropped


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, rate: float) -> Tensor:
        mask = keep_mask(values.shape, rate)
        ctx.save_for_backward(mask)
        ctx.scale = 1 / (1 - true_rate(rate))
        return masked(values, mask).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return masked(gradient, mask).mul_(ctx.scale), None
