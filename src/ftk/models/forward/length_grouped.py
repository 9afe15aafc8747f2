"""Runs a batch of texts of very different lengths in chunks, with less padding or in less memory."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ftk.contracts.layout import USUAL, Layout, Padding
from ftk.data.batching.order import token_batches

_MOST_TOKENS = 2**14
"""Maximum number of tokens in a chunk without gradients, including padding; bounds memory for rows with many texts."""
_WORTH = 0.85
"""Two chunks are used if they have less than this share of the tokens of one."""


def forward_in_chunks(
    compute: Callable[[dict[str, Tensor]], Tensor],
    inputs: dict[str, Tensor],
    at_once: int | None,
    layout: Layout = USUAL,
) -> Tensor:
    """Applies a model to chunks of sequences and returns the results in the original order.

    Args:
        compute: maps the inputs of a chunk to [sequences of the chunk, …].
        inputs: tensors [sequences, time], among them ``attention_mask``; padding comes after the text.
        at_once: sequences per chunk when gradients are needed. Activations of a chunk are then discarded and recomputed
            with the same dropout in the backward pass (Chen et al. 2016, "Training Deep Nets with Sublinear Memory
            Cost"). None runs all sequences without recomputation.
        layout: how texts of different lengths share a chunk.
    """
    lengths = inputs["attention_mask"].sum(-1).cpu().numpy()
    again = torch.is_grad_enabled() and at_once is not None and at_once < len(lengths)
    found, order = [], []
    pad_id = int(inputs["input_ids"][0, 0])  # any token of these texts: the mask hides it
    for part in _parts(lengths, at_once if again else None, layout):
        rows, time = torch.from_numpy(part).to(inputs["attention_mask"].device), int(lengths[part].max())
        shown = layout.arranged({name: tensor[rows, :time] for name, tensor in inputs.items()}, pad_id)
        found.append(checkpoint(compute, shown, use_reentrant=False) if again else compute(shown))
        order.append(part)
    back = np.argsort(np.concatenate(order), kind="stable")
    return torch.cat(found)[torch.from_numpy(back).to(inputs["attention_mask"].device)]


def _parts(lengths: np.ndarray, at_once: int | None, layout: Layout) -> list[np.ndarray]:
    """The sequences of each chunk, longest first."""
    if layout.padding is Padding.one_length:
        each = (np.flatnonzero(lengths == length) for length in np.unique(lengths)[::-1])
        most = at_once or max(1, _MOST_TOKENS // int(lengths.max()))
        return [part[begin : begin + most] for part in each for begin in range(0, len(part), most)]
    everything = np.arange(len(lengths))
    if at_once is not None:
        order = np.argsort(-lengths, kind="stable")
        return [order[begin : begin + at_once] for begin in range(0, len(order), at_once)]
    most = len(lengths) * int(lengths.max()) if torch.is_grad_enabled() else _MOST_TOKENS
    return [half for part in token_batches(everything, lengths, most) for half in _halves(part, lengths[part])]


def _halves(part: np.ndarray, lengths: Sequence[int] | np.ndarray) -> list[np.ndarray]:
    """The chunk itself, or its best split into two if that saves enough padding."""
    number = np.arange(len(part))
    sizes = number * lengths[0] + (len(part) - number) * np.asarray(lengths)
    best = int(sizes.argmin())
    if best == 0 or sizes[best] > _WORTH * sizes[0]:
        return [part]
    return [part[:best], part[best:]]
