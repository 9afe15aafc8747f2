"""The windows of each optimizer step, as a function of the step: any step can be computed by itself."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.permutation import Permutation

_POOL = 50
"""Number of batches that are sorted by length together: it leaves hardly any padding, and the order stays random."""
_POOLS = 4
"""Minimum number of pools per epoch, if there are enough batches. If all rows were sorted at once, rows of equal
length would be in the same batches again and again, which trains worse on a small corpus."""


class StepOrder:
    """Batches in an order that depends on (seed, epoch) alone.

    Their windows are drawn at random, or have similar lengths. With weights a pass draws as many windows as there are,
    with replacement, each in proportion to its weight.
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        batch_size: int,
        seed: int,
        weights: NDArray[np.float64] | None = None,
        *,
        grouped: bool = True,
    ) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.grouped = grouped
        self.shares = None if weights is None else weights / weights.sum()
        self.steps_per_epoch = -(-len(lengths) // batch_size)
        self._epoch: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def step(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The windows of one step, longest first; any one step of an epoch may have fewer."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if self._epoch[0] != epoch:
            self._epoch = (epoch, self._batches(epoch))
        windows = self._epoch[1][position]
        return windows, np.full(len(windows), epoch, dtype=np.int64)

    def steps_in(self, epochs: float) -> int:
        """The number of steps in this many passes over the data; at least one."""
        return max(1, int(np.ceil(epochs * self.steps_per_epoch)))

    def epoch(self, step: int) -> float:
        """Passes over the data before a step."""
        return step / self.steps_per_epoch

    def _batches(self, epoch: int) -> list[NDArray[np.int64]]:
        generator = np.random.default_rng([self.seed, epoch])
        if self.shares is None:
            order = generator.permutation(len(self.lengths))
        else:
            order = generator.choice(len(self.lengths), size=len(self.lengths), p=self.shares)
        if not self.grouped:
            parts = [order[begin : begin + self.batch_size] for begin in range(0, len(order), self.batch_size)]
            return [part[np.argsort(-self.lengths[part], kind="stable")] for part in parts]
        batches = []
        pool = self.batch_size * max(1, min(_POOL, len(order) // (_POOLS * self.batch_size)))
        for begin in range(0, len(order), pool):
            part = order[begin : begin + pool]
            part = part[np.argsort(-self.lengths[part], kind="stable")]
            batches += [part[at : at + self.batch_size] for at in range(0, len(part), self.batch_size)]
        shuffled = generator.permutation(len(batches))
        return [batches[number] for number in shuffled]


class BlockOrder:
    """Blocks in a random order that is computed, not stored, each once an epoch; steps continue across epochs.

    A step takes the next ``batch_size`` positions of an endless sequence, in which position p is block
    ``permutation(epoch)[p mod blocks]`` of epoch ``p // blocks``. While the batch grows, the positions of a step are
    the sum of the sizes before it.
    """

    def __init__(self, blocks: int, batch_size: int, seed: int, *, start: int | None, warmup: int) -> None:
        self.blocks = blocks
        self.batch_size = batch_size
        self.seed = seed
        first = batch_size if start is None else start
        growing = [first + (batch_size - first) * step // warmup for step in range(warmup)]
        self._begins = np.concatenate([[0], np.cumsum(growing, dtype=np.int64)]).astype(np.int64)
        """The first position of each step while the batch grows, and of the first step after."""

    def step(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The blocks of one step, and the pass over the data that each is seen in."""
        begin, end = self.position(step), self.position(step + 1)
        windows, epochs = [], []
        while begin < end:
            epoch, offset = divmod(begin, self.blocks)
            number = min(end - begin, self.blocks - offset)
            permutation = Permutation(self.blocks, (self.seed, epoch))
            windows.append(permutation(np.arange(offset, offset + number, dtype=np.int64)))
            epochs.append(np.full(number, epoch, dtype=np.int64))
            begin += number
        return np.concatenate(windows), np.concatenate(epochs)

    def position(self, step: int) -> int:
        """Blocks seen before a step."""
        growing = len(self._begins) - 1
        if step <= growing:
            return int(self._begins[step])
        return int(self._begins[growing]) + (step - growing) * self.batch_size

    def steps_in(self, epochs: float) -> int:
        """The number of steps in this many passes over the data; the last step may reach into the next pass."""
        wanted = max(1, int(np.ceil(epochs * self.blocks)))
        growing = len(self._begins) - 1
        if wanted <= self._begins[growing]:
            return int(np.searchsorted(self._begins, wanted, side="left"))
        return growing + -(-(wanted - int(self._begins[growing])) // self.batch_size)

    def epoch(self, step: int) -> float:
        """Passes over the data before a step."""
        return self.position(step) / self.blocks


def token_batches(windows: NDArray[np.int64], lengths: NDArray[Any], tokens: int) -> Iterator[NDArray[np.int64]]:
    """Windows sorted by descending length, in batches of at most ``tokens`` tokens with padding, or of one window."""
    order = windows[np.argsort(-lengths[windows], kind="stable")]
    begin = 0
    while begin < len(order):
        size = max(1, tokens // int(lengths[order[begin]]))
        yield order[begin : begin + size]
        begin += size
