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
        labels: by column and by whether its values are whole, the label of the rows with each value; columns with a
            value that goes with two are left out.
    """

    labels: dict[tuple[str, bool], dict[Any, str]] = field(default_factory=dict)
    _out: set[tuple[str, bool]] = field(default_factory=set)
    _rows: int = 0

    def add(self, part: Part) -> None:
        """Look at some training rows."""
        for example in part.examples:
            target = getattr(example, "target", None)
            if not isinstance(target, str):
                return
            self._rows += 1
            for name, value in getattr(example, "columns", _NONE).items():
                for whole in (True, False):
                    if (name, whole) not in self._out:
                        self._add((name, whole), _form(value, whole=whole), target)

    def _add(self, column: tuple[str, bool], value: Any, target: str) -> None:
        values = self.labels.setdefault(column, {})
        if value is None or values.setdefault(value, target) != target or len(values) > _MOST_VALUES:
            self._out.add(column)
            del self.labels[column]

    def note(self, labels: dict[str, int], notes: Notes) -> None:
        """Report the columns that tell the label.

        Args:
            labels: how many training rows have each.
            notes: collects the finding.
        """
        if len(labels) < 2 or max(labels.values()) > _COMMON * self._rows:
            return
        found: dict[str, str] = {}
        for (name, _), values in self.labels.items():
            if len(values) > 1 and _REPEATED * len(values) <= self._rows:
                value, label = next(iter(values.items()))
                found.setdefault(name, f"'{name}': {value!r} is {label}")
        if found:
            notes.add(kinds.COLUMN_TELLS, *found.values(), number=len(found))


def _form(value: Any, *, whole: bool) -> Any:
    """A value whole, as numbers of classes are, or without the number at its end: ``spam_0017`` is an id, and tells.

    None if it is not one that a label may go with.
    """
    if isinstance(value, str) and len(value) < _LONGEST:
        return value if whole else value.rstrip("0123456789")
    return value if whole and isinstance(value, (int, float)) else None
