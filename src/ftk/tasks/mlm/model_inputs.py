"""What masked language models get beside tokens, and whether an architecture can do it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ftk.errors import ModelError
from ftk.kernels import attention
from ftk.models.configs.model_config import first_position
from ftk.models.forward.masked_positions import keeps_documents_apart, outputs_at
from ftk.tasks.mlm.blocks import Blocks


def check_architecture(model: Any, features: Blocks, *, documents: bool, next_sentence: bool) -> None:
    """Try on a short batch whether an architecture can do what is asked: architectures are not known by name.

    Args:
        model: on its device.
        features: of the training split, or of the test split.
        documents: whether documents are packed without attending to one another.
        next_sentence: whether pairs of texts are predicted, too.

    Raises:
        ModelError: it cannot.
    """
    known = len(features.frame.is_special)
    entries = getattr(model.config, "vocab_size", known)
    if known > entries:
        raise ModelError(
            f"the tokenizer has {known:,} entries and {type(model).__name__} embeds {entries:,}: they do not "
            "belong together, see model.tokenizer.name."
        )
    device = next(model.parameters()).device
    half = features.length // 2
    ids = np.resize(features.frame.ordinary, 2 * half)
    packed = torch.from_numpy(ids.astype(np.int64))[None].to(device)
    if documents:
        document = torch.arange(2 * half, device=device)[None] // half
        alone = [{"input_ids": part} for part in packed.split(half, dim=1)]
        inputs = {"input_ids": packed, **separate_documents(model, document)}
        if not keeps_documents_apart(model, inputs, alone):
            raise ModelError(
                f"task.packing=documents: {type(model).__name__} does not keep packed documents apart (it reads "
                "them otherwise than each alone). Use task.packing=stream."
            )
    with torch.inference_mode():
        outputs = outputs_at(model, {"input_ids": packed}, torch.zeros(1, dtype=torch.int64, device=device))
    if next_sentence and "seq_relationship_logits" not in outputs:
        raise ModelError(
            f"task.next_sentence=true: transformers has no next-sentence head for this architecture "
            f"({type(model).__name__}); BERT has one."
        )


def separate_documents(model: Any, document: Tensor) -> dict[str, Any]:
    """Inputs with which each token attends to its own document only, and positions count from the document's start.

    Args:
        model: decides where its positions begin, and what its attention takes.
        document: [blocks, time]; -1 for padding, which then attends to padding only.
    """
    same = (document[:, :, None] == document[:, None, :])[:, None]
    place = torch.arange(document.shape[1], device=document.device).expand_as(document)
    new = torch.ones_like(document, dtype=torch.bool)
    new[:, 1:] = document[:, 1:] != document[:, :-1]
    start = torch.where(new, place, 0).cummax(dim=1).values
    config = model.config
    masks = {"full_attention": same}
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()):
        near = (place[:, :, None] - place[:, None, :]).abs() <= config.sliding_window
        masks["sliding_attention"] = same & near[:, None]
    adds_mask = not (model._supports_sdpa and config._attn_implementation in ("sdpa", attention.NAME))
    if adds_mask:  # any other attention adds the mask to its scores
        lowest = torch.finfo(torch.float32).min
        masks = {name: torch.where(mask, 0.0, lowest) for name, mask in masks.items()}
    mask = masks if len(masks) > 1 else masks["full_attention"]
    return {"attention_mask": mask, "position_ids": place - start + first_position(model)}
