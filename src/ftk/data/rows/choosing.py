"""Which column has a role where several could: chosen once for all rows of a split, by what the rows hold."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

_SAMPLE = 1000
"""Rows in which values are compared."""
_FEW = 6
"""Rows from which something can be said about how values repeat."""
_TIMES = 3

Holds = Callable[[Any], bool]
"""Whether a value could be meant for a role."""


def holds_something(value: Any) -> bool:
    """Whether a value is neither null nor an empty cell."""
    return value is not None and value != ""


def settle_columns(
    rows: Sequence[Row],
    columns: Mapping[str, Any],
    names: Mapping[str, Sequence[str]],
    notes: Notes,
    holds: Mapping[str, Holds] | None = None,
    undecided: Collection[str] = (),
    varied: Collection[str] = (),
) -> dict[str, Any]:
    """``data.columns`` with the roles set for which rows have more than one column.

    A role with one possible column in each file stays as it is: that column is found by name.

    Args:
        rows: of one split.
        columns: ``data.columns``.
        names: by role, the names that are tried, the likeliest first.
        notes: collects what was chosen.
        holds: by role, which values count; by default all but null and empty cells.
        undecided: roles for which the first name is no likelier than the others.
        varied: roles of texts: a column whose values are nearly all the same is no likelier than one of other texts.

    Raises:
        DataError: the rows do not say which column is meant.
    """
    settled = dict(columns)
    shapes = Counter(tuple(row.values) for row in rows)
    for role, known in names.items():
        if columns.get(role) is not None:
            continue
        present = [name for name in known if any(name in shape for shape in shapes)]
        if len(present) > 1:
            counts = (holds or {}).get(role, holds_something)
            is_open = role in undecided or (role in varied and _repeats(rows, present, counts))
            settled[role] = _weighed(rows, role, present, counts, is_open, notes)
    notes.raise_errors()  # here, so that rows without the chosen column are not reported as well
    return settled


def _weighed(
    rows: Sequence[Row], role: str, present: Sequence[str], holds: Holds, undecided: bool, notes: Notes
) -> str | None:
    """The column for a role; None if each file has one of its own, or no row has any."""
    counts: Counter[str] = Counter()
    by_file: dict[str, set[str]] = {}
    differing: list[Row] = []
    together = 0
    for row in rows:
        values = row.values
        found = [name for name in present if name in values and holds(values[name])]
        counts.update(found)
        by_file.setdefault(row.file, set()).update(found)
        if len(found) > 1:
            together += 1
            if any(values[name] != values[found[0]] for name in found[1:]):
                differing.append(row)
    candidates = [name for name in present if counts[name]]
    if len(candidates) < 2:
        only = next((name for name in candidates if all(name in row.values for row in rows)), None)
        if only is not None and only != present[0]:
            others = [name for name in present if name != only]
            notes.add(kinds.COLUMN_CHOSEN, policy="filled", role=role, column=only, others=others)
        return only
    if all(len(found) < 2 for found in by_file.values()):
        return None
    first, others = candidates[0], candidates[1:]
    elsewhere = [row for row in rows if not holds(row.values.get(first)) and any(map(holds, _of(row, others)))]
    equal = together and not differing and counts[first] == max(counts.values())
    if equal or not (elsewhere or (undecided and differing)):
        notes.add(kinds.COLUMN_CHOSEN, policy="first", role=role, column=first, others=others)
        return first
    left_open = elsewhere or differing
    notes.add(
        kinds.COMPETING_COLUMNS,
        *(row.where for row in left_open[:SHOWN]),
        number=len(left_open),
        role=role,
        shares=[f"'{name}' in {counts[name]:,}" for name in candidates],
        rows=len(rows),
        choices=" or ".join(f"data.columns.{role}={pasted(name)}" for name in candidates),
    )
    return first


def _of(row: Row, names: Sequence[str]) -> list[Any]:
    return [row.values[name] for name in names if name in row.values]


def _repeats(rows: Sequence[Row], present: Sequence[str], holds: Holds) -> bool:
    """Whether the first column that is filled repeats a few values, where another one has several times as many."""
    sample = rows[:_SAMPLE]
    values = {name: {repr(row.values.get(name)) for row in sample if holds(row.values.get(name))} for name in present}
    first, *others = [found for found in values.values() if found] or [set()]
    return len(sample) >= _FEW and any(len(other) >= _TIMES * len(first) for other in others)
