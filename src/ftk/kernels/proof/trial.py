"""One trial of a model: its outputs and gradients for a sample, and how far they are from others."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ftk.kernels.proof.sample import Sample

_SMALL = 1 << 16
"""Elements of a weight up to which its gradient is compared. Large ones take all the time, and what is wrong before
them shows in the gradients of the small ones, norms and biases. Of the large ones, one is compared."""
_FLOOR = 1e-2
"""The deviation of a small tensor is measured against this share of the typical one: some gradients, such as that of a
bias of attention keys, are zero but for rounding."""


@dataclass(frozen=True)
class Outcome:
    """What a model computed.

    Attributes:
        outputs: its floating-point outputs in fp32, without those of padding.
        gradients: of a weighted sum of the outputs, in the order of the weights; zero for a weight that is not used.
    """

    outputs: list[Tensor]
    gradients: list[Tensor]

    def is_finite(self) -> bool:
        """Whether all numbers are finite."""
        return all(math.isfinite(float(tensor.sum())) for tensor in (*self.outputs, *self.gradients))

    def deviations(self, expected: "Outcome") -> list[float]:
        """The relative deviation of each output and each gradient from those that are expected.

        Raises:
            ValueError: the outputs have other shapes.
        """
        return [*_deviations(self.outputs, expected.outputs), *_deviations(self.gradients, expected.gradients)]


def run(sample: Sample, dtype: torch.dtype, weights: list[nn.Parameter]) -> Outcome:
    """Run a sample in a precision.

    Args:
        sample: module and inputs.
        dtype: of the matrix products; the weights are fp32.
        weights: whose gradients are computed; if there are none, nothing is prepared for them.

    Raises:
        Exception: whatever the model raises.
    """
    reduced = dtype is not torch.float32
    with torch.inference_mode(not weights), torch.autocast("cpu", dtype if reduced else torch.bfloat16, reduced):
        outputs = [_real(tensor, sample.real) for tensor in _tensors(sample.module(**sample.inputs))]
        if not weights:
            return Outcome(outputs, [])
        terms = [(tensor * _pattern(tensor)).sum() for tensor in outputs if tensor.requires_grad]
    found = torch.autograd.grad(torch.stack(terms).sum(), weights, allow_unused=True)
    gradients = [torch.zeros(()) if gradient is None else gradient for gradient in found]
    return Outcome([tensor.detach() for tensor in outputs], gradients)


def compared_weights(module: nn.Module) -> list[nn.Parameter]:
    """The weights whose gradients are compared."""
    weights = [weight for weight in module.parameters() if weight.is_floating_point()]
    large = [weight for weight in weights if weight.numel() > _SMALL]
    one = min(large, key=nn.Parameter.numel, default=None)
    return [weight for weight in weights if weight.numel() <= _SMALL or weight is one]


def _tensors(value: Any) -> Iterator[Tensor]:
    """The floating-point tensors in an output of a model, in its order."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)


def _real(tensor: Tensor, real: Tensor | None) -> Tensor:
    """An output in fp32 without its padding."""
    if real is not None and tensor.shape[:2] == real.shape:
        tensor = tensor[real]
    return tensor.float()


def _pattern(tensor: Tensor) -> Tensor:
    """Weights of the elements of a tensor: neither equal nor random."""
    return torch.arange(tensor.numel(), dtype=torch.float32).mul_(2.4).cos_().view(tensor.shape)


def _deviations(found: list[Tensor], expected: list[Tensor]) -> Iterator[float]:
    if [tensor.shape for tensor in found] != [tensor.shape for tensor in expected]:
        raise ValueError("the outputs have other shapes")
    sizes = [_size(tensor) for tensor in expected]
    floor = max(_FLOOR * max(sizes, default=0.0), torch.finfo(torch.float32).tiny)
    for one, other, size in zip(found, expected, sizes, strict=True):
        difference = _size(one - other, masked=(one, other))
        yield difference / max(size, floor)


def _size(tensor: Tensor, masked: tuple[Tensor, Tensor] | None = None) -> float:
    """The root of the mean of squares.

    Args:
        tensor: a difference, or an expected result, of which numbers that are not finite do not count.
        masked: of a difference, its two sides: where they are alike, it is zero, whether they are finite or not.
    """
    size = float(torch.linalg.vector_norm(tensor)) / max(tensor.numel(), 1) ** 0.5
    if math.isfinite(size):
        return size
    if masked is None:
        return _size(tensor.nan_to_num(0, 0, 0))
    one, other = masked
    alike = (one == other) | (one.isnan() & other.isnan())
    return float(tensor.masked_fill(alike, 0).square().mean().sqrt().nan_to_num(nan=torch.inf))
