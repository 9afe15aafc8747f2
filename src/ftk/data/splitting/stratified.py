"""Chooses rows so that their labels come near to given numbers, and rows that belong together stay together.

Iterative stratification: rare labels come first, because rows with a common label can still be chosen when those with
a rare one are gone (Sechidis, Tsoumakas and Vlahavas 2011).
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ftk.contracts.example import Number

_BINS = 10
_IN_BIN = 5
"""Numbers in each bin, at the least."""
_ALMOST = 1e-9


class Bin(NamedTuple):
    """The label of a number: which tenth of all numbers it belongs to."""

    of: str
    number: int


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that are chosen together.

    Attributes:
        size: the number of rows.
        labels: how many of them have each label.
    """

    size: int
    labels: Mapping[Hashable, int]


def is_label(stratum: Hashable) -> bool:
    """Whether a stratum is a label that a model learns: not a bin of numbers, and not the absence of labels."""
    return stratum is not None and not isinstance(stratum, Bin)


def binned(strata: Sequence[Sequence[Hashable]]) -> list[tuple[Hashable, ...]]:
    """The strata of rows with bins in place of numbers, and None for a row without any."""
    numbers: dict[str, list[float]] = defaultdict(list)
    for row in strata:
        for stratum in row:
            if isinstance(stratum, Number):
                numbers[stratum.of].append(stratum.value)
    bounds = {name: _bounds(values) for name, values in numbers.items()}
    return [
        tuple(
            Bin(stratum.of, bisect_right(bounds[stratum.of], stratum.value)) if isinstance(stratum, Number) else stratum
            for stratum in row
        )
        or (None,)
        for row in strata
    ]


def _bounds(values: list[float]) -> list[float]:
    """The numbers between bins that hold about equally many values."""
    values = sorted(values)
    bins = max(1, min(_BINS, len(values) // _IN_BIN))
    return sorted({values[len(values) * number // bins] for number in range(1, bins)})


def in_proportion(counts: Mapping[Hashable, int], total: int, target: int, *, least: int = 1) -> dict[Hashable, float]:
    """How many of ``target`` rows should have each label, for the labels to be as frequent as they are in all rows.

    Each label has at least one of these rows, unless rare labels would take more than half of them.

    Args:
        counts: how many rows have each label.
        total: the number of rows.
        target: the number of rows to choose.
        least: the number of rows that a label must have for that.
    """
    desired = {label: target * count / total for label, count in counts.items()}
    rare = [label for label, wanted in desired.items() if is_label(label) and wanted < 1 and counts[label] >= least]
    if rare and 2 * len(rare) <= target:
        # The others give up what rare labels get.
        rest = (target - len(rare)) / (target - sum(desired[label] for label in rare))
        desired = {label: wanted * rest for label, wanted in desired.items()} | dict.fromkeys(rare, 1.0)
    return desired


@dataclass(slots=True)
class Chooser:
    """Chooses from units, each of them once.

    Attributes:
        units: in random order; of units that are equally good the first is chosen.
        guarded: labels that may not be used up: one unit with each stays free.
        free: which units are not chosen yet.
    """

    units: Sequence[Unit]
    guarded: bool = False
    free: list[bool] = field(init=False)
    _left: Counter[Hashable] = field(init=False)
    """The number of free units with each label."""
    _number: int = field(init=False)
    """The number of free units."""

    def __post_init__(self) -> None:
        self.free = [True] * len(self.units)
        self._left = Counter(label for unit in self.units for label in unit.labels)
        self._number = len(self.units)

    def choose(self, target: int, desired: Mapping[Hashable, float]) -> list[int]:
        """The numbers of units with about ``target`` rows.

        A unit is only taken if that brings the number of rows closer to the target.

        Args:
            target: the number of rows.
            desired: how many of them should have each label.
        """
        picked = _Picked(target, desired)
        self._without_excess(picked)
        if self.guarded:
            self._each_label(picked)
        self._nearest(picked)
        return picked.numbers

    def smallest(self, *, guarded: bool) -> int | None:
        """The smallest free unit, and the first of these; None if there is none that may be taken.

        Args:
            guarded: whether it may not be the last one with a label.
        """
        may = (at for at, free in enumerate(self.free) if free and (not guarded or self._may_go(self.units[at])))
        found = min(may, key=lambda at: self.units[at].size, default=None)
        if found is not None:
            self._take(found)
        return found

    def _without_excess(self, picked: _Picked) -> None:
        """Take units, those of the rarest label first, as long as no label is taken more often than desired."""
        of_label: dict[Hashable, list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units):
            if self.free[number]:
                for label in unit.labels:
                    of_label[label].append(number)
        for label in sorted(of_label, key=lambda one: (len(of_label[one]), str(one))):
            for number in of_label[label]:
                need = picked.need(label)
                if need < 1 - _ALMOST or picked.left < 1:
                    break
                unit = self.units[number]
                fits = unit.size <= picked.left and unit.labels[label] <= need + _ALMOST
                if fits and self.free[number] and self._may_go(unit):
                    self._take(number)
                    picked.add(number, unit)

    def _each_label(self, picked: _Picked) -> None:
        """Take the smallest unit with each label that none has yet, even if they are more rows than the target: a split
        without one of two labels scores nothing."""
        lacking = {label for label in self._left if is_label(label) and picked.lacks(label)}
        for label in sorted(lacking, key=lambda one: (self._left[one], str(one))):
            having = (at for at, unit in enumerate(self.units) if self.free[at] and label in unit.labels)
            found = min(having, key=lambda at: self.units[at].size, default=None)
            if found is None or not picked.lacks(label):
                continue
            unit = self.units[found]
            fits = unit.size <= picked.left or 1 < unit.size < picked.target + picked.left
            if fits and self._may_go(unit):
                self._take(found)
                picked.add(found, unit)

    def _nearest(self, picked: _Picked) -> None:
        """Fill up with the units that bring the labels nearest to what is desired."""
        alike: dict[tuple[int, frozenset[tuple[Hashable, int]]], list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units):
            if self.free[number] and picked.left > 0:
                alike[unit.size, frozenset(unit.labels.items())].append(number)
        queues = [numbers[::-1] for numbers in alike.values()]
        # A gain never grows while units are taken, so one that was computed before is an upper bound.
        heap = [(-picked.gain(self.units[queue[-1]]), queue[-1], at) for at, queue in enumerate(queues)]
        heapq.heapify(heap)
        while heap and picked.left > 0:
            _, number, at = heapq.heappop(heap)
            unit = self.units[number]
            gain = picked.gain(unit)
            if heap and (-gain, number) > heap[0][:2]:
                heapq.heappush(heap, (-gain, number, at))
                continue
            if unit.size >= 2 * picked.left or not self._may_go(unit):
                continue  # nor do the others like it, now or later
            self._take(number)
            picked.add(number, unit)
            queues[at].pop()
            if queues[at]:
                heapq.heappush(heap, (-picked.gain(unit), queues[at][-1], at))

    def _may_go(self, unit: Unit) -> bool:
        if not self.guarded:
            return True
        return self._number > 1 and all(self._left[label] > 1 for label in unit.labels if is_label(label))

    def _take(self, number: int) -> None:
        self.free[number] = False
        self._number -= 1
        for label in self.units[number].labels:
            self._left[label] -= 1


class _Picked:
    """The units that were chosen, and what is still desired."""

    def __init__(self, target: int, desired: Mapping[Hashable, float]) -> None:
        self.numbers: list[int] = []
        self.target = self.left = target
        self._desired = desired
        self._have: Counter[Hashable] = Counter()

    def need(self, label: Hashable) -> float:
        return self._desired.get(label, 0.0) - self._have[label]

    def lacks(self, label: Hashable) -> bool:
        """Whether there should be a row with a label, and is none."""
        return not self._have[label] and self._desired.get(label, 0.0) > 1 - _ALMOST

    def gain(self, unit: Unit) -> float:
        """How much nearer each row of a unit brings the labels to what is desired, on average."""
        needs = ((self.need(label), count) for label, count in unit.labels.items())
        return sum(abs(need) - abs(need - count) for need, count in needs) / unit.size

    def add(self, number: int, unit: Unit) -> None:
        self.numbers.append(number)
        self.left -= unit.size
        self._have.update(unit.labels)


def units_of(parts: Iterable[Sequence[int]], strata: Sequence[tuple[Hashable, ...]]) -> list[Unit]:
    """The units of some parts of the rows.

    Args:
        parts: the numbers of the rows of each part.
        strata: of each row.
    """
    single: dict[tuple[Hashable, ...], Unit] = {}  # most rows are alone, and have one of a few sets of labels
    found = []
    for part in parts:
        if len(part) == 1:
            labels = strata[part[0]]
            if labels not in single:
                single[labels] = Unit(1, Counter(set(labels)))
            found.append(single[labels])
        else:
            found.append(Unit(len(part), Counter(label for row in part for label in set(strata[row]))))
    return found
