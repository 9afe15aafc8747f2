"""SIGINT and SIGTERM while training: finish the step, save, then stop; a second signal ends at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ftk.errors import Interrupted


class StopFlag:
    """Set by the first signal; polled between steps and between batches of a validation."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self.signal_number is not None

    def check(self) -> None:
        """Stop here if a signal has come.

        Raises:
            Interrupted: it has.
        """
        if self.signal_number is not None:
            raise Interrupted(self.signal_number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            # Saving renames whole folders, so there is nothing half-written to wait for.
            os.write(2, b"ftk: ended at once by a second signal; what was saved before it is in last/, if anything\n")
            os._exit(128 + number)
        self.signal_number = number


@contextmanager
def stop_flag() -> Iterator[StopFlag]:
    """A flag that SIGINT and SIGTERM set for the length of the ``with`` block."""
    flag = StopFlag()
    before = {number: signal.signal(number, flag._handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
