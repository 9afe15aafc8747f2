"""Finds the nearest vectors exactly, in memory that does not grow with their number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 2**21
"""The number of scores in memory: 8 MiB, and 16 MiB for their places."""


def nearest_vectors(
    queries: NDArray[Any], vectors: NDArray[Any], top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each query the numbers and the scores of the vectors with the highest products, the highest first.

    Args:
        queries: [queries, size].
        vectors: [vectors, size].
        top_k: the largest number of vectors for a query.

    Returns:
        Numbers and scores, both [queries, top_k]. Among equal scores the lower number comes first.
    """
    numbers = np.zeros((len(queries), 0), dtype=np.int64)
    scores = np.zeros((len(queries), 0), dtype=np.float32)
    step = max(top_k, _AT_ONCE // max(1, len(queries)))
    for begin in range(0, len(vectors), step):
        part = queries @ np.asarray(vectors[begin : begin + step]).T
        place = _highest(part, top_k)
        numbers = np.concatenate([numbers, place + begin], axis=1)
        scores = np.concatenate([scores, np.take_along_axis(part, place, axis=1)], axis=1)
        order = np.lexsort((numbers, -scores), axis=-1)[:, :top_k]
        numbers, scores = np.take_along_axis(numbers, order, axis=1), np.take_along_axis(scores, order, axis=1)
    return numbers, scores


def _highest(scores: NDArray[Any], number: int) -> NDArray[np.int64]:
    """[rows, number] the places of the highest scores of each row, in no order; among equal scores the first."""
    width = scores.shape[1]
    if width <= number:
        return np.broadcast_to(np.arange(width), scores.shape)
    found = np.argpartition(scores, width - number, axis=1)[:, width - number :]
    least = np.take_along_axis(scores, found, axis=1).min(axis=1, keepdims=True)
    for row in np.flatnonzero((scores >= least).sum(axis=1) > number):  # some equal scores were left out
        found[row] = np.argsort(-scores[row], kind="stable")[:number]
    return found
