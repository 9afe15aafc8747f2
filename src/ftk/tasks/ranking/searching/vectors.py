"""One vector for a text, or one score for a pair, over all its windows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ftk.contracts.values import Batch
from ftk.models.forward.length_grouped import forward_in_chunks


def unit_vectors(model: Any, batch: Batch, at_once: int | None, *, first: bool) -> Tensor:
    """[texts, size] vectors of length 1 in fp32: the mean over the windows of a text of the mean over their tokens.

    Args:
        model: with ``TextVector`` as its head.
        batch: of ``batch_of_texts``.
        at_once: as in ``forward_in_chunks``.
        first: take the first token of each window instead of the mean.
    """

    def compute(inputs: dict[str, Tensor]) -> Tensor:
        mask = inputs["attention_mask"].float()
        if first:
            mask = torch.zeros_like(mask)
            mask[:, 0] = 1.0
        vectors: Tensor = model(**inputs, weights=mask / mask.sum(-1, keepdim=True)).logits
        return vectors

    windows = forward_in_chunks(compute, batch.inputs, at_once, batch.layout)
    owner, number = batch.targets["owner"], batch.targets["windows"]
    if len(windows) == len(number):
        return functional.normalize(windows, dim=-1)
    sums = torch.zeros(len(number), windows.shape[-1], device=windows.device).index_add(0, owner, windows)
    return functional.normalize(sums / number[:, None], dim=-1)


def pair_scores(model: Any, batch: Batch, at_once: int | None) -> Tensor:
    """[rows, candidates] scores in fp32: the highest over the windows of a pair, and 0 if there is no pair.

    Args:
        model: with one logit.
        batch: of ``batch_of_pairs``.
        at_once: as in ``forward_in_chunks``.
    """

    def compute(inputs: dict[str, Tensor]) -> Tensor:
        logits: Tensor = model(**inputs).logits.float()
        return logits[:, 0]

    windows = forward_in_chunks(compute, batch.inputs, at_once, batch.layout)
    nothing = torch.zeros(batch.targets["right"].numel(), device=windows.device)
    best = nothing.scatter_reduce(0, batch.targets["owner"], windows, "amax", include_self=False)
    return best.view(batch.targets["right"].shape)
