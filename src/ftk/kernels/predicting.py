"""Replaces the linear layers of a model with faster ones for prediction."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ftk.kernels.int8 import Int8Linear, Quantized
from ftk.kernels.linear import FastLinear, PrepackedLinear
from ftk.kernels.product import can_prepack

_LINEAR = (nn.Linear, FastLinear)


def quantize(model: nn.Module) -> int:
    """Replaces the linear layers of a model's encoder with int8 layers; the head is unchanged.

    Returns:
        The number of replaced layers.
    """
    shared = Quantized()
    return _replace(model, lambda linear, then: Int8Linear(linear, shared, then))


def prepack_weights(model: nn.Module, dtype: torch.dtype, rows: int) -> int:
    """Stores the weights of a model's encoder in oneDNN's layout, if supported. The model cannot be trained afterwards.

    Args:
        model: on the CPU, with fp32 weights.
        dtype: data type of the products: fp32 or bf16.
        rows: number of tokens of a typical batch.

    Returns:
        The number of replaced layers.
    """
    return _replace(model, lambda linear, then: PrepackedLinear(linear, dtype, rows, then)) if can_prepack() else 0


def _replace(model: nn.Module, make: Callable[[nn.Linear, str], nn.Module]) -> int:
    """Replaces each linear layer of the encoder, together with a GELU right after it (``gelu``, else ``none``)."""
    encoder = getattr(model, model.base_model_prefix, model)  # type: ignore[call-overload]
    heads = {id(layer) for layer in _vocabulary_layers(model)}
    count = 0
    for module in list(encoder.modules()):
        with_gelu = _is_gelu_of_linear(module)
        for name, child in list(module.named_children()):
            if type(child) in _LINEAR and id(child) not in heads:
                setattr(module, name, make(child, "gelu" if with_gelu else "none"))
                count += 1
            elif with_gelu:
                setattr(module, name, nn.Identity())
    return count


def _vocabulary_layers(model: nn.Module) -> list[nn.Module]:
    """The layer that outputs logits over a vocabulary, if any: it may share its weights with the embeddings."""
    layer = getattr(model, "get_output_embeddings", lambda: None)()
    return [layer] if isinstance(layer, nn.Module) else []


@torch.inference_mode()
def _is_gelu_of_linear(module: nn.Module) -> bool:
    """Whether a module computes exactly GELU of a linear layer; tested on some numbers."""
    linears = [child for child in module.children() if isinstance(child, _LINEAR)]
    if len(linears) != 1 or len(list(module.children())) != 2:
        return False
    values = torch.linspace(-4, 4, linears[0].in_features).expand(1, 2, -1)
    try:
        found = module(values)
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # the module expects another input
        return False
    expected = nn.functional.gelu(linears[0](values))
    return isinstance(found, Tensor) and found.shape == expected.shape and torch.allclose(found, expected, atol=1e-6)
