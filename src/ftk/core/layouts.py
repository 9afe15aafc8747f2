"""Which windows share a batch, and where the padding of a batch stands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.layout import USUAL, HasSeveralTexts, Layout, Padding
from ftk.contracts.values import Batch
from ftk.data.batching.features import Features

if TYPE_CHECKING:
    from torch import Tensor

_PADS = {"possible": 0, "document": -1}
"""Targets that have a value for each position of the texts, [windows, time], and what stands at padding.

They are known by name. The shape says nothing: labels, and the targets of a decoder, may have it by chance.
"""


def places_apart(layout: Layout, features: Any, windows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places in a list of windows, in groups that may share a batch: one of all, or one for each length, the
    longest first."""
    places = np.arange(len(windows))
    if layout.padding is not Padding.one_length or isinstance(features, HasSeveralTexts):
        return [places]
    texts = features.columns.get("input_ids") if isinstance(features, Features) else None
    lengths = (features if texts is None else texts).lengths[windows]  # those of features may count targets, too
    lengths = np.maximum(lengths, layout.least)
    order = np.argsort(-lengths, kind="stable")
    ends = np.flatnonzero(np.diff(lengths[order])) + 1
    return [part for part in np.split(order, ends) if len(part)]


def laid_out(batch: Batch, layout: Layout, features: Any) -> Batch:
    """A batch whose padding stands where the model needs it.

    Args:
        batch: as the task makes it, with padding after the texts.
        layout: of the model.
        features: of the batch. The batch keeps its tensors if its windows have several texts.
    """
    if layout == USUAL or "attention_mask" not in batch.inputs:
        return batch
    batch = dataclasses.replace(batch, layout=layout)
    if isinstance(features, HasSeveralTexts):
        return batch
    inputs = layout.arranged(batch.inputs, getattr(features, "pad_id", 0))
    shape = batch.inputs["attention_mask"].shape
    targets = _lengthened(batch.targets, shape, inputs["attention_mask"].shape[1] - shape[1])
    return dataclasses.replace(batch, inputs=inputs, targets=targets)


def _lengthened(targets: dict[str, Tensor], shape: Any, more: int) -> dict[str, Tensor]:
    """The targets of texts, [rows, time], that get more padding behind them."""
    from torch.nn.functional import pad

    if not more:
        return targets
    changed = {}
    for name, tensor in targets.items():
        if name == "position":  # counts in rows * time
            changed[name] = tensor + tensor // shape[1] * more
        elif name in _PADS and tensor.shape == shape:
            changed[name] = pad(tensor, (0, more), value=_PADS[name])
    return {**targets, **changed}
