"""A sample of the rows of a file with labels in proportion, drawn in one pass."""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ftk.contracts.example import Number
from ftk.contracts.row import Row
from ftk.data.splitting.proportions import binned, in_proportion
from ftk.data.splitting.stratified import Chooser
from ftk.data.splitting.units import Units

_SPARE = 4
"""Rows that are held for each one that is taken, so that there are enough of each label."""
_LOWEST = 8
"""Rows of each label that are held in any case."""
_MOST_LABELS = 2000
"""With more labels than this, the column holds no labels, and rows are drawn whatever it says."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows in the order of the file.

    Attributes:
        rows: that were drawn.
        total: the number of rows that they were drawn from.
        labelled: whether labels are in proportion.
    """

    rows: list[Row]
    total: int
    labelled: bool


def sample(
    rows: Iterable[Row],
    limit: int | float,
    seed: int,
    *,
    labels_of: Callable[[Row], tuple[Hashable, ...]],
    together: Callable[[Row], str] | None = None,
) -> Sample:
    """Draw rows. Rows that are not drawn are not held: about ten times as many rows are in memory as are drawn.

    Args:
        rows: to draw from.
        limit: how many, or below 1 which share of them; at least one.
        seed: of the draw.
        labels_of: the labels of a row, or its numbers.
        together: equal for rows that are drawn together, or not at all; None: each is drawn by itself.
    """
    draws = random.Random(seed)
    pool = _Pool(limit, by_label=together is None)
    for number, row in enumerate(rows):
        key = draws.random() if together is None else _hashed(seed, together(row))
        pool.add(key, number, row, labels_of(row))
    return pool.drawn()


class _Drawn(NamedTuple):
    """A row with its place in a random order. Numbers differ, so no comparison gets as far as the row."""

    key: float
    number: int
    row: Row
    labels: tuple[Hashable, ...]


@dataclass(slots=True)
class _Pool:
    """The rows with the lowest keys, of all rows and of each label.

    Both are the first rows of a random order, of all rows or of those with the label. So the rows of a label that are
    taken from the pool are those that would be taken from all rows.

    Attributes:
        limit: how many rows are wanted, or which share of them.
        by_label: whether the lowest keys of each label are held.
    """

    limit: int | float
    by_label: bool
    total: int = 0
    _counts: Counter[Hashable] = field(default_factory=Counter)
    _held: list[_Drawn] = field(default_factory=list)
    _highest: float = 1.0
    _lowest: dict[Hashable, list[tuple[float, int, _Drawn]]] = field(default_factory=lambda: defaultdict(list))
    _too_many: bool = False

    @property
    def _room(self) -> int:
        wanted = self.limit if self.limit >= 1 else self.limit * self.total
        return max(64, int(_SPARE * wanted))

    def add(self, key: float, number: int, row: Row, labels: tuple[Hashable, ...]) -> None:
        self.total += 1
        if key <= self._highest:
            self._held.append(_Drawn(key, number, row, labels))
            if len(self._held) > 2 * self._room:
                self._shrink()
        if self._too_many:
            return
        for label in labels or (None,):
            if isinstance(label, Number):
                continue
            self._counts[label] += 1
            if not self.by_label:
                continue
            lowest = self._lowest[label]
            if len(lowest) < _LOWEST:
                heapq.heappush(lowest, (-key, number, _Drawn(key, number, row, labels)))
            elif key < -lowest[0][0]:
                heapq.heapreplace(lowest, (-key, number, _Drawn(key, number, row, labels)))
        if len(self._counts) > _MOST_LABELS:
            self._too_many = True
            self._lowest.clear()

    def _shrink(self) -> None:
        """Keep the lower half of the rows, and of rows that are drawn together all or none."""
        self._held.sort()
        highest = self._held[self._room - 1].key
        if highest < self._held[-1].key:
            self._highest = highest
            self._held = [drawn for drawn in self._held if drawn.key <= highest]

    def drawn(self) -> Sample:
        wanted = int(self.limit) if self.limit >= 1 else max(1, round(self.limit * self.total))
        lowest = (drawn for heap in self._lowest.values() for _, _, drawn in heap)
        pool = sorted({drawn.number: drawn for drawn in (*self._held, *lowest)}.values())
        strata = binned([() if self._too_many else drawn.labels for drawn in pool])
        labelled = any(stratum is not None for row in strata for stratum in row)
        if wanted >= self.total:
            return Sample([drawn.row for drawn in sorted(pool, key=_number)], self.total, labelled)
        counts, total = self._counts, self.total
        if self._too_many or any(isinstance(label, Number) for drawn in pool for label in drawn.labels):
            counts, total = Counter(label for row in strata for label in set(row)), len(pool)
        part = np.arange(len(pool))
        if not self.by_label:
            keys = np.array([drawn.key for drawn in pool])
            part = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0)
        desired = in_proportion(counts, total, wanted)
        chosen = Chooser(Units.of(part, strata)).choose(wanted, desired)
        rows = [pool[at] for at in np.flatnonzero(np.isin(part, chosen)).tolist()]
        if not rows and pool:  # the rows that are drawn together are more than may be drawn: some of the first ones
            first = int(np.count_nonzero(part == 0))
            units = Units.of(np.arange(first), strata[:first])
            desired = in_proportion(units.rows_with_label(), first, wanted)
            rows = [pool[at] for at in Chooser(units).choose(wanted, desired)]
        return Sample([drawn.row for drawn in sorted(rows, key=_number)], self.total, labelled)


def _number(drawn: _Drawn) -> int:
    return drawn.number


def _hashed(seed: int, name: str) -> float:
    """A number from 0 to 1 that is the same for equal names."""
    digest = hashlib.blake2b(f"{seed}\0{name}".encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return int.from_bytes(digest, "big") / (1 << 56)
