"""Decides whether the rows of a split are held in memory or in a temporary file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Storage
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.storage.stored import StoredWriter
from ftk.system.cache import cache_folder
from ftk.system.memory import available_memory

_PROGRAM = 900 << 20
"""Bytes that torch and a small model take beside the data."""
_SHARE = 0.5
"""The share of the memory that rows, examples and windows may take."""
_FURTHER = 2.5
"""How much memory examples and windows take, as a multiple of the rows."""
_LEAST = 64 << 20
_MEASURED = 64
"""Of so many rows one is measured."""


@dataclass(slots=True)
class RowStorage:
    """Where the rows of a corpus go. The rows of all splits share the room in memory.

    Attributes:
        storage: what the config asks for.
        cache_dir: the folder of the cache, if the user named one; temporary files go there.
        room: the bytes that rows may take in memory.
        stored: whether any split is in a file.
    """

    storage: Storage
    cache_dir: str | None
    room: float
    stored: bool = field(default=False, init=False)

    @property
    def folder(self) -> Path:
        """The folder for temporary files. A corpus that fits into memory needs none."""
        return cache_folder(self.cache_dir) / "scratch"

    @classmethod
    def of(cls, data: DataConfig, *, in_memory: bool = False) -> RowStorage:
        """The storage that a config asks for.

        Args:
            data: the data section of the config.
            in_memory: whether the task needs all rows in memory.
        """
        storage = Storage.memory if in_memory else data.storage
        free = available_memory() if storage is Storage.auto else None
        room = float("inf") if free is None else max(_LEAST, _SHARE * (free - _PROGRAM)) / (1 + _FURTHER)
        return cls(storage, data.cache_dir, room)

    def collect(self, rows: Iterable[Row], notes: Notes) -> Sequence[Row]:
        """All rows, as a list or in a temporary file.

        Args:
            rows: of one split.
            notes: collects that they are in a file.

        Raises:
            DataError: the file cannot be written.
        """
        if self.storage is Storage.memory:
            return list(rows)
        rows = iter(rows)
        held = [] if self.storage is Storage.disk else list(self._in_memory(rows))
        following = next(rows, None)
        if following is None and self.storage is Storage.auto:
            return held
        writer: StoredWriter[Row] = StoredWriter(self.folder)
        writer.extend(held)
        held.clear()
        writer.extend(chain([following] if following is not None else [], rows))
        found = writer.finished()
        self.stored = True
        policy = "asked" if self.storage is Storage.disk else "too_large"
        notes.add(kinds.STORED_ROWS, policy=policy, rows=len(found), folder=str(self.folder))
        return found

    def _in_memory(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows as long as there is room for them."""
        while self.room > 0:
            part = list(islice(rows, _MEASURED))
            if not part:
                return
            self.room -= len(part) * _size_of(part[0])
            yield from part


def _size_of(row: Row) -> int:
    """The bytes that a row takes in memory, without what all rows of a file share."""
    return 200 + sys.getsizeof(row.values) + sum(map(_size, row.values.values())) + 8 * len(row.lines)


def _size(value: Any) -> int:
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        return size + sum(map(_size, value.values()))
    if isinstance(value, (list, tuple)):
        return size + sum(map(_size, value))
    return size
