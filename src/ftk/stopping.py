"""SIGINT, SIGTERM and SIGHUP: the first one stops in order, a second one at once.

Only the standard library is imported here: the handlers are set before anything else is loaded.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ftk.errors import Interrupted

_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


class Stop:
    """What a signal asked for. It is remembered: an exception alone could be lost on its way through a callback."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._deferred = 0
        self._at_once = "ended at once by a second signal"

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
            raise Interrupted(self.signal_number, "stopped")

    @contextmanager
    def deferred(self, at_once: str | None = None) -> Iterator[None]:
        """A block in which a signal is only remembered, for it to look at ``requested`` or to call ``check``.

        Args:
            at_once: what is said if a second signal ends it.
        """
        before = self._at_once
        self._deferred += 1
        self._at_once = at_once or before
        try:
            yield
        finally:
            self._deferred -= 1
            self._at_once = before

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of all signals."""
        if self.requested:
            # What is written is renamed to its place as a whole, so there is nothing half-written to wait for.
            os.write(2, f"ftk: {self._at_once}\n".encode())
            os._exit(128 + number)
        self.signal_number = number
        if not self._deferred:
            raise Interrupted(number, "stopped")


stop = Stop()
"""Of this process."""


@contextmanager
def signals() -> Iterator[None]:
    """The handlers, for the length of the block; nothing has been asked for at its beginning.

    SIGHUP stays ignored where it is, as under nohup.
    """
    stop.signal_number = None
    heard = [one for one in _SIGNALS if one is signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]
    before = [(one, signal.signal(one, stop.handle)) for one in heard]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)
