"""Linear CKA: how alike the states of two models are on the same inputs, whatever their widths and rotations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 4
"""Fewer rows have no unbiased HSIC."""


class BatchedCKA:
    """Centred kernel alignment of the layers of several models, summed over batches of rows.

    Linear CKA (Kornblith et al. 2019) with the unbiased estimate of HSIC (Song et al. 2012), whose sums over batches
    estimate that of all rows (Nguyen et al. 2021): the kernels of all rows are never in memory. Batches need at least
    ``LEAST_ROWS`` rows.

    Args:
        layers: how many layers each model has.
    """

    def __init__(self, layers: Sequence[int]) -> None:
        self._ends = np.cumsum(layers)
        number = int(self._ends[-1])
        self._hsic = np.zeros((number, number))
        self.rows = 0

    def add(self, states: Sequence[Sequence[NDArray[np.floating]]]) -> None:
        """Add a batch.

        Args:
            states: for each model [rows, width] of each of its layers, of the same rows.
        """
        kernels = [_kernel(np.asarray(layer, dtype=np.float64)) for model in states for layer in model]
        self.rows += len(kernels[0])
        for one, kernel in enumerate(kernels):
            for other in range(one + 1):
                self._hsic[one, other] += unbiased_hsic(kernel, kernels[other])
                self._hsic[other, one] = self._hsic[one, other]

    @property
    def table(self) -> NDArray[np.float64]:
        """[layers, layers] the alignment of all layers of all models, one model after the other; NaN where a layer has
        the same state for all rows."""
        own = np.diag(self._hsic)
        scale = np.sqrt(np.maximum(np.outer(own, own), 0))
        return np.divide(self._hsic, scale, out=np.full(self._hsic.shape, np.nan), where=scale > 0)

    def of(self, one: int, other: int) -> NDArray[np.float64]:
        """[layers, layers] the alignment of the layers of two models."""
        begins = np.concatenate([[0], self._ends])
        return self.table[begins[one] : begins[one + 1], begins[other] : begins[other + 1]]


def _kernel(states: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rows, rows] the products of the states, with a diagonal of 0. The mean is taken out for the digits' sake: HSIC
    does not depend on it."""
    centred = states - states.mean(axis=0)
    kernel = centred @ centred.T
    np.fill_diagonal(kernel, 0)
    return kernel


def unbiased_hsic(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The unbiased estimate of the Hilbert-Schmidt independence criterion (Song et al. 2012, equation 5).

    Args:
        one, other: [rows, rows] kernels with a diagonal of 0, of at least ``LEAST_ROWS`` rows.
    """
    rows = len(one)
    first, second = one.sum(axis=0), other.sum(axis=0)
    total = (one * other).sum() + first.sum() * second.sum() / ((rows - 1) * (rows - 2))
    return float((total - 2 / (rows - 2) * (first @ second)) / (rows * (rows - 3)))
