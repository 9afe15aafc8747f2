"""Ways to choose the rows of each step, and what a step's sum of losses is divided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BATCH = 16
Batches = list[NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to make the batches of an epoch.

    Attributes:
        pool: batches that are sorted by length together; 1 is a random order.
        noise: standard deviation of a factor on the lengths before they are sorted, as a share of them.
        constant: whether each step is divided by the mean number of targets of a step, so that every target of an epoch
            weighs the same; otherwise by its own number.
        by_row: whether each row weighs the same: the loss is the mean over rows of their mean losses.
        whole: whether a pool has at most a quarter of the rows, as with ``train.grouping=length``.
        unpadded: whether the layers compute no padding, as with ``train.grouping=none``.
    """

    pool: int
    noise: float = 0.0
    constant: bool = False
    by_row: bool = False
    whole: bool = False
    unpadded: bool = False


WAYS = {
    "random": Way(pool=1),
    "unpadded": Way(pool=1, unpadded=True),
    "grouped": Way(pool=50, whole=True),
    "grouped-constant": Way(pool=50, whole=True, constant=True),
    "pool-4": Way(pool=4),
    "pool-4-constant": Way(pool=4, constant=True),
    "pool-8-constant": Way(pool=8, constant=True),
    "noise": Way(pool=50, whole=True, noise=0.25),
    "noise-constant": Way(pool=50, whole=True, noise=0.25, constant=True),
    "grouped-rows": Way(pool=50, whole=True, by_row=True),
}


def batches_of(lengths: NDArray[np.int64], way: Way, size: int, seed: int) -> Batches:
    """The rows of each step of one epoch."""
    generator = np.random.default_rng([seed, 0])
    order = generator.permutation(len(lengths))
    wanted = min(way.pool, max(1, len(order) // (4 * size))) if way.whole else way.pool
    if wanted == 1:
        return [order[at : at + size] for at in range(0, len(order), size)]
    keys = lengths * np.exp(way.noise * generator.standard_normal(len(lengths)))
    found: Batches = []
    for begin in range(0, len(order), wanted * size):
        part = order[begin : begin + wanted * size]
        part = part[np.argsort(-keys[part], kind="stable")]
        found += [part[at : at + size] for at in range(0, len(part), size)]
    return [found[number] for number in generator.permutation(len(found))]
