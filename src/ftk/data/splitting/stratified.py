"""Chooses rows so that their labels come near to given numbers, and rows that belong together stay together.

Iterative stratification: rare labels come first, because rows with a common label can still be chosen when those with
a rare one are gone (Sechidis, Tsoumakas and Vlahavas 2011).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ftk.data.splitting.proportions import is_label
from ftk.data.splitting.units import Unit, Units

_ALMOST = 1e-9


@dataclass(slots=True)
class Chooser:
    """Chooses from units, each of them once.

    Attributes:
        units: in random order; of units that are equally good the first is chosen.
        guarded: labels that may not be used up: one unit with each stays free.
        free: which units are not chosen yet.
    """

    units: Units
    guarded: bool = False
    free: NDArray[np.bool_] = field(init=False)
    _left: Counter[Hashable] = field(init=False)
    """The number of free units with each label."""
    _number: int = field(init=False)
    """The number of free units."""

    def __post_init__(self) -> None:
        self.free = np.ones(len(self.units), dtype=np.bool_)
        self._left = self.units.with_label()
        self._number = len(self.units)

    def choose(self, target: int, desired: Mapping[Hashable, float]) -> list[int]:
        """The numbers of units with about ``target`` rows.

        A unit is only taken if that brings the number of rows closer to the target.

        Args:
            target: the number of rows.
            desired: how many of them should have each label.
        """
        picked = _Picked(target, desired)
        of_label = self.units.by_label(np.flatnonzero(self.free))
        self._without_excess(picked, of_label)
        if self.guarded:
            self._each_label(picked, of_label)
        self._nearest(picked)
        return picked.numbers

    def smallest(self, *, guarded: bool) -> int | None:
        """The smallest free unit, and the first of these; None if there is none that may be taken.

        Args:
            guarded: whether it may not be the last one with a label.
        """
        may = (at for at in np.flatnonzero(self.free).tolist() if not guarded or self._may_go(self.units[at]))
        found = min(may, key=lambda at: self.units[at].size, default=None)
        if found is not None:
            self._take(found)
        return found

    def _without_excess(self, picked: _Picked, of_label: Mapping[Hashable, NDArray[np.int64]]) -> None:
        """Take units, those of the rarest label first, as long as no label is taken more often than desired."""
        for label in sorted(of_label, key=lambda one: (len(of_label[one]), str(one))):
            need = picked.need(label)
            for number in of_label[label].tolist():
                if need < 1 - _ALMOST or picked.left < 1:
                    break
                if not self.free[number]:
                    continue
                unit = self.units[number]
                if unit.size <= picked.left and unit.labels[label] <= need + _ALMOST and self._may_go(unit):
                    self._take(number)
                    picked.add(number, unit)
                    need = picked.need(label)

    def _each_label(self, picked: _Picked, of_label: Mapping[Hashable, NDArray[np.int64]]) -> None:
        """Take the smallest unit with each label that none has yet, even if they are more rows than the target: a split
        without one of two labels scores nothing."""
        lacking = {label for label in self._left if is_label(label) and picked.lacks(label)}
        for label in sorted(lacking, key=lambda one: (self._left[one], str(one))):
            having = (at for at in of_label.get(label, _NOTHING).tolist() if self.free[at])
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
        if picked.left <= 0:
            return
        # The first units of each kind that can be needed, the next one last.
        queues = [part[: picked.left][::-1].tolist() for part in self.units.by_kind(np.flatnonzero(self.free))]
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


_NOTHING = np.zeros(0, dtype=np.int64)


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
        for label, count in unit.labels.items():
            self._have[label] += count
