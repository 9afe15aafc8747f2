"""Divides the last layer of a model by a temperature, so that its logits are calibrated wherever it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ftk.kernels.head import output_layers

_CLOSE, _NEAR = 1e-4, 1e-5


@torch.no_grad()
def fold(model: nn.Module, temperature: float, logits: Callable[[], Tensor]) -> bool:
    """Divide the weights of the last layer.

    Args:
        model: with plain modules; changed in place, unless no layer is found.
        temperature: above 0.
        logits: runs the model on the same windows each time.

    Returns:
        Whether the logits are now divided; false if the model has no layer that does this, or shares it with another.
    """
    wanted = logits() / temperature
    for parameters in _candidates(model):
        kept = [parameter.clone() for parameter in parameters]
        for parameter in parameters:
            parameter.div_(temperature)
        if torch.allclose(logits(), wanted, rtol=_CLOSE, atol=_NEAR):
            return True
        for parameter, before in zip(parameters, kept, strict=True):
            parameter.copy_(before)
    return False


def last_layers(model: nn.Module) -> list[nn.Module]:
    """The layers that may output the logits; the last one of each kind of model that ftk knows is among them."""
    return list(output_layers(model))


def _candidates(model: nn.Module) -> Iterator[list[nn.Parameter]]:
    """Parameters that may be all that logits are linear in: of all layers with an output for each label, of the last of
    them, or of the model itself, if it is a linear one."""
    shared = _shared(model)
    layers = last_layers(model)
    for group in (layers, layers[-1:], [model]):
        parameters = [parameter for layer in group for parameter in layer.parameters(recurse=False)]
        if parameters and not any(id(parameter) in shared for parameter in parameters):
            yield parameters


def _shared(model: nn.Module) -> set[int]:
    """The parameters that several modules have."""
    seen: set[int] = set()
    twice: set[int] = set()
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            (twice if id(parameter) in seen else seen).add(id(parameter))
    return twice
