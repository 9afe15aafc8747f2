"""Rows that are chosen together, and the labels that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Rows that are chosen together.

    Attributes:
        size: the number of rows.
        labels: how many of them have each label.
    """

    size: int
    labels: Mapping[Hashable, int]


class Units:
    """Any number of units. Those that are alike are one object, since most rows have one of a few sets of labels.

    Attributes:
        kinds: the different units.
        kind: [units] the number of the kind of each.
    """

    def __init__(self, kinds: Sequence[Unit], kind: NDArray[np.int64]) -> None:
        self.kinds = kinds
        self.kind = kind
        names = {label: None for one in kinds for label in one.labels}
        numbers = {label: number for number, label in enumerate(names)}
        self._labels = list(names)
        self._width = np.array([len(one.labels) for one in kinds], dtype=np.int64)
        self._flat = np.array([numbers[label] for one in kinds for label in one.labels], dtype=np.int64)

    @classmethod
    def of(cls, part: NDArray[np.int64], strata: Sequence[tuple[Hashable, ...]]) -> Units:
        """A unit for each part of the rows.

        Args:
            part: [rows] the number of the part of each row; each number from 0 on occurs.
            strata: of each row.
        """
        numbers: dict[tuple[Hashable, ...], int] = {}
        stratum = np.array([numbers.setdefault(row, len(numbers)) for row in strata], dtype=np.int64)
        labels = [tuple(dict.fromkeys(one)) for one in numbers]
        size = np.bincount(part)
        order = np.lexsort((stratum, part))
        begin = np.cumsum(size) - size
        # Parts of one row are most of the parts: their kind is the number of their stratum.
        kind = stratum[order[begin]]
        kinds = [Unit(1, dict.fromkeys(one, 1)) for one in labels]
        found: dict[bytes, int] = {}
        for number in np.flatnonzero(size > 1).tolist():
            content = stratum[order[begin[number] : begin[number] + size[number]]]
            key = content.tobytes()
            if key not in found:
                found[key] = len(kinds)
                kinds.append(Unit(len(content), Counter(label for row in content.tolist() for label in labels[row])))
            kind[number] = found[key]
        return cls(kinds, kind)

    def ordered(self, numbers: Sequence[int]) -> Units:
        """The same units in another order.

        Args:
            numbers: of the units, the first one first.
        """
        return Units(self.kinds, self.kind[np.asarray(numbers, dtype=np.int64)])

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, number: int) -> Unit:
        return self.kinds[self.kind[number]]

    def with_label(self) -> Counter[Hashable]:
        """The number of units with each label."""
        counts: Counter[Hashable] = Counter()
        for unit, number in zip(self.kinds, self._counts(), strict=True):
            for label in unit.labels if number else ():
                counts[label] += number
        return counts

    def rows_with_label(self) -> Counter[Hashable]:
        """The number of rows with each label."""
        counts: Counter[Hashable] = Counter()
        for unit, number in zip(self.kinds, self._counts(), strict=True):
            for label, rows in unit.labels.items() if number else ():
                counts[label] += number * rows
        return counts

    def _counts(self) -> list[int]:
        """The number of units of each kind."""
        return np.bincount(self.kind, minlength=len(self.kinds)).tolist()

    def by_label(self, numbers: NDArray[np.int64]) -> dict[Hashable, NDArray[np.int64]]:
        """For each label which of some units have it.

        Args:
            numbers: of the units, in order.
        """
        kind = self.kind[numbers]
        width = self._width[kind]
        begin = (np.cumsum(self._width) - self._width)[kind]
        inside = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
        label = self._flat[np.repeat(begin, width) + inside]
        order = np.argsort(label, kind="stable")
        unit = np.repeat(numbers, width)[order]
        counts = np.bincount(label, minlength=len(self._labels))
        parts = np.split(unit, np.cumsum(counts)[:-1]) if len(counts) else []
        return {name: part for name, part in zip(self._labels, parts, strict=True) if len(part)}

    def by_kind(self, numbers: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """For each kind which of some units, which are given in order, are of it; no kind without a unit."""
        kind = self.kind[numbers]
        order = np.argsort(kind, kind="stable")
        bounds = np.flatnonzero(np.diff(kind[order])) + 1
        return iter(np.split(numbers[order], bounds) if len(numbers) else ())
