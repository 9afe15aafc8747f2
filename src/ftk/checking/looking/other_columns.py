"""Columns that a model does not read, and whose values alone tell the label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ftk.checking.looking.row_texts import Part
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

_NONE: dict[str, Any] = {}
_MOST_VALUES = 2000
_LONGEST = 200
_REPEATED = 5
"""Rows that a value has on average where it says something that it goes with one label."""
_COMMON = 0.95
"""The most frequent label may have no more of the rows: a value of any column goes with it by chance."""


@dataclass(slots=True)
class OtherColumns:
    """The values of the other columns, and the label that each goes with.

    Attributes:
        labels: by column and value, the label of its rows; columns with a value that goes with two are left out.
    """

    labels: dict[str, dict[Any, str]] = field(default_factory=dict)
    _out: set[str] = field(default_factory=set)
    _rows: int = 0

    def add(self, part: Part) -> None:
        """Look at some training rows."""
        for example in part.examples:
            target = getattr(example, "target", None)
            if not isinstance(target, str):
                return
            self._rows += 1
            for name, value in getattr(example, "columns", _NONE).items():
                if name not in self._out:
                    self._add(name, value, target)

    def _add(self, name: str, value: Any, target: str) -> None:
        if isinstance(value, str):
            value = value.rstrip("0123456789") if len(value) < _LONGEST else None  # spam_0017 is an id, and tells
        elif not isinstance(value, int):
            value = None
        values = self.labels.setdefault(name, {})
        if value is None or values.setdefault(value, target) != target or len(values) > _MOST_VALUES:
            self._out.add(name)
            del self.labels[name]

    def note(self, labels: dict[str, int], notes: Notes) -> None:
        """Report the columns that tell the label.

        Args:
            labels: how many training rows have each.
            notes: collects the finding.
        """
        if len(labels) < 2 or max(labels.values()) > _COMMON * self._rows:
            return
        found = [
            f"'{name}': {next(iter(values))!r} is {values[next(iter(values))]}"
            for name, values in self.labels.items()
            if len(values) > 1 and _REPEATED * len(values) <= self._rows
        ]
        if found:
            notes.add(kinds.COLUMN_TELLS, *found, number=len(found))
