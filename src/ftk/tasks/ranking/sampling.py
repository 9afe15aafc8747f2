"""Which candidates of a row are read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NegativeSampling:
    """How many negatives are read.

    Attributes:
        hard: the maximum number of negatives of the row itself in training.
        sampled: the number of negatives from other rows in training, in addition to the hard ones.
        filled: the number of candidates in validation of a row that names its positive and has no list. It is
            filled up with negatives from other rows; 0 uses only the row's own.
    """

    hard: int
    sampled: int
    filled: int


@dataclass(frozen=True, slots=True)
class SampledCandidates:
    """The candidates of one row in a batch.

    Attributes:
        texts: the numbers of their texts.
        right: whether each is a positive.
    """

    texts: NDArray[np.int64]
    right: NDArray[np.bool_]
