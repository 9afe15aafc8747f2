"""Rows of a pipe, a part at a time, as they come: none waits longer than a moment for others."""

import contextvars
import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition, Thread

from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.sizes import MOST, characters_in

_LONGEST = 0.15
"""Seconds that a row waits for others, so that rows that come quickly share the model's work."""
_GAP = 0.03
"""Seconds without a further row after which nobody waits for one."""
_AHEAD = 2
"""Parts that are read ahead."""


class Arriving:
    """Reads rows in a thread of its own, so that those that have come are given while the next one is waited for.

    Attributes:
        own: the notes for whoever reads the rows.

    Args:
        notes: get what ``own`` collects, when rows are given.
        full: so many of the first rows are given in full parts, however long that takes.
    """

    def __init__(self, notes: Notes, full: int = 0) -> None:
        self.own = Notes()
        self._notes, self._full = notes, full
        self._read: deque[tuple[float, int, Row]] = deque()
        """When each row came, and its characters."""
        self._held = 0
        self._found: list[Finding] = []
        self._error: BaseException | None = None
        self._ended = self._stopped = False
        self._given = 0
        self._wanted = 1
        self._changed = Condition()

    def begin(self, rows: Iterator[Row]) -> Callable[[int], list[Row]]:
        """Read these rows from now on; ``part`` gives them."""
        context = contextvars.copy_context()
        Thread(target=context.run, args=(self._read_all, rows), name="rows of a pipe", daemon=True).start()
        return self.part

    def part(self, number: int) -> list[Row]:
        """The next rows, up to a number of them, fewer if they are long; none at the end.

        Raises:
            Exception: what reading raised, when the rows before it were given.
        """
        full = self._given < self._full
        number = min(number, self._full - self._given) if full else number
        with self._changed:
            self._wanted = number if full else 1
            while len(self._read) < self._wanted and self._held < MOST and not self._ended:
                self._changed.wait()
            self._wanted = number
            while len(self._read) < number and self._held < MOST and not self._ended:
                if (left := self._patience()) <= 0:
                    break
                self._changed.wait(left)
            found, size = list[Row](), 0
            while self._read and len(found) < number and size < MOST:
                _, characters, row = self._read.popleft()
                found.append(row)
                size += characters
            self._held -= size
            self._given += len(found)
            self._notes.extend(self._found)
            self._found = []
            self._changed.notify_all()  # there is room again
            if not found and self._error is not None:
                raise self._error
        return found

    @property
    def ended(self) -> bool:
        """Whether all rows have been given."""
        with self._changed:
            return self._ended and not self._read

    def stop(self) -> None:
        """Read no further."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_full(self) -> bool:
        return len(self._read) >= _AHEAD * max(self._wanted, 1024) or self._held >= _AHEAD * MOST

    def _patience(self) -> float:
        """Seconds that the rows may wait for another one. While nothing is given, the model is not loaded either."""
        gap = _GAP if self._given else _LONGEST
        return min(self._read[0][0] + _LONGEST, self._read[-1][0] + gap) - time.monotonic()

    def _read_all(self, rows: Iterator[Row]) -> None:
        error: BaseException | None = None
        try:
            for row in rows:
                if not self._keep(row):
                    return
        except BaseException as raised:  # whoever asks for rows gets it
            error = raised
        finally:
            with self._changed:
                self._found += self.own.take()
                self._error, self._ended = error, True
                self._changed.notify_all()

    def _keep(self, row: Row) -> bool:
        """Keep a row for who asks for it; False if nobody does any more."""
        found, size = self.own.take(), characters_in(row)
        with self._changed:
            while self._is_full() and not self._stopped:
                self._changed.wait()
            self._read.append((time.monotonic(), size, row))
            self._held += size
            self._found += found
            if len(self._read) in (1, self._wanted) or self._held >= MOST:
                self._changed.notify_all()
            return not self._stopped
