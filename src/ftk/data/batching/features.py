"""Rows as numbers: ragged columns in flat arrays, one entry a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.schema import TrainConfig
from ftk.contracts.protocols import Order
from ftk.data.batching.order import StepOrder

if TYPE_CHECKING:
    from torch import Tensor


class Ragged:
    """Sequences of different length in one flat array; ``ragged[i]`` is a view of the i-th."""

    def __init__(self, values: NDArray[Any], starts: NDArray[np.int64]) -> None:
        self.values = values
        self.starts = starts

    @classmethod
    def of(cls, sequences: Sequence[NDArray[Any]], dtype: type[np.generic] = np.int32) -> Ragged:
        """Pack a list of sequences of numbers of one type, integers by default."""
        starts = np.zeros(len(sequences) + 1, dtype=np.int64)
        np.cumsum([len(sequence) for sequence in sequences], out=starts[1:])
        values = np.concatenate(sequences) if len(sequences) else np.zeros(0, dtype=dtype)
        return cls(values.astype(dtype, copy=False), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> NDArray[Any]:
        return self.values[self.starts[index] : self.starts[index + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each sequence."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Features:
    """The windows of some rows, in row order.

    Attributes:
        columns: what the task made of each window; ``input_ids`` is there for all that read texts.
        row: for each window the index of its row.
        weight: how often each window is drawn in training, beside the others; None: each once a pass.
    """

    columns: dict[str, Ragged]
    row: NDArray[np.int64]
    weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.row)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each window, special ones included."""
        return self.columns["input_ids"].lengths

    @property
    def longest(self) -> int:
        """Tokens in the longest text of a window, as ``data.max_length`` counts them; 0 where there is none."""
        return int(self.columns["input_ids"].lengths.max(initial=0)) if "input_ids" in self.columns else 0

    def sizes(self, most: int) -> str:
        """The lengths of the texts in words, where a window may have so many tokens."""
        lengths = self.columns["input_ids"].lengths
        middle, high = np.quantile(lengths, [0.5, 0.95], method="nearest")
        return f"tokens in a window: half have up to {middle}, 95 % up to {high}, all up to {lengths.max()} (of {most})"

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of the rows first_row … end_row - 1."""
        begin, end = np.searchsorted(self.row, [first_row, end_row])
        return range(int(begin), int(end))

    def places(self, windows: NDArray[np.int64]) -> str:
        """The rows of some windows, for messages."""
        rows = sorted({int(row) for row in self.row[windows]})
        return f"training rows {rows[:8]}{' …' if len(rows) > 8 else ''}"

    def tokens_in_use(self, pad_id: int) -> NDArray[np.int64]:
        """[tokens] the tokens of the windows and the padding, each once, in rising order; empty without texts."""
        if "input_ids" not in self.columns:
            return np.zeros(0, dtype=np.int64)
        there = np.bincount(self.columns["input_ids"].values, minlength=pad_id + 1) > 0
        there[pad_id] = True
        return np.flatnonzero(there)

    def order(self, train: TrainConfig, seed: int) -> Order:
        """Batches grouped by length, of windows drawn by their weights where they have some."""
        return StepOrder(self.lengths, train.batch_size, seed, self.weight)


def padded_inputs(ids: Sequence[NDArray[Any]], pad_id: int) -> tuple[dict[str, Tensor], int]:
    """``input_ids`` and ``attention_mask``, [sequences, longest], and the number of real tokens."""
    import torch

    lengths = np.array([len(row) for row in ids])
    time = int(lengths.max())
    padded = np.full((len(ids), time), pad_id, dtype=np.int64)
    mask = np.arange(time) < lengths[:, None]
    padded[mask] = np.concatenate(ids)
    inputs = {"input_ids": torch.from_numpy(padded), "attention_mask": torch.from_numpy(mask.astype(np.int64))}
    return inputs, int(lengths.sum())
