"""A small padded batch for a model of any architecture."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

_TIME = 8
"""Tokens of the first row."""
_SHORTER = 5
"""Tokens of the second row; the rest of it is padding."""
_WRITTEN = 3
"""Tokens per row that a decoder is given."""
_SIDE = 64
"""Side of an image in pixels, for models whose config names none."""


@dataclass(frozen=True)
class Sample:
    """What a module is tried with.

    Attributes:
        module: the model, or its encoder.
        inputs: arguments of its forward: two rows of tokens, the second one padded, or two images, or both.
        real: [rows, time] true for real tokens; None without tokens.
    """

    module: nn.Module
    inputs: dict[str, Any]
    real: Tensor | None


def samples(model: nn.Module) -> Iterator[Callable[[int], Sample]]:
    """Makers of samples for the whole model, and for its encoder, whose forward may need less; any number gives one."""
    yield lambda number: _sample(model, number)
    encoder = getattr(model, getattr(model, "base_model_prefix", "") or "", None)
    if isinstance(encoder, nn.Module) and encoder is not model:
        yield lambda number: _sample(encoder, number)


def _sample(module: Any, number: int) -> Sample:
    names = inspect.signature(module.forward).parameters
    inputs: dict[str, Any] = {}
    real = None
    if "input_ids" in names:
        real = torch.arange(_TIME)[None] < torch.tensor([[_TIME], [_SHORTER]])
        inputs["input_ids"] = _tokens(module, real, number)
        if "attention_mask" in names:
            inputs["attention_mask"] = real.long()
        if getattr(module.config, "is_encoder_decoder", False) and "decoder_input_ids" in names:
            inputs["decoder_input_ids"] = _tokens(
                module.get_decoder(), torch.ones(2, _WRITTEN, dtype=torch.bool), number
            )
    main = getattr(module, "main_input_name", "")
    if main == "pixel_values" or ("pixel_values" in names and _is_needed(names["pixel_values"])):
        inputs = {**({} if main == "pixel_values" else inputs), "pixel_values": _pixels(module.config, number)}
        real = None if main == "pixel_values" else real
    return Sample(module, inputs, real)


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _tokens(module: Any, real: Tensor, number: int) -> Tensor:
    """[rows, time] tokens from all over the vocabulary; none is special, but the last of each row may end it."""
    try:
        table = module.get_input_embeddings()
    except NotImplementedError:  # characters without a table
        table = None
    size = int(getattr(table, "num_embeddings", 0) or getattr(module.config, "vocab_size", 0) or 256)
    special, pad, end = _special_tokens(module.config)
    ordinary = [
        token
        for place in range(real.numel())
        if (token := _next((place * size // real.numel() + number) % size, size, special))
    ]
    tokens = torch.tensor(ordinary or [0]).repeat(real.numel())[: real.numel()].view(real.shape)
    tokens = torch.where(real, tokens, pad if pad < size else 0)
    if end is not None and end < size:  # models that read the state of this token want one in each row
        tokens[torch.arange(len(real)), real.sum(1) - 1] = end
    return tokens


def _next(token: int, size: int, special: set[int]) -> int:
    """The first ordinary token from this one on; 0 if all are special."""
    return next((other for other in chain(range(token, size), range(token)) if other not in special), 0)


def _special_tokens(config: Any) -> tuple[set[int], int, int | None]:
    """All special tokens that a config names, those for padding and for the end of a text."""
    found: dict[str, int] = {}
    for one in (config, *(getattr(config, name, None) for name in getattr(config, "sub_configs", ()))):
        for name in ("pad", "bos", "eos", "cls", "sep", "mask", "unk", "decoder_start"):
            value = getattr(one, f"{name}_token_id", None)
            value = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(value, int) and value >= 0:
                found.setdefault(name, value)
    return {0, *found.values()}, found.get("pad", 0), found.get("eos")


def _pixels(config: Any, number: int) -> Tensor:
    """[2, channels, height, width] a pattern."""
    config = getattr(config, "vision_config", None) or config
    size = getattr(config, "image_size", None) or _SIDE
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    shape = (2, int(getattr(config, "num_channels", None) or 3), int(height), int(width))
    return torch.arange(torch.Size(shape).numel()).mul(0.7 + number).sin().view(shape)
