"""What a training would take: steps, time and memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PROBE_SECONDS = 0.2
_PROBE_ROWS = 1024
_EFFICIENCY = 0.55
"""The share of the speed of a matrix product that a whole training step reaches. See docs/check.md for how far the
estimates are from real runs."""
_FORWARD, _TRAINED = 2, 6
"""Floating-point operations for each parameter and token: of a forward pass, and of a training step (Kaplan et al.
2020)."""
_BYTES_PER_PARAMETER, _BYTES_PER_TRAINED, _BYTES_OF_MOMENTS = 4, 12, 8
"""Weights in fp32; and for each that is trained its gradient and the two moments of AdamW."""
_OF_TRAINING = 100 << 20
"""Bytes of the libraries that training imports and a check does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """The sizes of a model that decide what a step takes.

    Attributes:
        parameters: all of them.
        trained: those that are trained; the entries of a vocabulary that no row has are not.
        multiplied: those in matrix products; embeddings are looked up.
        layers, width, heads: of the encoder, and of the decoder if there is one.
    """

    parameters: int
    trained: int
    multiplied: int
    layers: int
    width: int
    heads: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a training would take, by formulas.

    Attributes:
        seconds: with its validations.
        memory: bytes, at their peak: of the process on a CPU, of the device on a GPU.
    """

    seconds: float
    memory: int


def sizes_of(model: Any, tokens: int) -> Sizes | None:
    """The sizes of a transformer; None for any other model, for which the formulas do not hold.

    Args:
        model: of torch; it needs no memory.
        tokens: how many entries of the vocabulary the training rows have.
    """
    from torch import nn

    config = model.config
    layers, width, heads = (
        _first(config, names)
        for names in (
            ("num_hidden_layers", "num_layers", "n_layers", "encoder_layers"),
            ("hidden_size", "d_model", "dim"),
            ("num_attention_heads", "num_heads", "n_heads", "encoder_attention_heads"),
        )
    )
    if not layers or not width or not heads:
        return None
    layers += _first(config, ("decoder_layers", "num_decoder_layers")) or 0
    parameters = sum(one.numel() for one in model.parameters())
    tables = [one for one in model.modules() if isinstance(one, nn.Embedding)]
    words = max((one.weight.numel() for one in tables), default=0)
    of_words = next((one for one in tables if one.weight.numel() == words), None)
    unseen = words - min(tokens * of_words.embedding_dim, words) if of_words is not None else 0
    looked_up = sum(one.weight.numel() for one in tables)
    return Sizes(
        parameters=parameters,
        trained=parameters - unseen,
        multiplied=parameters - looked_up,
        layers=layers,
        width=width,
        heads=heads,
    )


def _first(config: Any, names: tuple[str, ...]) -> int | None:
    found = (getattr(config, name, None) for name in names)
    return next((value for value in found if isinstance(value, int)), None)


def estimate(
    sizes: Sizes,
    lengths: NDArray[Any],
    *,
    epochs: float,
    scored: int,
    micro_batch: int,
    hardware: Any,
) -> Estimate:
    """What a training takes with windows of these lengths.

    Args:
        sizes: of the model.
        lengths: [windows] tokens of each training window.
        epochs: passes over them.
        scored: tokens of all validations and of the test together.
        micro_batch: windows that are computed at once.
        hardware: device and precision (``ftk.core.hardware.Hardware``).
    """
    tokens = int(lengths.sum()) * epochs
    # Attention multiplies each token with all of its window, twice.
    mean = float(np.square(lengths.astype(np.float64)).sum() / max(1, lengths.sum()))
    attention = 2 * sizes.layers * sizes.width * mean
    work = (_TRAINED * tokens + _FORWARD * scored) * (sizes.multiplied + attention)
    longest = int(lengths.max(initial=1))
    return Estimate(
        seconds=work / (_EFFICIENCY * _speed(sizes.width, hardware)),
        memory=_memory(sizes, micro_batch * longest, longest, hardware),
    )


def _memory(sizes: Sizes, tokens: int, length: int, hardware: Any) -> int:
    """Bytes of weights, optimizer and activations (Korthikanti et al. 2022, without their 2 bytes for a number)."""
    import torch

    number = 4 if hardware.dtype is torch.float32 else 2
    activations = tokens * sizes.layers * (17 * number * sizes.width + 2.5 * number * sizes.heads * length)
    weights = _BYTES_PER_PARAMETER * sizes.parameters
    state = weights + _BYTES_PER_TRAINED * sizes.trained
    return int(state + activations) + (_beside(sizes, weights) if hardware.device.type == "cpu" else 0)


def _beside(sizes: Sizes, weights: int) -> int:
    """What a process has in memory beside the model that it trains: its libraries, the copy of weights and moments that
    is written while training goes on, and the best model, which is scored at the end."""
    import resource

    libraries = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + _OF_TRAINING
    return libraries + 2 * weights + _BYTES_OF_MOMENTS * sizes.trained


def _speed(width: int, hardware: Any) -> float:
    """Floating-point operations a second of a matrix product as a layer of this width has it, measured here."""
    import torch

    left = torch.randn(_PROBE_ROWS, width, device=hardware.device, dtype=hardware.dtype)
    right = torch.randn(width, 4 * width, device=hardware.device, dtype=hardware.dtype)

    def timed(number: int) -> float:
        if hardware.device.type == "cuda":
            torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(number):
            left @ right
        if hardware.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    timed(2)
    once = max(timed(2) / 2, 1e-6)
    number = max(1, min(10_000, int(_PROBE_SECONDS / once)))
    return 2 * left.shape[0] * width * 4 * width * number / timed(number)
