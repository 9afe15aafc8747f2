"""The columns that a model was trained on, for the rows that it is applied to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.config.spelling.writing import as_word
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.hub import read_hub
from ftk.data.readers.names.usual_names import usual_names
from ftk.data.readers.one_file import read_file
from ftk.data.readers.paths import expand
from ftk.data.readers.splits import is_stream
from ftk.data.rows.sizes import held
from ftk.data.rows.spelled_names import with_known_names
from ftk.errors import FtkError

_LOOKED_AT = 100
"""Rows that are read to see which columns there are."""
_ONLY_TRAINED = ("weight",)
"""Roles that nothing but training reads."""


def named_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a config names, by role, as they are saved with a model."""
    return {role: column for role, column in columns.items() if column is not None and role not in _ONLY_TRAINED}


def with_trained_columns(
    data: DataConfig, trained: Mapping[str, Any], spec: Any, notes: Notes, *, labelled: bool
) -> DataConfig:
    """The data section with the columns of training, where the files have them and the config names no others.

    Args:
        data: the data section of the config.
        trained: the columns that training read, by role.
        spec: the files.
        notes: collects which of them are read.
        labelled: whether the files are read to be scored.
    """
    missing = _not_named(data.columns, trained)
    if is_stream(spec) and data.format is Format.conll and "tokens" in missing:
        # It cannot be read twice, and need not have tags.
        notes.add(kinds.COLUMNS_OF_TRAINING, columns={"tokens": as_word(missing["tokens"])})
        return dataclasses.replace(data, columns={**data.columns, "tokens": missing["tokens"]})
    if not missing or spec is None or is_stream(spec):
        return data
    merged = dataclasses.replace(data, columns={**data.columns, **missing})
    rows = first_rows(merged, spec, labelled=labelled)
    there = {role: column for role, column in missing.items() if any(_has(row, role, column) for row in rows)}
    return dataclasses.replace(data, columns=_merged(data.columns, there, notes))


def known_columns(
    rows: Iterable[Row], columns: Mapping[str, Any], trained: Mapping[str, Any], roles: Iterable[str], notes: Notes
) -> Iterator[Row]:
    """The rows with their columns called as the config, the training or the task calls them, if only case differs.

    Args:
        rows: to predict for.
        columns: of the config.
        trained: the columns that training read, by role.
        roles: the columns that the task reads.
        notes: collects which columns have another name.
    """
    named = {**columns, **{f"{role} of training": name for role, name in trained.items()}}
    return with_known_names(rows, named, usual_names(roles), notes)


def fitting_columns(
    columns: dict[str, Any], trained: Mapping[str, Any], rows: Iterable[Row], notes: Notes
) -> dict[str, Any]:
    """``data.columns`` with the columns of training that some rows have. A role that the config names stays.

    Args:
        columns: of the config.
        trained: the columns that training read, by role.
        rows: the first ones, or some of them.
        notes: collects which columns are read.
    """
    missing = _not_named(columns, trained)
    rows = [row for row in rows if not row.lines] if missing else []  # of CoNLL rows the reader chose the columns
    there = {role: column for role, column in missing.items() if any(_has(row, role, column) for row in rows)}
    return _merged(columns, there, notes)


def _merged(columns: dict[str, Any], there: dict[str, Any], notes: Notes) -> dict[str, Any]:
    if not there:
        return columns
    notes.add(kinds.COLUMNS_OF_TRAINING, columns={role: as_word(column) for role, column in there.items()})
    return {**columns, **there}


def _not_named(columns: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    return {role: column for role, column in trained.items() if role in columns and columns[role] is None}


def first_rows(data: DataConfig, spec: Any, *, labelled: bool) -> list[Row]:
    """The first rows of files; none if they cannot be read, which is reported when they are read in earnest.

    Args:
        data: the data section of the config.
        spec: the files.
        labelled: whether the files are read to be scored.
    """
    try:
        if data.format is Format.hub:
            rows = read_hub(str(data.name), data.subset, data.revision, str(spec))
        else:
            rows = read_file(expand(spec, key="data.test")[0], data.format, data, Notes(), labelled=labelled)
        return held(rows, _LOOKED_AT)
    except FtkError:
        return []


def _has(row: Row, role: str, column: Any) -> bool:
    """Whether a row has the column, or all of the columns, of a role; of a part of a column, the column itself."""
    if row.lines:  # the reader of CoNLL columns has chosen them already
        return role in row.values
    names = [str(name) for name in (column if isinstance(column, (list, tuple)) else [column])]
    return all(name in row.values or name.partition(".")[0] in row.values for name in names)
