"""The rules by which relevance goes back through a model: gradient times input of a model that is linear by parts.

Each rule keeps the value of an operation and replaces its derivative, so that gradient times input, summed over all
inputs of a function that has only such operations, is its value. They are those of AttnLRP (Achtibat et al. 2024,
"AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for Transformers", Proposition 3.2 to 3.5) where a product
halves its relevance and an activation passes it on, with the attention weights and the deviation of a norm held
constant (Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

Rule = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


class RelevanceRules(TorchFunctionMode):
    """While it is entered, functions of torch have the derivatives of the rules.

    The rules are of operations, not of architectures: whatever is made of linear layers, norms, activations, attention
    and products follows them. An operation without a rule keeps its derivative.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        rule = _RULES.get(getattr(func, "__name__", ""))
        if rule is None or not torch.is_grad_enabled():
            return func(*args, **(kwargs or {}))
        return rule(func, args, dict(kwargs or {}))


def _is_variable(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _activation(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The identity rule: the input times a constant."""
    if not args or not _is_variable(args[0]):
        return func(*args, **kwargs)
    given = args[0]
    with torch.no_grad():
        value = func(given.detach().clone(), *args[1:], **kwargs)
        ratio = torch.where(given == 0, torch.zeros_like(given), value / given)
    return given * ratio


def _constant(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Attention weights and lengths of vectors: their derivative is 0."""
    return func(*args, **kwargs).detach()


def _attention(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Attention whose weights are constants."""
    names = ("query", "key")
    held = tuple(value.detach() if place < 2 else value for place, value in enumerate(args))
    return func(*held, **{name: value.detach() if name in names else value for name, value in kwargs.items()})


def _product(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The uniform rule: each factor has half of the relevance."""
    if len(args) > 1 and _is_variable(args[0]) and _is_variable(args[1]):
        args = (_halved(args[0]), _halved(args[1]), *args[2:])
    return func(*args, **kwargs)


def _halved(value: Tensor) -> Tensor:
    """The same number with half of the gradient."""
    half = value * 0.5
    return half + half.detach()


def _quotient(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A quotient whose denominator is a constant."""
    if len(args) > 1 and _is_variable(args[1]):
        args = (args[0], args[1].detach(), *args[2:])
    return func(*args, **kwargs)


def _layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """A layer norm whose deviation is a constant."""
    over = tuple(range(-len(tuple(normalized_shape)), 0))
    centred = input - input.mean(over, keepdim=True)
    found = centred * (centred.detach().square().mean(over, keepdim=True) + eps).rsqrt()
    found = found if weight is None else found * weight
    return found if bias is None else found + bias


def _rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The same for a norm that does not move the mean."""
    over = tuple(range(-len(tuple(normalized_shape)), 0))
    least = torch.finfo(input.dtype).eps if eps is None else eps
    found = input * (input.detach().square().mean(over, keepdim=True) + least).rsqrt()
    return found if weight is None else found * weight


def _unit(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    """Vectors of length 1, whose own length is a constant."""
    return input / input.detach().norm(p, dim, keepdim=True).clamp_min(eps)


def _of(replacement: Callable[..., Tensor]) -> Rule:
    return lambda func, args, kwargs: replacement(*args, **kwargs)


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("gelu", "relu", "relu_", "silu", "silu_", "tanh", "tanh_", "leaky_relu", "mish"), _activation),
    **dict.fromkeys(("mul", "__mul__", "__rmul__", "multiply", "matmul", "__matmul__", "bmm"), _product),
    **dict.fromkeys(("div", "__truediv__", "true_divide", "divide"), _quotient),
    **dict.fromkeys(("softmax", "norm"), _constant),
    "scaled_dot_product_attention": _attention,
    "layer_norm": _of(_layer_norm),
    "rms_norm": _of(_rms_norm),
    "normalize": _of(_unit),
}
