"""Numbers to learn that are far from all others."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ftk.checking.looking.row_texts import Part, place
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Number
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes

_ENOUGH = 20
_TIMES = 10
"""Times the range of the middle half of the numbers that an odd one is away from it."""


@dataclass(slots=True)
class Numbers:
    """The numbers that the rows of a split teach, by target.

    Attributes:
        values: of each target.
        rows: the number of the row of each.
    """

    values: dict[str, array[float]] = field(default_factory=dict)
    rows: dict[str, array[int]] = field(default_factory=dict)
    _seen: int = 0

    def add(self, part: Part) -> None:
        """Add the numbers of some rows."""
        for example in part.examples:
            if isinstance(getattr(example, "target", None), (float, dict)):
                for one in example.strata:
                    if isinstance(one, Number):
                        self.values.setdefault(one.of, array("d")).append(one.value)
                        self.rows.setdefault(one.of, array("l")).append(self._seen)
            self._seen += 1

    def note(self, examples: Sequence[Any], notes: Notes) -> None:
        """Report the rows with numbers that are far from all others.

        Args:
            examples: the rows, for the places of a few.
            notes: collects the findings.
        """
        for target, numbers in self.values.items():
            values = np.frombuffer(numbers, dtype=np.float64)
            if len(values) < _ENOUGH:
                continue
            low, high = np.quantile(values, [0.25, 0.75])
            spread = high - low or values.std()
            far = np.flatnonzero((values < low - _TIMES * spread) | (values > high + _TIMES * spread))
            if len(far):
                rows = [(examples[self.rows[target][at]], values[at]) for at in far[:SHOWN].tolist()]
                places = [f"{place(example, '')}: {value:g}" for example, value in rows]
                notes.add(kinds.NUMBER_APART, *places, number=len(far), target=target, low=float(low), high=float(high))
