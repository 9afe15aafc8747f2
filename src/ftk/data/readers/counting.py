"""The rows of each file, counted while they are read."""

from collections.abc import Iterable, Iterator

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row


def counted(rows: Iterable[Row], name: str, counts: dict[str, int]) -> Iterator[Row]:
    """The same rows, counted while they are read."""
    counts.setdefault(name, 0)
    for row in rows:
        counts[name] += 1
        yield row


def note_files(counts: dict[str, int], notes: Notes) -> None:
    """Report which files were read, and how many rows each gave."""
    rows = sum(counts.values())
    names = list(counts)[:SHOWN]
    alone = len(counts) == 1
    shown = ", ".join(name if alone else f"{name} ({counts[name]:,})" for name in names)
    more = f", … ({len(counts) - SHOWN:,} more)" if len(counts) > SHOWN else ""
    size = f"{rows:,} row{'s' if rows != 1 else ''}"
    notes.add(kinds.FILES_READ, rows=rows, number_of_files=len(counts), files=names, size=size, shown=shown + more)
