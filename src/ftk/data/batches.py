"""Which windows make an optimizer step: grouped by length, in an order that (seed, epoch) alone decides."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_POOL = 50
"""Batches that are sorted by length together: padding nearly vanishes, and the order stays random."""


class StepOrder:
    """The windows of every optimizer step of a run; any step can be asked for without those before it."""

    def __init__(self, lengths: NDArray[np.int64], batch_size: int, seed: int) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.steps_per_epoch = -(-len(lengths) // batch_size)
        self._epoch: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def windows(self, step: int) -> NDArray[np.int64]:
        """The windows of one optimizer step, longest first; one step of an epoch, any one, may have fewer."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if self._epoch[0] != epoch:
            self._epoch = (epoch, self._batches(epoch))
        return self._epoch[1][position]

    def _batches(self, epoch: int) -> list[NDArray[np.int64]]:
        generator = np.random.default_rng([self.seed, epoch])
        order = generator.permutation(len(self.lengths))
        batches = []
        pool = self.batch_size * _POOL
        for begin in range(0, len(order), pool):
            part = order[begin : begin + pool]
            part = part[np.argsort(-self.lengths[part], kind="stable")]
            batches += [part[at : at + self.batch_size] for at in range(0, len(part), self.batch_size)]
        shuffled = generator.permutation(len(batches))
        return [batches[number] for number in shuffled]


def token_batches(windows: NDArray[np.int64], lengths: NDArray[np.int64], tokens: int) -> Iterator[NDArray[np.int64]]:
    """Windows by falling length, as many at once as fit into this many tokens, padding included; at least one."""
    order = windows[np.argsort(-lengths[windows], kind="stable")]
    begin = 0
    while begin < len(order):
        size = max(1, tokens // int(lengths[order[begin]]))
        yield order[begin : begin + size]
        begin += size
