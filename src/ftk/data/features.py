"""Rows as numbers: ragged columns in flat arrays, one entry a window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class Ragged:
    """Sequences of different length in one flat array; ``ragged[i]`` is a view of the i-th."""

    def __init__(self, values: NDArray[np.int32], starts: NDArray[np.int64]) -> None:
        self.values = values
        self.starts = starts

    @classmethod
    def of(cls, sequences: list[NDArray[np.int32]]) -> "Ragged":
        """Pack a list of integer sequences."""
        starts = np.zeros(len(sequences) + 1, dtype=np.int64)
        np.cumsum([len(sequence) for sequence in sequences], out=starts[1:])
        values = np.concatenate(sequences) if sequences else np.zeros(0, dtype=np.int32)
        return cls(values.astype(np.int32, copy=False), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        return self.values[self.starts[index] : self.starts[index + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each sequence."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Features:
    """The windows of some rows, in row order.

    Attributes:
        columns: what the task made of each window; ``input_ids`` is always there.
        row: for each window the index of its row.
        num_rows: how many rows there are, those without any window included.
    """

    columns: dict[str, Ragged]
    row: NDArray[np.int64]
    num_rows: int

    def __len__(self) -> int:
        return len(self.row)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each window, special ones included."""
        return self.columns["input_ids"].lengths

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of the rows first_row … end_row - 1."""
        begin, end = np.searchsorted(self.row, [first_row, end_row])
        return range(int(begin), int(end))
