"""The loss of a masked language model on blocks that no contender trains on, the same tokens hidden for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy


@torch.inference_mode()
def held_out_loss(model: Any, folder: str) -> float:
    """The mean loss of the hidden tokens, in fp32."""
    with np.load(Path(folder) / "held_out.npz") as held:
        ids, labels = torch.from_numpy(held["input_ids"]), torch.from_numpy(held["labels"])
    model.eval()
    total, count = 0.0, 0
    for part, wanted in zip(ids.split(8), labels.split(8), strict=True):
        logits = model(input_ids=part, attention_mask=torch.ones_like(part)).logits
        hidden = wanted >= 0
        total += float(cross_entropy(logits[hidden].float(), wanted[hidden], reduction="sum"))
        count += int(hidden.sum())
    return total / count
