"""A running count of rows."""

import sys
import time
from collections.abc import Callable

_SECONDS_BETWEEN_COUNTS = 0.2


class RowCounter:
    """A running count of rows on standard error, in one line that is overwritten; shows nothing unless it is
    enabled."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._number = 0
        self._at = 0.0

    def __enter__(self) -> Callable[[int], None]:
        return self._count

    def __exit__(self, *error: object) -> None:
        if self._shown:
            self._write("\n")

    def _count(self, number: int) -> None:
        self._number = number
        if self._shown and time.monotonic() - self._at >= _SECONDS_BETWEEN_COUNTS:
            self._at = time.monotonic()
            self._write("")

    def _write(self, end: str) -> None:
        sys.stderr.write(f"\r{self._number:,} rows{end}")
        sys.stderr.flush()
