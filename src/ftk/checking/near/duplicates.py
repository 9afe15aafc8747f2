"""Finds rows that are nearly equal, within and across splits, among a million of them in half a minute.

Rows are near-duplicates if their shingles (``ftk.checking.near.shingles``) have at least a certain Jaccard similarity.
Candidates are rows with all minima of a band in common (Indyk and Motwani, Approximate Nearest Neighbors, 1998). The
minima that they share estimate their similarity, and the likely ones are compared exactly. So what is found is true,
and nearly all is found: with 16 bands of 6 minima, 99 of 100 pairs of a similarity of 0.8, and more of those that are
more alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ftk.checking.near.shingles import PARTED, jaccard, shingles, width_of
from ftk.checking.near.sketches import BANDS, IN_BAND, MINIMA, Sketches

THRESHOLD = 0.8
MOST_COMPARED = 24
"""Rows that a row is compared with, on either side, of those that share a band with it: those that are most alike."""

_DEVIATIONS = 3
"""Standard deviations by which an estimate may be below the threshold."""
_PAIRS = 65_536
"""Pairs whose estimates are in memory together."""
_CACHED = 64
_MOST_UNLIKE = 1_000_000
_OF_TRAINING = 3
"""The number of partners in training; those before are partners in each split."""

Texts = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Rows that nearly equal other rows.

    Attributes:
        rows: [found] the numbers of the rows in their split, in order.
        partners: [found] the number of a row that each nearly equals, in its split or in training.
    """

    rows: NDArray[np.int64]
    partners: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """The near-duplicates of all splits.

    Attributes:
        within: by split, the rows that nearly equal an earlier row of it. A row that equals an earlier one to the
            letter is not among them; one that differs from it by case or blanks is.
        of_training: by split other than training, the rows that nearly equal one of training, but for those that equal
            one except for case and blanks.
        limited: whether some rows are so often alike that they were not compared with all others.
    """

    within: Mapping[str, NearDuplicates]
    of_training: Mapping[str, NearDuplicates]
    limited: bool


def near_duplicates(splits: Mapping[str, Texts], threshold: float = THRESHOLD) -> Found:
    """The near-duplicates of splits.

    Args:
        splits: by name, ``train`` first, the texts of each row. Rows of several texts are as alike as those of their
            texts that are least alike.
        threshold: the least Jaccard similarity.
    """
    search = NearDuplicateSearch({name: len(rows) for name, rows in splits.items()}, threshold)
    for rows in splits.values():
        search.add(rows)
    return search.find()


class NearDuplicateSearch:
    """Collects the rows of all splits in little memory, then finds those that are nearly equal.

    Args:
        sizes: by split, in the order in which they are added, the number of rows: ``train`` first, and three at most.
        threshold: the least Jaccard similarity.
    """

    def __init__(self, sizes: Mapping[str, int], threshold: float = THRESHOLD) -> None:
        assert len(sizes) <= _OF_TRAINING
        assert "train" not in list(sizes)[1:]
        self._sizes, self._threshold = dict(sizes), threshold
        self._sketches = Sketches(sum(sizes.values()))
        self._shingles = lru_cache(_CACHED)(shingles)
        self._unlike: set[tuple[int, int]] = set()
        deviation = math.sqrt(threshold * (1 - threshold) / MINIMA)
        self._least = int(MINIMA * (threshold - _DEVIATIONS * deviation))

    def add(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Add the next rows; a split may be added in parts.

        Raises:
            DataError: there is no room for their texts.
        """
        self._sketches.add(rows)

    def find(self) -> Found:
        """The near-duplicates of all rows."""
        # Rows that are equal but for case and blanks are one text here.
        _, first, text = np.unique(self._sketches.forms, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        first, text = first[order], place[text]
        splits = list(self._split(text))
        there = np.zeros(len(first), dtype=np.uint8)
        for number, (_, of_rows, _) in enumerate(splits):
            there[of_rows] |= np.uint8(1 << number)
        partners, limited = self._partners(first, there)
        within, of_training = {}, {}
        for number, (name, of_rows, exact) in enumerate(splits):
            within[name] = _within(partners[:, number], of_rows, exact)
            if number and "train" in self._sizes:
                of_training[name] = _of_training(partners[:, _OF_TRAINING], of_rows, splits[0][1])
        return Found(within, of_training, limited)

    def _split(self, text: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
        """The name of each split, the number of the text of each of its rows, and the hashes of its rows."""
        begin = 0
        for name, size in self._sizes.items():
            yield name, text[begin : begin + size], self._sketches.exact[begin : begin + size]
            begin += size

    def _partners(self, first: NDArray[np.int64], there: NDArray[np.uint8]) -> tuple[NDArray[np.int32], bool]:
        """[texts, 4] for each text an earlier one that it nearly equals, in each split and in training; -1 if there is
        none. And whether some texts were not compared with all that share a band with them.

        Args:
            first: [texts] a row with each text, in ascending order.
            there: [texts] a bit for each split that has the text.
        """
        found = np.full((len(first), _OF_TRAINING + 1), -1, dtype=np.int32)
        texts = np.flatnonzero(self._sketches.has[first])
        rows = first[texts]
        limited = False
        for band in range(BANDS):
            key = self._sketches.keys[band, rows].astype(np.uint64) << np.uint64(32)
            for number in range(4):  # so that those that share most stand side by side
                minimum = (band + 1 + number) * IN_BAND % MINIMA
                key |= self._sketches.parts[rows, minimum].astype(np.uint64) << np.uint64(8 * number)
            order = np.argsort(key, kind="stable")
            key = key[order] >> np.uint64(32)
            begin = np.flatnonzero(key[1:] == key[:-1])
            for distance in range(1, MOST_COMPARED + 1):
                begin = begin[begin + distance < len(key)]
                begin = begin[key[begin] == key[begin + distance]]
                if not len(begin):
                    break
                pairs = np.sort(np.stack([texts[order[begin]], texts[order[begin + distance]]]), axis=0)
                self._compare(pairs[0], pairs[1], first, there, found)
            else:
                begin = begin[begin + MOST_COMPARED + 1 < len(key)]
                begin = begin[key[begin] == key[begin + MOST_COMPARED + 1]][:_PAIRS]
                left, right = (first[texts[order[at]]] for at in (begin, begin + MOST_COMPARED + 1))
                limited = limited or bool((self._sketches.alike(left, right) >= self._least).any())
        return found, limited

    def _compare(
        self,
        one: NDArray[np.int64],
        other: NDArray[np.int64],
        first: NDArray[np.int64],
        there: NDArray[np.uint8],
        found: NDArray[np.int32],
    ) -> None:
        """Compare pairs of texts, and note those that are nearly equal as partners of the later ones.

        Args:
            one: [pairs] the earlier texts.
            other: [pairs] the later texts.
            first: [texts] a row with each text.
            there: [texts] a bit for each split that has the text.
            found: [texts, 4] the partners that were found.
        """
        train = np.uint8("train" in self._sizes)
        for begin in range(0, len(one), _PAIRS):
            left, right = one[begin : begin + _PAIRS], other[begin : begin + _PAIRS]
            both = there[left] & there[right]
            leak = (there[left] & train).astype(np.bool_) & ~(there[right] & train).astype(np.bool_)
            wanted = both | (leak.astype(np.uint8) << np.uint8(_OF_TRAINING))
            for kind in range(_OF_TRAINING + 1):
                wanted[found[right, kind] >= 0] &= np.uint8(~(1 << kind) & 0xFF)
            kept = np.flatnonzero(wanted)
            kept = kept[self._sketches.alike(first[left[kept]], first[right[kept]]) >= self._least]
            for a, b, kinds in zip(left[kept].tolist(), right[kept].tolist(), wanted[kept].tolist(), strict=True):
                missing = [kind for kind in range(_OF_TRAINING + 1) if kinds >> kind & 1 and found[b, kind] < 0]
                if missing and self._are_alike(int(first[a]), int(first[b])):
                    found[b, missing] = a

    def _are_alike(self, one: int, other: int) -> bool:
        if (one, other) in self._unlike:
            return False
        left, right = self._sketches.form(one), self._sketches.form(other)
        width, parts = width_of(left), left.split(PARTED)
        # The later texts of a row are the long ones, and often those that rows share on purpose.
        alike = (width, len(parts)) == (width_of(right), right.count(PARTED) + 1) and all(
            jaccard(self._shingles(mine, width), self._shingles(yours, width)) >= self._threshold
            for mine, yours in zip(parts, right.split(PARTED), strict=True)
        )
        if not alike and len(self._unlike) < _MOST_UNLIKE:
            self._unlike.add((one, other))
        return alike


def _firsts(values: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """[number] the first row with each value; -1 where there is none."""
    found = np.full(number, -1, dtype=np.int64)
    there, at = np.unique(values, return_index=True)
    found[there] = at
    return found


def _within(partners: NDArray[np.int32], of_rows: NDArray[np.int64], exact: NDArray[np.int64]) -> NearDuplicates:
    """The near-duplicates of one split.

    Args:
        partners: [texts] the partner of each text in the split.
        of_rows: [rows] the text of each row of the split.
        exact: [rows] the hash of each of them.
    """
    firsts = _firsts(of_rows, len(partners))
    texts = np.flatnonzero(partners >= 0)
    one, other = firsts[texts], firsts[partners[texts]]
    _, written = np.unique(exact, return_index=True)  # of rows that are equal to the letter, the first
    varied = written[firsts[of_rows[written]] != written]
    rows = np.concatenate([np.maximum(one, other), varied])
    of = np.concatenate([np.minimum(one, other), firsts[of_rows[varied]]])
    rows, at = np.unique(rows, return_index=True)
    return NearDuplicates(rows, of[at])


def _of_training(
    partners: NDArray[np.int32], of_rows: NDArray[np.int64], of_training: NDArray[np.int64]
) -> NearDuplicates:
    """The rows of one split that nearly equal one of training.

    Args:
        partners: [texts] the partner of each text in training.
        of_rows: [rows] the text of each row of the split.
        of_training: [rows] the text of each training row.
    """
    rows = np.flatnonzero(partners[of_rows] >= 0)
    return NearDuplicates(rows, _firsts(of_training, len(partners))[partners[of_rows[rows]]])
