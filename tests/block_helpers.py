"""What the tests of blocks and masks share: stores in memory and frames without a tokenizer."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ftk.data.documents.token_store import Manifest, Shard, TokenStore
from ftk.data.text.block_frame import BlockFrame

CLS, SEP, MASK = 1, 2, 3
SPECIAL = 5
"""Numbers below are special tokens; [PAD] is 0."""
FIRST = 100
"""In a store in memory token n of the text is FIRST + n, so that each says where it stands."""


class MemoryStore(TokenStore):
    """A store whose shards are in memory, and which knows what was read of it.

    Args:
        sizes: tokens in each document.
        shards: tokens in each shard, as far as there are any.
        begins: every n-th token begins a word.
    """

    def __init__(self, sizes: Sequence[int], shards: Sequence[int] = (), begins: int | None = None) -> None:
        total = sum(sizes)
        cuts = sorted({min(cut, total) for cut in accumulate(shards)} | {total})
        bounds = [0, *cuts]
        self.manifest = Manifest({}, "uint32", begins is not None, complete=True)
        self.manifest.shards = [Shard(end - begin, 0, 0, {}) for begin, end in zip(bounds, cuts, strict=False)]
        tokens = np.arange(FIRST, FIRST + total, dtype=np.uint32)
        self._bounds = np.array(bounds)
        self._tokens = np.split(tokens, bounds[1:-1])
        self._words = np.split((tokens - FIRST) % (begins or 1) == 0, bounds[1:-1])
        self.starts = np.array([0, *accumulate(sizes)], dtype=np.int64)
        self.read: list[tuple[int, int]] = []

    def tokens(self, begin: int, end: int) -> Any:
        self.read.append((begin, end))
        return super().tokens(begin, end)

    def document(self, number: int) -> list[int]:
        """The tokens of one document."""
        return list(range(FIRST + int(self.starts[number]), FIRST + int(self.starts[number + 1])))


def frame(
    prefix: Sequence[int] = (CLS,), suffix: Sequence[int] = (SEP,), pair: bool = True, size: int = 10**5
) -> BlockFrame:
    """A frame of some special tokens."""
    before, behind = np.array(prefix, dtype=np.int32), np.array(suffix, dtype=np.int32)
    special = np.arange(size) < SPECIAL
    pairs = (before, np.array([SEP], dtype=np.int32), behind) if pair else None
    return BlockFrame(before, behind, pairs, MASK, 0, special, np.flatnonzero(~special))
