"""Examples of rows that are not all in memory: made part by part."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import RowReader
from ftk.contracts.row import Row
from ftk.data.storage.stored import Stored

_PART = 20_000
"""Rows that are read together. What is decided by all rows of a split, is decided by these."""
_DECIDED: dict[str, tuple[str, str]] = {
    kinds.TAG_SCHEME.id: ("scheme", "task.tag_scheme"),
    kinds.COLUMN_CHOSEN.id: ("column", "data.columns.{role}"),
    kinds.TAGS_AND_SPANS.id: ("read", "data.columns.spans"),
    kinds.TOKEN_SPANS.id: ("end", "data.offsets"),
}
"""What a task decides by the rows: the value that says how, and the key of the config that decides it for all."""


class RowsInParts(Protocol):
    """The rows of a split, of which some are in memory at a time."""

    def parts(self, most: int, /) -> Iterable[list[Row]]:
        """Yield the rows in order, in lists of at most so many."""
        ...


def first_rows(rows: Stored[Row]) -> list[Row]:
    """As many of the first rows as are read together."""
    return next(rows.parts(_PART), [])


class Writer(Protocol):
    """Collects examples in order."""

    def extend(self, items: Iterable[Any], /) -> None:
        """Add some examples."""
        ...

    def finished(self) -> Sequence[Any]:
        """All of them."""
        ...


def read_parts(task: RowReader, rows: RowsInParts, reading: Reading, writer: Writer) -> Sequence[Any]:
    """An example of each row that can be used, as the writer keeps them.

    Args:
        task: reads the rows.
        rows: of one split.
        reading: how they are read; its notes collect the findings of all parts together.
        writer: keeps the examples.

    Raises:
        DataError: a temporary file cannot be written.
    """
    merged, seen = _Merged(reading.notes), dict[Hashable, Any]()
    for part in rows.parts(_PART):
        notes = Notes()
        with notes.of(reading.notes.split or ""):
            writer.extend(task.read(part, replace(reading, notes=notes, seen=seen)))
        merged.add(list(notes), part[0].where)
    merged.finish()
    return writer.finished()


class _Merged:
    """The findings of all parts of a split. Counts of one kind add up, also those within facts."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._facts: dict[tuple[Any, ...], tuple[FindingKind, str | None, dict[str, Any]]] = {}
        self._decided: dict[tuple[str, str], str] = {}

    def add(self, findings: list[Finding], where: str) -> None:
        for found in findings:
            if found.severity == "error" or found.kind.counted:
                self._notes.extend([found])
                continue
            self._compare(found, where)
            same = tuple((name, repr(value)) for name, value in sorted(found.values.items()) if not _is_count(value))
            before = self._facts.get((found.kind.id, found.policy, same))
            values = dict(found.values)
            if before is not None:
                values |= {name: value + before[2][name] for name, value in values.items() if _is_count(value)}
            self._facts[found.kind.id, found.policy, same] = (found.kind, found.policy, values)

    def _compare(self, found: Finding, where: str) -> None:
        """Report a part that is read in another way than those before."""
        if found.kind.id not in _DECIDED:
            return
        name, key = _DECIDED[found.kind.id]
        key = key.format(**found.values)
        there = str(found.values[name])
        before = self._decided.setdefault((found.kind.id, key), there)
        if before != there:
            self._notes.add(kinds.OTHER_READING, where, before=before, there=there, key=key)

    def finish(self) -> None:
        for kind, policy, values in self._facts.values():
            self._notes.add(kind, policy=policy, **values)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
