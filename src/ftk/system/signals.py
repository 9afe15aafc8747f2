"""SIGINT, SIGTERM and SIGHUP: the first one stops in order, a second one at once.

Only the standard library is imported here: the handlers are set before anything else is loaded.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ftk.errors import Interrupted

_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


_TOGETHER = 1.0
"""Seconds in which signals count as one: a terminal and a wrapper, or a service manager, send them twice."""


class Stop:
    """What a signal asked for. It is remembered: an exception alone could be lost on its way through a callback."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.here = False
        """Whether the run is to stop here because it was told so before it began."""
        self._at = 0.0
        self._deferred = 0
        self._at_once = "ended at once by a second signal"
        self.second: Callable[[int], object] | None = None
        """Called with the number of a second signal; None: the process ends."""

    @property
    def requested(self) -> bool:
        """Whether the run is to stop."""
        return self.here or self.signal_number is not None

    def check(self) -> None:
        """Stop here if the run is to.

        Raises:
            Interrupted: it is; by no signal where it was told so before it began.
        """
        if self.requested:
            raise Interrupted(self.signal_number or 0, "stopped")

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
        if self.signal_number is not None:
            if time.monotonic() - self._at < _TOGETHER:
                return
            if self.second is not None:
                self.second(number)
                return
            # What is written is renamed to its place as a whole, so there is nothing half-written to wait for.
            os.write(2, f"ftk: {self._at_once}\n".encode())
            os._exit(128 + number)
        self.signal_number, self._at = number, time.monotonic()
        if not self._deferred:
            raise Interrupted(number, "stopped")


stop = Stop()
"""Of this process."""


@contextmanager
def signals(*, second: Callable[[int], object] | None = None) -> Iterator[None]:
    """The handlers, for the length of the block; nothing has been asked for at its beginning.

    SIGHUP stays ignored where it is, as under nohup.

    Args:
        second: is called with the number of a second signal, and may raise; None: a second signal ends the process.
    """
    stop.signal_number, stop.here, stop.second = None, False, second
    heard = [one for one in _SIGNALS if one is signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]
    before = [(one, signal.signal(one, stop.handle)) for one in heard]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)
