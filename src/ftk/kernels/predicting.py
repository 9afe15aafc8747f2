"""The linear layers of a model that will only predict, in the place of those that it was trained with."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ftk.kernels.int8 import Int8Linear, Quantized
from ftk.kernels.linear import FastLinear, PrepackedLinear
from ftk.kernels.product import can_prepack

_LINEAR = (nn.Linear, FastLinear)


def quantize(model: nn.Module) -> int:
    """Put int8 layers in the place of the linear layers of a model's encoder; its head stays as it is.

    Returns:
        How many layers were replaced.
    """
    shared = Quantized()
    return _replace(model, lambda linear, then: Int8Linear(linear, shared, then))


def prepack_weights(model: nn.Module, dtype: torch.dtype, rows: int) -> int:
    """Lay the weights of a model's encoder out for the products of prediction, where oneDNN can; no gradient after.

    Args:
        model: on the CPU, in the precision that it was trained in.
        dtype: of the products: fp32 or bf16.
        rows: the tokens of a usual batch.

    Returns:
        How many layers were replaced.
    """
    return _replace(model, lambda linear, then: PrepackedLinear(linear, dtype, rows, then)) if can_prepack() else 0


def _replace(model: nn.Module, make: Callable[[nn.Linear, str], nn.Module]) -> int:
    """Layers made of the linear layers of the encoder and of what comes right after each: ``gelu`` or ``none``."""
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
    """The layer that makes logits of a vocabulary, where there is one: its weights may be those of the embeddings."""
    layer = getattr(model, "get_output_embeddings", lambda: None)()
    return [layer] if isinstance(layer, nn.Module) else []


@torch.inference_mode()
def _is_gelu_of_linear(module: nn.Module) -> bool:
    """Whether a module is a linear layer and gelu of it, and nothing else; seen by trying it on some numbers."""
    linears = [child for child in module.children() if isinstance(child, _LINEAR)]
    if len(linears) != 1 or len(list(module.children())) != 2:
        return False
    values = torch.linspace(-4, 4, linears[0].in_features).expand(1, 2, -1)
    try:
        found = module(values)
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # it takes something else
        return False
    expected = nn.functional.gelu(linears[0](values))
    return isinstance(found, Tensor) and found.shape == expected.shape and torch.allclose(found, expected, atol=1e-6)
