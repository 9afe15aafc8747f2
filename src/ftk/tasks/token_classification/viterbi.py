"""The best valid IOB2 sequence for the tag probabilities of each word, in time that grows with the number of tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FORBIDDEN = -1e9
_IMPOSSIBLE = np.float32(-1e4)
"""Lower log-probabilities count as this one, so that no number of them outweighs a forbidden beginning."""
_CELLS_AT_ONCE = 1 << 21


@dataclass(frozen=True, slots=True)
class _Rules:
    """What IOB2 allows: an I- goes on with an entity of its type, and any other tag may follow any tag.

    Attributes:
        inside: [types] the numbers of the I- tags.
        first, second: [types] the numbers of the two tags that each of them may follow, in their order.
        place: [tags] where an I- tag stands in ``inside``; -1 for any other tag.
        kind: [tags] the number of the type.
    """

    inside: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    place: NDArray[np.int64]
    kind: NDArray[np.int64]

    @classmethod
    def of(cls, tags: Sequence[str]) -> _Rules:
        """The rules for these tags."""
        number = {tag: at for at, tag in enumerate(tags)}
        inside = np.array([at for at, tag in enumerate(tags) if tag[0] == "I"], dtype=np.int64)
        begin = np.array([number.get(f"B{tags[at][1:]}", at) for at in inside], dtype=np.int64)
        place = np.full(len(tags), -1, dtype=np.int64)
        place[inside] = np.arange(len(inside))
        known: dict[str, int] = {}
        kind = np.array([known.setdefault(tag[1:], len(known)) for tag in tags], dtype=np.int64)
        return cls(inside, np.minimum(begin, inside), np.maximum(begin, inside), place, kind)

    def allow(self, path: NDArray[np.int64]) -> bool:
        """Whether a sequence of tags is valid."""
        kind = self.kind[path]
        before = np.append(-1, kind[:-1])
        return not np.any((self.place[path] >= 0) & (before != kind))


def best_sequences(scores: Sequence[NDArray[np.float32]], tags: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each row the valid tag sequence with the highest sum of scores (Viterbi 1967).

    Args:
        scores: for each row [words, tags] log-probabilities.
        tags: the tags, in the order of the columns.

    Returns:
        For each row [words] tag numbers. If the best tags of the words are a valid sequence, these are returned.
    """
    rules = _Rules.of(tags)
    results: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * len(scores)
    open_rows: list[int] = []
    for row, score in enumerate(scores):
        greedy = score.argmax(-1) if len(score) else np.zeros(0, dtype=np.int64)
        if not len(greedy) or rules.allow(greedy):
            results[row] = greedy
        else:
            open_rows.append(row)
    open_rows.sort(key=lambda row: len(scores[row]))
    while open_rows:
        longest = len(scores[open_rows[-1]])
        size = max(1, _CELLS_AT_ONCE // (longest * len(tags)))
        group, open_rows = open_rows[-size:], open_rows[:-size]
        for row, path in zip(group, _viterbi([scores[row] for row in group], rules), strict=True):
            results[row] = path
    return results


def _viterbi(scores: list[NDArray[np.float32]], rules: _Rules) -> list[NDArray[np.int64]]:
    lengths = np.array([len(score) for score in scores])
    time, width = int(lengths.max()), scores[0].shape[1]
    padded = np.zeros((len(scores), time, width), dtype=np.float32)
    for row, score in enumerate(scores):
        padded[row, : len(score)] = np.maximum(score, _IMPOSSIBLE)
    # Where a sequence comes from: for all tags but I- it is the same tag, and for I- one of two.
    origin = np.zeros((len(scores), time), dtype=np.int64)
    from_second = np.zeros((len(scores), time, len(rules.inside)), dtype=bool)
    best = padded[:, 0].astype(np.float64)
    best[:, rules.inside] += _FORBIDDEN
    final = best.copy()
    for position in range(1, time):
        origin[:, position] = best.argmax(-1)
        first, second = best[:, rules.first], best[:, rules.second]
        np.greater(second, first, out=from_second[:, position])  # of equal ones, the tag with the lower number
        reach = np.repeat(best.max(-1, keepdims=True), width, axis=1)
        reach[:, rules.inside] = np.maximum(first, second)
        best = reach + padded[:, position]
        ending = lengths == position + 1
        final[ending] = best[ending]
    paths = []
    for row, length in enumerate(lengths.tolist()):
        path = np.zeros(length, dtype=np.int64)
        path[-1] = tag = int(final[row].argmax())
        for position in range(length - 1, 0, -1):
            place = int(rules.place[tag])
            if place < 0:
                tag = int(origin[row, position])
            else:
                tag = int((rules.second if from_second[row, position, place] else rules.first)[place])
            path[position - 1] = tag
        paths.append(path)
    return paths
