"""The fast ways to compute parts of a model, as data: each can be installed alone, and in some parts only."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from ftk.kernels import attention, predicting
from ftk.kernels.dropout import FastDropout
from ftk.kernels.head import HeadLinear, output_layers
from ftk.kernels.linear import FastLinear
from ftk.kernels.norm import FastLayerNorm
from ftk.kernels.product import can_prepack, pays_in_training
from ftk.kernels.unpadded import Unpadded, unpadded

ALL = "*"
"""All parts of a model."""
INT8 = "int8"
"""Name of the way that the user chooses by ``hardware.precision=int8``."""
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)|^\d+(?=\.)|(?<=\.)\d+$")


@dataclass(frozen=True)
class Change:
    """One place of a model where a way can be installed.

    Attributes:
        part: the name of the module, with ``*`` for numbers: the same for all layers.
        apply: changes the model. Nothing else of it is changed than classes, attributes and submodules of its modules,
            and its configs.
    """

    part: str
    apply: Callable[[], None]


@dataclass(frozen=True)
class Way:
    """A fast way to compute some modules of a model.

    Attributes:
        name: for messages.
        changes: the places of a model that it can change.
        deviation: the relative deviation that the way has by its nature, on top of rounding in the run's precision.
    """

    name: str
    changes: Callable[[nn.Module], Iterable[Change]]
    deviation: float = 0.0


def training_ways(*, mixed_lengths: bool = False) -> tuple[Way, ...]:
    """The ways for models that are trained on the CPU, in the order of their installation.

    Args:
        mixed_lengths: whether rows of any length share a batch, so that much of it would be padding.
    """
    ways = [HEAD, DROPOUT, NORM, *([LINEAR] if pays_in_training() else []), ATTENTION]
    return (*ways, *([UNPADDED] if mixed_lengths else []))


def prediction_ways(dtype: torch.dtype, *, rows: int, int8: bool, others: bool = True) -> tuple[Way, ...]:
    """The ways for models that only predict on the CPU, in the order of their installation.

    Args:
        dtype: of the matrix products.
        rows: number of tokens of a typical batch.
        int8: whether to quantize the linear layers of the encoder.
        others: whether to use other ways.
    """
    ways = [_quantized()] if int8 else [_prepacked(dtype, rows)] if others and can_prepack() else []
    return (*ways, *(training_ways() if others else ()))


def install(model: nn.Module, ways: Iterable[Way], allowed: Callable[[str, str], bool]) -> Counter[str]:
    """Install fast ways in a model.

    Args:
        model: changed in place.
        ways: in this order.
        allowed: whether a way, by its name, may change a part; or, if that is ``ALL``, any part.

    Returns:
        The number of places that each way changed.
    """
    changed: Counter[str] = Counter()
    for way in ways:
        if not allowed(way.name, ALL):
            continue
        changes = list(way.changes(model))[::-1]
        while changes:  # each may hold a layer, which is freed when it is replaced
            change = changes.pop()
            if allowed(way.name, change.part):
                change.apply()
                changed[way.name] += 1
    return changed


def part_of(name: str) -> str:
    """The name of a module with ``*`` for numbers."""
    return _NUMBER.sub("*", name)


def _of_class(name: str, plain: type[nn.Module], fast: type[nn.Module]) -> Way:
    """A way that is a subclass of a class of torch with the same parameters."""

    def changes(model: nn.Module) -> Iterator[Change]:
        for path, module in model.named_modules():
            if type(module) is plain:
                yield Change(part_of(path), lambda module=module: setattr(module, "__class__", fast))  # type: ignore[misc]

    return Way(name, changes)


def _heads(model: nn.Module) -> Iterator[Change]:
    names = {module: name for name, module in model.named_modules()}
    for module in output_layers(model):
        yield Change(part_of(names[module]), lambda module=module: setattr(module, "__class__", HeadLinear))  # type: ignore[misc]


def _attentions(model: nn.Module) -> Iterator[Change]:
    """A model may contain encoders with configs of their own; the first change of a config covers all that share it."""
    for path, part in model.named_modules():
        config = getattr(part, "config", None)
        if getattr(part, "_supports_sdpa", False) and getattr(config, "_attn_implementation", None) == "sdpa":
            yield Change(part_of(path), lambda part=part: _use_attention(part))  # type: ignore[misc]


def _use_attention(part: nn.Module) -> None:
    if part.config._attn_implementation == "sdpa":  # type: ignore[union-attr]
        attention.register()
        part.set_attn_implementation(attention.NAME)  # type: ignore[operator]


def _unpadded(model: nn.Module) -> Iterator[Change]:
    """The lists of layers that attend by ftk's kernel and hand the mask on to it: it has to be installed before."""
    for path, part in model.named_modules():
        config = getattr(part, "config", None)
        if getattr(part, "_supports_sdpa", False) and getattr(config, "_attn_implementation", None) == attention.NAME:
            for name, inner in part.named_children():
                if _has_layers(inner):
                    where = f"{path}.{name}" if path else name
                    yield Change(part_of(where), partial(_leave_padding_out, inner))


def _leave_padding_out(layers: nn.Module) -> None:
    kind: Any = type(layers)
    layers.__class__ = unpadded(kind)


def _has_layers(module: nn.Module) -> bool:
    """Whether a module is a list of layers that takes the states of tokens and their mask."""
    if isinstance(module, Unpadded) or not any(isinstance(child, nn.ModuleList) for child in module.children()):
        return False
    return list(inspect.signature(module.forward).parameters)[:2] == ["hidden_states", "attention_mask"]


def _prepacked(dtype: torch.dtype, rows: int) -> Way:
    return Way("prepacked weights", lambda model: _replacements(model, predicting.prepacking(dtype, rows)))


def _quantized() -> Way:
    # The largest activation has 8 bits: some per cent, and any share of an output that is nearly zero.
    return Way(INT8, lambda model: _replacements(model, predicting.quantizing()), deviation=1.0)


def _replacements(model: nn.Module, make: predicting.Make) -> Iterator[Change]:
    for path, apply in predicting.replacements(model, make):
        yield Change(part_of(path), apply)


HEAD = Way("fp32 head", _heads)
DROPOUT = _of_class("dropout", nn.Dropout, FastDropout)
NORM = _of_class("layer norm", nn.LayerNorm, FastLayerNorm)
LINEAR = _of_class("linear layers", nn.Linear, FastLinear)
ATTENTION = Way("attention", _attentions)
UNPADDED = Way("layers without padding", _unpadded)
