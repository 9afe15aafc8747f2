"""The best valid IOB2 sequence for the tag probabilities of each word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FORBIDDEN = np.float32(-1e9)
_IMPOSSIBLE = np.float32(-1e4)
"""Lower log-probabilities count as this one, so that no number of them outweighs a forbidden step."""
_CELLS_AT_ONCE = 1 << 21


def transitions(tags: Sequence[str]) -> NDArray[np.float32]:
    """[from, to] 0 if IOB2 allows the step, hugely negative if an I- would continue another type or nothing."""
    allowed = np.zeros((len(tags), len(tags)), dtype=np.float32)
    for to, tag in enumerate(tags):
        if tag[0] == "I":
            for origin, before in enumerate(tags):
                if before[1:] != tag[1:]:
                    allowed[origin, to] = _FORBIDDEN
    return allowed


def best_sequences(scores: Sequence[NDArray[np.float32]], tags: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each row the valid tag sequence with the highest sum of scores (Viterbi 1967).

    Args:
        scores: for each row [words, tags] log-probabilities.
        tags: the tags, in the order of the columns.

    Returns:
        For each row [words] tag numbers. If the best tags of the words are a valid sequence, these are returned.
    """
    step = transitions(tags)
    starts = np.where([tag[0] == "I" for tag in tags], _FORBIDDEN, np.float32(0))
    results: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * len(scores)
    open_rows: list[int] = []
    for row, score in enumerate(scores):
        greedy = score.argmax(-1) if len(score) else np.zeros(0, dtype=np.int64)
        valid = not len(greedy) or (starts[greedy[0]] == 0 and not np.any(step[greedy[:-1], greedy[1:]]))
        if valid:
            results[row] = greedy
        else:
            open_rows.append(row)
    open_rows.sort(key=lambda row: len(scores[row]))
    while open_rows:
        longest = len(scores[open_rows[-1]])
        size = max(1, _CELLS_AT_ONCE // (longest * len(tags)))
        group, open_rows = open_rows[-size:], open_rows[:-size]
        for row, path in zip(group, _viterbi([scores[row] for row in group], step, starts), strict=True):
            results[row] = path
    return results


def _viterbi(
    scores: list[NDArray[np.float32]], step: NDArray[np.float32], starts: NDArray[np.float32]
) -> list[NDArray[np.int64]]:
    lengths = np.array([len(score) for score in scores])
    time, width = int(lengths.max()), scores[0].shape[1]
    padded = np.zeros((len(scores), time, width), dtype=np.float32)
    for row, score in enumerate(scores):
        padded[row, : len(score)] = np.maximum(score, _IMPOSSIBLE)
    back = np.zeros((len(scores), time, width), dtype=np.int32)
    best = padded[:, 0].astype(np.float64) + starts
    final = np.where((lengths == 1)[:, None], best, 0.0)
    for position in range(1, time):
        reach = best[:, :, None] + step
        back[:, position] = reach.argmax(1)
        best = reach.max(1) + padded[:, position]
        final = np.where((lengths == position + 1)[:, None], best, final)
    paths = []
    for row, length in enumerate(lengths):
        path = np.zeros(length, dtype=np.int64)
        path[-1] = final[row].argmax()
        for position in range(length - 1, 0, -1):
            path[position - 1] = back[row, position, path[position]]
        paths.append(path)
    return paths
