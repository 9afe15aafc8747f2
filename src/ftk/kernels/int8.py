"""Linear layers in int8 for prediction: weights quantized once, activations as they come (Jacob et al. 2018).

The products are oneDNN's, through the operators that torch's own compiler uses for quantized models.
"""

import torch
from torch import Tensor, nn

_STEPS = 254
"""Steps between the smallest and the largest activation: rounding must not carry past 255."""


class Int8Linear(nn.Module):
    """``nn.Linear`` with int8 weights, one scale an output; activations get one scale and one zero point a batch."""

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
        self.then = then

    def forward(self, input: Tensor) -> Tensor:
        """[…, outputs] in the type of the input, or of autocast where that is on."""
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        quantized, scale, zero = self.shared.of(input.to(dtype))
        output: Tensor = torch.ops.onednn.qlinear_pointwise(
            quantized, scale, zero, self.weight, self.scale, self.zero, self.bias, 1.0, 0, dtype, self.then, [], "none"
        )
        return output


class Quantized:
    """The activations quantized last: the projections to queries, keys and values all read the same ones."""

    def __init__(self) -> None:
        self.input: Tensor | None = None
        self.output: tuple[Tensor, float, int]

    def of(self, input: Tensor) -> tuple[Tensor, float, int]:
        """uint8 values with their scale and zero point; the range always includes zero."""
        if self.input is not input:
            low, high = (float(edge) for edge in torch.aminmax(input))
            low, high = min(low, 0.0), max(high, 0.0)
            scale = max((high - low) / _STEPS, 1e-12)
            zero = round(-low / scale)
            # By way of int8, for which the conversion has vector instructions; the sign bit makes up for the shift.
            shifted = torch.add(input.new_tensor(zero - 128), input, alpha=1 / scale).round_().to(torch.int8)
            self.input, self.output = input, (shifted.view(torch.uint8).bitwise_xor_(128), scale, zero)
        return self.output
