"""A batch of texts of very different lengths, computed in a few passes with less padding, or in less memory."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ftk.data.batching.order import token_batches

_MOST_TOKENS = 2**14
"""Tokens, padding included, in one pass without gradients: a row with very many texts must not take all memory."""
_WORTH = 0.85
"""Share of the tokens of one pass below which two of them pay."""


def in_passes(compute: Callable[[dict[str, Tensor]], Tensor], inputs: dict[str, Tensor], at_once: int | None) -> Tensor:
    """What a model makes of each of some sequences, in their order.

    Args:
        compute: [some sequences, …] of the inputs of these sequences.
        inputs: [sequences, time] each, ``attention_mask`` among them; padding comes after the text.
        at_once: sequences in one pass where gradients are wanted; what each pass keeps for them is then forgotten and
            computed again, with the same dropout, when the gradients are (Chen et al. 2016, "Training Deep Nets with
            Sublinear Memory Cost"). None: all of them, and nothing is computed twice.
    """
    lengths = inputs["attention_mask"].sum(-1).cpu().numpy()
    again = torch.is_grad_enabled() and at_once is not None and at_once < len(lengths)
    found, order = [], []
    for part in _parts(lengths, at_once if again else None):
        rows, time = torch.from_numpy(part).to(inputs["attention_mask"].device), int(lengths[part].max())
        shown = {name: tensor[rows, :time] for name, tensor in inputs.items()}
        found.append(checkpoint(compute, shown, use_reentrant=False) if again else compute(shown))
        order.append(part)
    back = np.argsort(np.concatenate(order), kind="stable")
    return torch.cat(found)[torch.from_numpy(back).to(inputs["attention_mask"].device)]


def _parts(lengths: np.ndarray, at_once: int | None) -> list[np.ndarray]:
    """Which sequences make each pass, longest first."""
    everything = np.arange(len(lengths))
    if at_once is not None:
        order = np.argsort(-lengths, kind="stable")
        return [order[begin : begin + at_once] for begin in range(0, len(order), at_once)]
    most = len(lengths) * int(lengths.max()) if torch.is_grad_enabled() else _MOST_TOKENS
    return [half for part in token_batches(everything, lengths, most) for half in _halves(part, lengths[part])]


def _halves(part: np.ndarray, lengths: Sequence[int] | np.ndarray) -> list[np.ndarray]:
    """A pass, or the two that it is best cut into, where that saves enough padding."""
    number = np.arange(len(part))
    sizes = number * lengths[0] + (len(part) - number) * np.asarray(lengths)
    best = int(sizes.argmin())
    if best == 0 or sizes[best] > _WORTH * sizes[0]:
        return [part]
    return [part[:best], part[best:]]
