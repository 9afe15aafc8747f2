"""int8 linear layers for prediction: weights are quantized once, activations at run time (Jacob et al. 2018).

The products are computed by oneDNN, through the operators that torch's compiler uses for quantized models.
"""

import math

import torch
from torch import Tensor, nn

_STEPS = 254
"""Quantization steps between the smallest and the largest activation, so that rounding stays below 255."""


class Int8Linear(nn.Module):
    """``nn.Linear`` in int8, with one weight scale per output, and one activation scale and zero point per batch."""

    def __init__(self, linear: nn.Linear, shared: "Quantized | None" = None, then: str = "none") -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(1).clamp_min(1e-12) / 127
        rounded = (weight / scale[:, None]).round_().to(torch.int8)
        self.register_buffer("weight", torch.ops.onednn.qlinear_prepack(rounded, None), persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("zero", torch.zeros(len(scale), dtype=torch.int32), persistent=False)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().float(), persistent=False)
        self.shared = shared or Quantized()
        self.outputs = len(scale)
        self.then = then

    def forward(self, input: Tensor) -> Tensor:
        """Returns […, outputs] in the type of the input, or of autocast if that is enabled."""
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        quantized, scale, zero = self.shared.of(input.to(dtype))
        if not math.isfinite(scale):
            return input.new_full((*input.shape[:-1], self.outputs), math.nan, dtype=dtype)
        output: Tensor = torch.ops.onednn.qlinear_pointwise(
            quantized, scale, zero, self.weight, self.scale, self.zero, self.bias, 1.0, 0, dtype, self.then, [], "none"
        )
        return output


class Quantized:
    """Caches the last quantized activations, because the query, key and value projections read the same input."""

    def __init__(self) -> None:
        self.input: Tensor | None = None
        self.output: tuple[Tensor, float, int]

    def of(self, input: Tensor) -> tuple[Tensor, float, int]:
        """Returns uint8 values, their scale and their zero point; the range always includes zero."""
        if self.input is not input:
            low, high = (float(edge) for edge in torch.aminmax(input))
            low, high = min(low, 0.0), max(high, 0.0)
            scale = max((high - low) / _STEPS, 1e-12)
            if not math.isfinite(scale):  # of numbers that are not finite nothing can be computed
                self.input, self.output = input, (input, scale, 0)
                return self.output
            zero = round(-low / scale)
            # Converts through int8, which has vector instructions; flipping the sign bit undoes the shift by 128.
            shifted = torch.add(input.new_tensor(zero - 128), input, alpha=1 / scale).round_().to(torch.int8)
            self.input, self.output = input, (shifted.view(torch.uint8).bitwise_xor_(128), scale, zero)
        return self.output
