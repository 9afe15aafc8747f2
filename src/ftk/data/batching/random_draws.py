"""Counter-based random numbers: each is a function of a seed and a position."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.permutation import mix


class CounterRandom:
    """Random numbers in [0, 1) for some rows; each is a function of seed, epoch, row, purpose and place.

    Args:
        seed: of the run.
        epoch: [rows] the pass over the data in which each row is seen.
        row: [rows] the numbers of the rows in the corpus.
    """

    def __init__(self, seed: int, epoch: NDArray[np.int64], row: NDArray[np.int64]) -> None:
        keys = np.array([_key(seed, int(number)) for number in epoch], dtype=np.uint64)
        self._base = mix(keys ^ mix(row.astype(np.uint64)))[:, None]

    def __call__(self, purpose: int, places: int) -> NDArray[np.float64]:
        """[rows, places] numbers for one purpose."""
        place = np.arange(places, dtype=np.uint64)[None, :] + np.uint64(purpose << 32)
        bits: NDArray[np.uint64] = mix(self._base ^ mix(place)) >> np.uint64(11)
        return bits.astype(np.float64) * 2.0**-53

    def generator(self, row: int) -> np.random.Generator:
        """A generator for one of the rows, counted from 0."""
        return np.random.Generator(np.random.Philox(key=int(self._base[row, 0])))


@lru_cache(maxsize=64)
def _key(seed: int, epoch: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}:{epoch}".encode(), digest_size=8).digest(), "little")
