"""The windows of a split as arrays in temporary files that are mapped into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.features import Features, Ragged
from ftk.data.storage.stored import ScratchFile, Stored
from ftk.errors import DataError

_PART = 4096
"""Rows that become windows together."""

MakeFeatures = Callable[[Sequence[Any]], Features]


class _Column:
    """One ragged column, written to a file part by part."""

    def __init__(self, folder: Path, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._file = ScratchFile(folder)
        self._lengths: list[NDArray[np.int64]] = []

    def add(self, values: Ragged) -> None:
        self._file.append(np.ascontiguousarray(values.values))
        self._lengths.append(values.lengths)

    def finished(self) -> Ragged:
        lengths = np.concatenate(self._lengths)
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        return Ragged(self._file.mapped(self.dtype), starts)


def stored_features(examples: Stored[Any], make: MakeFeatures, folder: Path) -> Features:
    """The windows of stored examples; their values are on disk, and their lengths in memory.

    Args:
        examples: of one split.
        make: makes the windows of some of them.
        folder: for the files.

    Raises:
        DataError: rows differ in what their windows have, or a file cannot be written.
    """
    first: Features | None = None
    columns: dict[str, _Column] = {}
    rows: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    done = 0
    for part in examples.parts(_PART):
        found = make(part)
        if first is None:
            first = found
            columns = {name: _Column(folder, ragged.values.dtype) for name, ragged in found.columns.items()}
        kinds = {name: ragged.values.dtype for name, ragged in found.columns.items()}
        if kinds != {name: column.dtype for name, column in columns.items()}:
            raise DataError(
                f"{part[0].row.where}: the rows from here on differ from those before in what they have, such as a "
                "second text. Rows that are kept on disk must all have the same (data.storage=memory keeps them in "
                "memory)."
            )
        for name, column in columns.items():
            column.add(found.columns[name])
        rows.append(found.row + done)
        weights.append(np.ones(len(found)) if found.weight is None else found.weight)
        done += len(part)
    assert first is not None
    weight = np.concatenate(weights)
    return replace(
        first,
        columns={name: column.finished() for name, column in columns.items()},
        row=np.concatenate(rows),
        weight=None if (weight == 1).all() else weight,
    )
