"""Numbers of texts by what they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.features import Ragged


def sums(values: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of each part of an array."""
    return np.diff(np.concatenate([[0], np.cumsum(values)])[starts])


def by_owner(owner: NDArray[Any], texts: NDArray[np.int64], number: int) -> Ragged:
    """For each owner its distinct texts, ascending."""
    size = int(texts.max(initial=0)) + 1
    both = np.unique(owner * size + texts)
    return Ragged(both % size, np.searchsorted(both // size, np.arange(number + 1)))
