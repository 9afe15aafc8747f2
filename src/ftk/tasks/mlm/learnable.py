"""Which parts of a store of tokens have something to learn: tokens that may be masked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ftk.data.documents.token_store import TokenStore

_AT_ONCE = 1 << 22
"""Tokens that are looked at together."""


def learnable(
    store: TokenStore, begins: NDArray[np.int64], sizes: NDArray[np.int64], is_special: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """[parts] whether a part of the store has a token that is not special.

    Special tokens that a text spells out are text, so a part without one has nothing but words that the vocabulary
    lacks. The store knows whether there are any.

    Args:
        store: of the tokens.
        begins, sizes: of the parts, in ascending order; none is empty.
        is_special: [vocabulary] the tokens that are never masked.
    """
    found = np.ones(len(begins), dtype=np.bool_)
    first = 0
    while store.manifest.unknown and first < len(begins):
        last = max(first + 1, int(np.searchsorted(begins + sizes, begins[first] + _AT_ONCE, side="right")))
        begin, end = int(begins[first]), int(begins[last - 1] + sizes[last - 1])
        before = np.concatenate([[0], np.cumsum(~is_special[store.tokens(begin, end)])])
        own = begins[first:last] - begin
        found[first:last] = before[own + sizes[first:last]] > before[own]
        first = last
    return found
