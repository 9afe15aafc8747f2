"""Linear layers with fp32 products by oneDNN, and with prepacked weights for prediction."""

from typing import Any

import torch
from torch import Tensor, nn

from ftk.kernels.product import prepacked, product


class FastLinear(nn.Linear):
    """``nn.Linear`` that computes fp32 products with oneDNN instead of MKL; other types are computed by torch."""

    def forward(self, input: Tensor) -> Tensor:
        """Returns ``input @ weight.T + bias``."""
        plain = input.dtype is torch.float32 and self.weight.dtype is torch.float32 and input.numel() > 0
        if not plain or torch.is_autocast_enabled("cpu") or input.device.type != "cpu":
            return super().forward(input)
        output: Tensor = _Linear.apply(input, self.weight, self.bias)
        return output


class _Linear(torch.autograd.Function):
    """The three products of a linear layer: the output, and the gradients of input and weight."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None
        output = product(input, weight, bias)
        # The operator returns a view of its rows, and a model may change the output of a layer in place.
        unseen: Tensor = torch.ops.aten._unsafe_view(output, output.shape)
        return unseen

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
    """A linear layer for prediction only; its weight is stored in the layout and data type of the products."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, dtype: torch.dtype, rows: int, then: str) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach().to(dtype)
        self.register_buffer("weight", prepacked(linear.weight.detach().to(dtype), rows), persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.dtype, self.then = dtype, then

    def forward(self, input: Tensor) -> Tensor:
        """Returns [..., outputs] in the type of the weight."""
        return product(input.to(self.dtype), self.weight, self.bias, self.then)
