"""Features: ragged columns of numbers in flat arrays, one entry for each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.choices import Grouping
from ftk.config.schema import TrainConfig
from ftk.contracts.protocols import Order
from ftk.data.batching.order import StepOrder

if TYPE_CHECKING:
    from torch import Tensor


_AT_ONCE = 1 << 22
"""Numbers that are looked at together in a pass over all of them."""


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

    def distinct(self, *others: int) -> NDArray[np.int64]:
        """The distinct numbers from 0 on in all sequences, and some others, ascending."""
        there = np.zeros(max(others, default=0) + 1, dtype=bool)
        there[list(others)] = True
        for begin in range(0, len(self.values), _AT_ONCE):  # the values may be on disk, and more than fit into memory
            found = np.bincount(self.values[begin : begin + _AT_ONCE]) > 0
            longer, shorter = (found, there) if len(found) > len(there) else (there, found)
            longer[: len(shorter)] |= shorter
            there = longer
        return np.flatnonzero(there)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each sequence."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Features:
    """The windows of some rows, in row order.

    Attributes:
        columns: the values that the task made for each window; tasks that read texts have ``input_ids``.
        row: for each window the index of its row.
        pad_id: the token that pads short windows; the attention mask hides it.
        weight: how often each window is drawn in training, relative to the others; None draws each once per epoch.
    """

    columns: dict[str, Ragged]
    row: NDArray[np.int64]
    pad_id: int
    weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.row)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each window, special ones included."""
        return self.columns["input_ids"].lengths

    @property
    def longest(self) -> int:
        """Tokens in the longest text of a window, as ``data.max_length`` counts them; 0 if there is none."""
        return int(self.columns["input_ids"].lengths.max(initial=0)) if "input_ids" in self.columns else 0

    def sizes(self, most: int) -> str:
        """A sentence about the lengths of the texts; ``most`` is the number of tokens that fit into a window."""
        lengths = self.columns["input_ids"].lengths
        middle, high = np.quantile(lengths, [0.5, 0.95], method="nearest")
        return f"tokens per window: 50 % up to {middle}, 95 % up to {high}, longest {lengths.max()} (limit {most})"

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of the rows first_row … end_row - 1."""
        begin, end = np.searchsorted(self.row, [first_row, end_row])
        return range(int(begin), int(end))

    def places(self, windows: NDArray[np.int64]) -> str:
        """The rows of some windows, for messages."""
        rows = sorted({int(row) for row in self.row[windows]})
        return f"training rows {rows[:8]}{' …' if len(rows) > 8 else ''}"

    def tokens_in_use(self) -> NDArray[np.int64]:
        """[tokens] The distinct tokens of the windows and the padding token, ascending; empty without texts."""
        if "input_ids" not in self.columns:
            return np.zeros(0, dtype=np.int64)
        return self.columns["input_ids"].distinct(self.pad_id)

    def order(self, train: TrainConfig, seed: int) -> Order:
        """Random batches, or batches of similar lengths; windows with weights are drawn in proportion to them."""
        grouped = train.grouping is not Grouping.none
        return StepOrder(self.lengths, train.batch_size, seed, self.weight, grouped=grouped)


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
