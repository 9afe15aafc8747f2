"""Replaces the linear layers of a model with faster ones for prediction."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from ftk.kernels.int8 import Int8Linear, Quantized
from ftk.kernels.linear import FastLinear, PrepackedLinear

_LINEAR = (nn.Linear, FastLinear)
Make = Callable[[nn.Linear, str], nn.Module]
"""Makes the replacement of a linear layer; the word is what is computed after it, ``gelu`` or ``none``."""


def quantizing() -> Make:
    """Makes int8 layers of linear layers."""
    shared = Quantized()
    return lambda linear, then: Int8Linear(linear, shared, then)


def prepacking(dtype: torch.dtype, rows: int) -> Make:
    """Makes layers with weights in oneDNN's layout of linear layers. They cannot be trained afterwards.

    Args:
        dtype: data type of the products: fp32 or bf16.
        rows: number of tokens of a typical batch.
    """
    return lambda linear, then: PrepackedLinear(linear, dtype, rows, then)


def replacements(model: nn.Module, make: Make) -> Iterator[tuple[str, Callable[[], None]]]:
    """The name of each linear layer of the encoder, and what replaces it together with a GELU right after it.

    Args:
        model: has the layers.
        make: gets a linear layer and what comes after it, ``gelu`` or ``none``.
    """
    encoder = getattr(model, model.base_model_prefix, model)  # type: ignore[call-overload]
    names = {module: name for name, module in model.named_modules()}
    heads = {id(layer) for layer in _vocabulary_layers(model)}
    for module in list(encoder.modules()):
        with_gelu = _is_gelu_of_linear(module)
        after = [name for name, child in module.named_children() if with_gelu and type(child) not in _LINEAR]
        for name, child in list(module.named_children()):
            if type(child) in _LINEAR and id(child) not in heads:
                yield (
                    f"{names[module]}.{name}".lstrip("."),
                    partial(_replace_child, module, name, make, child, "gelu" if with_gelu else "none", after),
                )


def _replace_child(parent: nn.Module, name: str, make: Make, child: nn.Linear, then: str, after: list[str]) -> None:
    setattr(parent, name, make(child, then))
    for activation in after:
        setattr(parent, activation, nn.Identity())


def _vocabulary_layers(model: nn.Module) -> list[nn.Module]:
    """The layer that outputs logits over a vocabulary, if any: it may share its weights with the embeddings."""
    layer = getattr(model, "get_output_embeddings", lambda: None)()
    return [layer] if isinstance(layer, nn.Module) else []


@torch.inference_mode()
def _is_gelu_of_linear(module: nn.Module) -> bool:
    """Whether a module computes exactly GELU of a linear layer; tested on some numbers."""
    linears = [child for child in module.children() if isinstance(child, nn.Linear) and type(child) in _LINEAR]
    if len(linears) != 1 or len(list(module.children())) != 2:
        return False
    values = torch.linspace(-4, 4, linears[0].in_features).expand(1, 2, -1)
    try:
        found = module(values)
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # the module expects another input
        return False
    expected = nn.functional.gelu(linears[0](values))
    return isinstance(found, Tensor) and found.shape == expected.shape and torch.allclose(found, expected, atol=1e-6)
