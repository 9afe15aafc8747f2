"""Examples of a large split in little memory: without the columns that no check needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ftk.data.splitting.repeats import key_facts
from ftk.data.storage.stored import StoredWriter

_MOST = 450 << 20
"""Bytes that the examples of a split may take; more are in a temporary file."""
_OF_EXAMPLE, _OF_WORD = 400, 150
_NOTHING: dict[str, Any] = {}


class LightRows:
    """Collects examples, and takes from each what its row has beside it.

    Args:
        folder: for a temporary file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[Any] = []
        self._bytes = 0
        self._writer: StoredWriter[Any] | None = None

    def extend(self, examples: Iterable[Any]) -> None:
        """Add some examples.

        Raises:
            DataError: the temporary file cannot be written.
        """
        for example in examples:
            example.row.values = _NOTHING
            example.columns = _NOTHING
            if isinstance(target := getattr(example, "target", None), str):
                example.target = example.gold = sys.intern(target)
            self._bytes += _OF_EXAMPLE + len(example.key) + _OF_WORD * len(getattr(example, "starts", ()))
            self._held.append(example)
        if self._bytes > _MOST:
            self._writer = self._writer or StoredWriter(self._folder, key_facts)
            self._writer.extend(self._held)
            self._held.clear()

    def finished(self) -> Sequence[Any]:
        """All of them, in order."""
        if self._writer is None:
            return self._held
        self._writer.extend(self._held)
        return self._writer.finished()
