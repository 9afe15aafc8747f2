"""Cross entropy over a vocabulary in one pass over the logits, a few rows at a time."""

from typing import Any

import torch
from torch import Tensor

_AT_ONCE = 1 << 19
"""Number of fp32 logits per chunk: 2 MiB, which stay in the caches."""


def cross_entropy_sum(logits: Tensor, labels: Tensor) -> Tensor:
    """Summed cross entropy, computed in fp32 for logits of any type.

    On the CPU the gradient is computed together with the loss, while the logits are in the caches. Only the gradient is
    kept, in the type of the logits; the plain implementation keeps three copies in fp32.

    Args:
        logits: [targets, classes].
        labels: [targets] class of each target.
    """
    if logits.device.type != "cpu" or not logits.requires_grad:
        return torch.nn.functional.cross_entropy(logits.float(), labels, reduction="sum")
    total: Tensor = _CrossEntropySum.apply(logits, labels)
    return total


class _CrossEntropySum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor) -> Tensor:
        gradient = torch.empty_like(logits)
        total = torch.zeros((), dtype=torch.float64)
        rows = max(1, _AT_ONCE // logits.shape[1])
        for begin in range(0, len(logits), rows):
            some = logits[begin : begin + rows].to(torch.float32, copy=True)
            wanted = labels[begin : begin + rows, None]
            some -= some.amax(1, keepdim=True)
            right = some.gather(1, wanted)
            sums = some.exp_().sum(1, keepdim=True)
            total += (sums.log() - right).sum()
            some /= sums
            some.scatter_add_(1, wanted, some.new_full((), -1).expand(wanted.shape))
            gradient[begin : begin + rows] = some
        ctx.save_for_backward(gradient)
        return total.float()

    @staticmethod
    def backward(ctx: Any, of_total: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * of_total, None
