"""Computes the last layer of a model in fp32."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional


class HeadLinear(nn.Linear):
    """``nn.Linear`` that ignores autocast and computes in fp32.

    Its few products cost nothing, and bf16 would round the model's output: near a probability of 0.98 bf16 values are
    0.004 apart, near a number such as 3.7 they are 0.016 apart.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Returns […, outputs] in fp32."""
        with torch.autocast(input.device.type, enabled=False):
            return functional.linear(input.float(), self.weight, self.bias)


def output_layers(model: nn.Module) -> Iterator[nn.Module]:
    """The linear layers that output a model's labels, outside of its encoder."""
    encoder = getattr(model, getattr(model, "base_model_prefix", "") or "", None)
    inside = set() if encoder is None or encoder is model else set(encoder.modules())
    outputs = getattr(getattr(model, "config", None), "num_labels", None)
    for module in model.modules():
        if type(module) is nn.Linear and module.out_features == outputs and module not in inside:
            yield module


def fp32_head(model: nn.Module) -> None:
    """Makes the linear layers that output a model's labels compute in fp32."""
    for module in output_layers(model):
        module.__class__ = HeadLinear
