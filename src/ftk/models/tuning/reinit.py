"""New random weights for the top layers of a pretrained encoder."""

from typing import Any

import torch
from torch import nn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError

_APART = 1_000_003
"""Added to the seed, so that the layers do not get the numbers that the head has got."""


def reinit_layers(model: nn.Module, number: int, seed: int, notes: Notes) -> None:
    """Draw the weights of the top layers of an encoder again, as its architecture draws them.

    They are the most specialised for what the encoder was trained for. With few rows, new ones are often better, and
    scores vary less from seed to seed (Zhang et al. 2021).

    Args:
        model: with its pretrained weights, on the CPU.
        number: of layers, from the top.
        seed: of the weights.
        notes: collects how many there are.

    Raises:
        ModelError: the model has no list of layers, or not more of them than that.
    """
    whole: Any = model
    encoder: Any = whole.get_encoder() if getattr(whole.config, "is_encoder_decoder", False) else whole.base_model
    layers = _layers(encoder)
    if layers is None or number >= len(layers):
        has = "has no list of layers" if layers is None else f"has {len(layers)} layers, and one must stay"
        raise ModelError(f"model.reinit_layers={number}: this model ({whole.config.model_type}) {has}.")
    top = layers[len(layers) - number :]
    # transformers marks what it has read from a file, and draws nothing that has the mark.
    for tensor in (*top.parameters(), *top.buffers()):
        tensor._is_hf_initialized = False  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed + _APART)
        for module in top.modules():
            whole._init_weights(module)
    notes.add(kinds.NEW_LAYERS, layers=number, of=len(layers))


def _layers(encoder: Any) -> nn.ModuleList | None:
    """The layers of an encoder, from the lowest one up; None if it has no list of them, or uses one several times."""
    number = getattr(encoder.config, "num_hidden_layers", None)
    lists = (module for module in encoder.modules() if isinstance(module, nn.ModuleList))
    return next((one for one in lists if len(one) == number), None)
