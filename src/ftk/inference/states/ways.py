"""How the hidden states of an encoder become one state for each text, or one for each word: what a ``Runner`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ftk.contracts.contexts import RowOutputs, SampleSeed
from ftk.contracts.spec import PredictorSpec
from ftk.contracts.values import Batch, Labels
from ftk.data.batching.features import Features, padded_inputs
from ftk.data.text.text_windows import add_segments
from ftk.errors import ModelError
from ftk.models.loading.sentence_encoder import VECTORS

TEXTS_AT_ONCE = 8192
"""Texts that are computed together, sorted by length, and make a shard."""


class Pooling(Enum):
    """How the states of the tokens of a text become one."""

    mean = "mean"
    max = "max"
    first = "first"


def _hidden(model: Any, batch: Batch, layers: tuple[int, ...]) -> Tensor:
    """[windows, time, size] the hidden states of some layers."""
    encoder = getattr(model, model.base_model_prefix)
    if layers == (-1,):
        last: Tensor = encoder(**batch.inputs)[0]
        return last.float()
    states = encoder(**batch.inputs, output_hidden_states=True).hidden_states
    if not all(-len(states) <= layer < len(states) for layer in layers):
        raise ModelError(f"layers={list(layers)}: the encoder has the hidden states 0 to {len(states) - 1}.")
    return torch.cat([states[layer].float() for layer in layers], dim=-1)


@dataclass(frozen=True)
class Pooled:
    """One state for a text. To NumPy go sums with their number of tokens, so that windows can be added.

    Attributes:
        pooling: how the states of the tokens become one.
        layers: see ``FrozenEncoder.states``.
    """

    pooling: Pooling
    layers: tuple[int, ...]
    spec: PredictorSpec = field(default=PredictorSpec(auto_model=VECTORS, rows_at_once=TEXTS_AT_ONCE))

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        if "segment" in features.columns:
            add_segments(inputs, [int(features.columns["segment"][window][0]) for window in windows])
        return Batch(inputs, {}, windows, count=len(windows), tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, size + 1] the pooled states, and the tokens of each window."""
        hidden, mask = _hidden(model, batch, self.layers), batch.inputs["attention_mask"][..., None].float()
        if self.pooling is Pooling.first:
            pooled = hidden[:, 0]
        elif self.pooling is Pooling.max:
            pooled = hidden.masked_fill(mask == 0, -torch.inf).amax(1)
        else:
            pooled = (hidden * mask).sum(1)
        return torch.cat([pooled, mask.sum(1)], dim=-1)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        return list(outputs.cpu().numpy())

    def decode(self, examples: Sequence[Any], outputs: RowOutputs, labels: Labels | None) -> list[NDArray[Any]]:
        return [self._together(np.stack(outputs.of(row))) for row in range(len(examples))]

    def _together(self, windows: NDArray[Any]) -> NDArray[Any]:
        if self.pooling is Pooling.first:
            first: NDArray[Any] = windows[0, :-1]
            return first
        if self.pooling is Pooling.max:
            most: NDArray[Any] = windows[:, :-1].max(0)
            return most
        total = windows.sum(0)
        mean: NDArray[Any] = total[:-1] / total[-1]
        return mean


@dataclass(frozen=True)
class OfWords:
    """One state for each word; each example is the number of words of a row. A word without a sub-word has zeros.

    Attributes:
        layers: see ``FrozenEncoder.states``.
        size: of a state.
    """

    layers: tuple[int, ...]
    size: int
    spec: PredictorSpec = field(default=PredictorSpec(auto_model=VECTORS, labels_each_token=True))

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        time, begin = inputs["input_ids"].shape[1], 0
        positions, owners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for row, window in enumerate(windows):
            positions.append(features.columns["position"][window].astype(np.int64) + row * time)
            distinct, own = np.unique(features.columns["word"][window], return_inverse=True)
            owners.append(own + begin)
            begin += len(distinct)
        targets = {
            "position": torch.from_numpy(np.concatenate(positions)),
            "owner": torch.from_numpy(np.concatenate(owners)),
        }
        return Batch(inputs, targets, windows, count=begin, tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[words, size] the means over the sub-words of the words of all windows."""
        hidden, owner = _hidden(model, batch, self.layers), batch.targets["owner"]
        own = hidden.flatten(0, 1).index_select(0, batch.targets["position"])
        number = torch.bincount(owner, minlength=batch.count)[:, None]
        return torch.zeros(batch.count, own.shape[-1], device=own.device).index_add(0, owner, own) / number

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        sizes = [len(np.unique(features.columns["word"][window])) for window in batch.windows]
        return np.split(outputs.cpu().numpy(), np.cumsum(sizes)[:-1])

    def decode(self, examples: Sequence[int], outputs: RowOutputs, labels: Labels | None) -> list[NDArray[Any]]:
        word = outputs.features.columns["word"]
        rows = []
        for row, number in enumerate(examples):
            states = np.zeros((number, self.size), dtype=np.float32)
            for window in outputs.windows(row):
                if len(outputs.by_window[window]):
                    states[np.unique(word[window])] = outputs.by_window[window]
            rows.append(states)
        return rows
