"""The least that training takes: plain PyTorch, one loop, no more. What ftk's core costs is measured against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR

IGNORED = -100

Batch = dict[str, Tensor]


def train(
    model: Any,
    batches: Iterable[Batch],
    loss_of: Callable[[Any, Batch], Tensor],
    *,
    steps: int,
    lr: float,
    autocast: Callable[[], Any],
    stepped: Callable[[int, int, float], Any],
) -> None:
    """Fused AdamW, clipping at 1, a linear rise over a tenth of the steps and a linear fall."""
    matrices = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter.ndim > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=lr, fused=True)
    rise = 0.1 * steps
    schedule = LambdaLR(optimizer, lambda step: min((step + 1) / (rise + 1), (steps - step) / (steps - rise)))
    model.train()
    for batch in batches:
        with autocast():
            loss = loss_of(model, batch)
        loss.backward()
        clip_grad_norm_(matrices + vectors, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        tokens = int(batch["attention_mask"].sum())
        stepped(tokens, batch["input_ids"].numel() - tokens, float(loss.detach()))


def tag_batches(rows: list[tuple[Any, Any]], order: Iterable[Any], pad_id: int) -> Iterator[Batch]:
    """Tokens and labels of some rows at a time, padded to the longest of them."""
    for numbers in order:
        chosen = [rows[number] for number in numbers]
        longest = max(len(ids) for ids, _ in chosen)
        ids = np.full((len(chosen), longest), pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        labels = np.full_like(ids, IGNORED)
        for at, (row_ids, row_labels) in enumerate(chosen):
            ids[at, : len(row_ids)] = row_ids
            mask[at, : len(row_ids)] = 1
            labels[at, : len(row_ids)] = row_labels
        yield {name: torch.from_numpy(part) for name, part in (("input_ids", ids), ("attention_mask", mask))} | {
            "labels": torch.from_numpy(labels)
        }


def tag_loss(model: Any, batch: Batch) -> Tensor:
    """The mean cross-entropy of the labelled tokens."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return cross_entropy(logits.flatten(0, 1).float(), batch["labels"].flatten(), ignore_index=IGNORED)


def masked_batches(
    blocks: Tensor, order: Iterable[Any], is_special: Tensor, mask_id: int, random_ids: Tensor
) -> Iterator[Batch]:
    """Blocks of which 15 % of the tokens are hidden: 80 % of those as the mask token, 10 % as a random one."""
    for numbers in order:
        ids = blocks[numbers]
        chosen = (torch.rand(ids.shape) < 0.15) & ~is_special[ids]
        kind = torch.rand(ids.shape)
        hidden = torch.where(chosen & (kind < 0.8), mask_id, ids)
        other = random_ids[torch.randint(len(random_ids), ids.shape)]
        hidden = torch.where(chosen & (kind >= 0.8) & (kind < 0.9), other, hidden)
        position = chosen.flatten().nonzero()[:, 0]
        yield {
            "input_ids": hidden,
            "attention_mask": torch.ones_like(ids),
            "position": position,
            "labels": ids.flatten()[position],
        }


def masked_loss(model: Any, batch: Batch) -> Tensor:
    """The mean cross-entropy of the hidden tokens; the head sees no others."""
    from ftk.models.forward.masked_positions import outputs_at

    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    logits = outputs_at(model, inputs, batch["position"])["logits"][0]
    return cross_entropy(logits.float(), batch["labels"])
