"""Linear layers whose fp32 products are oneDNN's, and for prediction with weights laid out once."""

from typing import Any

import torch
from torch import Tensor, nn

from ftk.kernels.product import prepacked, product


class FastLinear(nn.Linear):
    """``nn.Linear`` by oneDNN in fp32, where torch would ask MKL; in any other type it is torch's own."""

    def forward(self, input: Tensor) -> Tensor:
        """``input @ weight.T + bias``."""
        plain = input.dtype is torch.float32 and self.weight.dtype is torch.float32 and input.numel() > 0
        if not plain or torch.is_autocast_enabled("cpu") or input.device.type != "cpu":
            return super().forward(input)
        output: Tensor = _Linear.apply(input, self.weight, self.bias)
        return output


class _Linear(torch.autograd.Function):
    """All three products of a linear layer: its output, and what the gradient of that says of input and weight."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None
        return product(input, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        input, weight = ctx.saved_tensors
        of_input = of_weight = of_bias = None
        rows = gradient.reshape(-1, gradient.shape[-1])
        if ctx.needs_input_grad[0]:
            of_input = product(gradient, weight.t())
        if ctx.needs_input_grad[1]:
            of_weight = product(rows.t(), input.reshape(-1, input.shape[-1]).t())
        if ctx.has_bias and ctx.needs_input_grad[2]:
            of_bias = rows.sum(0)
        return of_input, of_weight, of_bias


class PrepackedLinear(nn.Module):
    """A linear layer that only predicts: its weight is kept in the layout and the type of its products."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, dtype: torch.dtype, rows: int, then: str) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach().to(dtype)
        self.register_buffer("weight", prepacked(linear.weight.detach().to(dtype), rows), persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.dtype, self.then = dtype, then

    def forward(self, input: Tensor) -> Tensor:
        """[..., outputs] in the type of the weight."""
        return product(input.to(self.dtype), self.weight, self.bias, self.then)
