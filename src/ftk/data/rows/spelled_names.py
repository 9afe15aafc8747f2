"""Names of columns that differ from the expected ones by case or by blanks around them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.system.spelling import folded

_MOST_SHAPES = 1000
"""Sets of columns that are kept; JSON rows may each have other ones."""


def with_known_names(
    rows: Iterable[Row], columns: Mapping[str, Any], usual: Mapping[str, Sequence[str]], notes: Notes
) -> Iterator[Row]:
    """The rows with their columns called as the config or the task calls them, if only case or blanks differ.

    A file with ``Text`` and one with ``text`` are read alike. A name stays if two columns differ only by case.

    Args:
        rows: of any files.
        columns: ``data.columns``: by role a name, a list of names, or None.
        usual: by role, the names that are tried where ``columns`` has None.
        notes: collects which columns have another name in the file.
    """
    known: dict[tuple[str, ...], dict[str, str]] = {}
    last: list[str] = []
    renamed: dict[str, str] | None = None
    for row in rows:
        names = [*row.values]
        if names == last and not renamed:  # most rows have the columns of the row before
            yield row
            continue
        last, shape = names, tuple(names)
        renamed = known.get(shape)
        if renamed is None:
            renamed = {} if row.lines else _renamed(shape, columns, usual)
            if renamed:
                notes.add(kinds.COLUMN_IN_OTHER_CASE, file=row.file, columns={new: old for old, new in renamed.items()})
            if len(known) < _MOST_SHAPES:
                known[shape] = renamed
        if renamed:
            yield replace(row, values={renamed.get(name, name): value for name, value in row.values.items()})
        else:
            yield row


def _renamed(shape: Sequence[str], columns: Mapping[str, Any], usual: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The new names of columns, by their own ones."""
    named = [str(name) for wanted in columns.values() for name in _listed(wanted)]
    tried = [name for role, names in usual.items() if columns.get(role) is None for name in names]
    kept = {name.partition(".")[0] for name in named} | set(named)
    by_fold: dict[str, list[str]] = {}
    for column in shape:
        if column not in kept:
            by_fold.setdefault(folded(str(column)), []).append(column)
    found: dict[str, str] = {}
    for name in (*named, *tried):
        alike = by_fold.get(folded(name), [])
        if len(alike) == 1 and name not in shape:
            found.setdefault(alike[0], name)
    return found


def _listed(wanted: Any) -> Sequence[Any]:
    if wanted is None:
        return ()
    return wanted if isinstance(wanted, (list, tuple)) else (wanted,)
