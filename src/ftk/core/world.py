"""The processes that train one model together."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn


class World(Protocol):
    """The processes (ranks) of a run, and what they exchange. All ranks call these methods in the same order."""

    @property
    def rank(self) -> int:
        """The number of this process, counted from 0."""
        ...

    @property
    def size(self) -> int:
        """How many processes there are."""
        ...

    @property
    def main(self) -> bool:
        """Whether this process writes files and talks to the user."""
        ...

    def share(self, windows: NDArray[np.int64], epochs: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """This rank's windows of a step, and the epoch of each."""
        ...

    def sum(self, values: Tensor) -> Tensor:
        """The sum of the ranks' values, on every rank."""
        ...

    def reduce(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace the gradients of these parameters by their *sums* over the ranks.

        A sum and no mean: each rank divides its loss by the number of targets of all ranks.
        """
        ...

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank, so that all of them decide alike."""
        ...

    def first(self, value: float) -> float:
        """The value of rank 0, on every rank: clocks differ."""
        ...

    def gather(self, outputs: Mapping[int, NDArray[np.generic]]) -> dict[int, NDArray[np.generic]]:
        """The outputs of the windows of all ranks, by window number, on every rank."""
        ...


class SingleProcess:
    """A run in one process: nothing to exchange."""

    rank, size, main = 0, 1, True

    def share(self, windows: NDArray[np.int64], epochs: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        return windows, epochs

    def sum(self, values: Tensor) -> Tensor:
        return values

    def reduce(self, parameters: Iterable[nn.Parameter]) -> None:
        return

    def any(self, flag: bool) -> bool:
        return flag

    def first(self, value: float) -> float:
        return value

    def gather(self, outputs: Mapping[int, NDArray[np.generic]]) -> dict[int, NDArray[np.generic]]:
        return dict(outputs)
