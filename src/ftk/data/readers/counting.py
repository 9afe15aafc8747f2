"""The rows of each file, counted while they are read."""

from collections.abc import Iterable, Iterator

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

_LEFT_OUT = (kinds.NOT_ANNOTATED, kinds.NOT_ACCEPTED, kinds.CANCELLED_ANNOTATION, kinds.WITHOUT_ANNOTATIONS)


def counted(rows: Iterable[Row], name: str, counts: dict[str, int]) -> Iterator[Row]:
    """The same rows, counted while they are read."""
    counts.setdefault(name, 0)
    for row in rows:
        counts[name] += 1
        yield row


def left_out(notes: Notes) -> str:
    """Why rows of the present split were left out by their annotations, for a split without any; empty if none were."""
    reasons = [f"{found.what}, left out" for found in notes if found.split == notes.split and found.kind in _LEFT_OUT]
    return "".join(f"; {reason}" for reason in reasons)


def note_files(counts: dict[str, int], notes: Notes) -> None:
    """Report which files were read, and how many rows each gave."""
    rows = sum(counts.values())
    names = list(counts)[:SHOWN]
    alone = len(counts) == 1
    shown = ", ".join(name if alone else f"{name} ({counts[name]:,})" for name in names)
    more = f", … ({len(counts) - SHOWN:,} more)" if len(counts) > SHOWN else ""
    size = f"{rows:,} row{'s' if rows != 1 else ''}"
    notes.add(kinds.FILES_READ, rows=rows, number_of_files=len(counts), files=names, size=size, shown=shown + more)
