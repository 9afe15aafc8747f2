"""SIGINT, SIGTERM and SIGHUP: the first signal stops the run in order, a second one ends the process at once.

This module imports only the standard library, because the handlers are installed before anything else is loaded.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ftk.errors import Interrupted

_SIGPIPE = 13
"""The signal that other programs get who write to a pipe without a reader; Python ignores it, Windows has none."""
_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

_TOGETHER = 1.0
"""Seconds within which two signals count as one: a terminal with a wrapper, or a service manager, sends it twice."""
_AT_ONCE = "ended at once by a second signal"


class _Received:
    """The signal that this process received.

    It is stored, not only raised: an exception can get lost in a callback of a library.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.at = 0.0
        self.deferred = 0
        """The number of open blocks that ask for the signal instead of being interrupted by it."""
        self.at_once = _AT_ONCE
        """Printed when a second signal ends the process."""
        self.handled = False
        """Whether signals are handled now."""
        self.second: Callable[[int], object] | None = None
        """Called with the number of a second signal; None: the process ends."""

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of all signals."""
        if self.number is not None:
            if time.monotonic() - self.at < _TOGETHER:
                return
            if self.second is not None:
                self.second(number)
                return
            # Files get their names only when they are complete, so nothing half-written is left behind.
            os.write(2, f"ftk: {self.at_once}\n".encode())
            os._exit(128 + number)
        self.number, self.at = number, time.monotonic()
        if not self.deferred:
            raise Interrupted(number, "stopped")


_received = _Received()


def reader_gone() -> None:
    """Let the run stop as if by SIGPIPE, because nobody reads its output any more.

    Raises:
        Interrupted: at once, unless the run asks by itself whether it is to stop, or is stopping already.
        BrokenPipeError: no signals are handled.
    """
    if not _received.handled:
        raise BrokenPipeError
    if _received.number is None:
        _received.handle(_SIGPIPE, None)


class Stop:
    """Whether a run is to stop: because of a signal, or because its own ``here`` is set. Each run makes its own."""

    def __init__(self) -> None:
        self.here = False
        """Set to stop this run without a signal, as ``run.stop_after`` does."""

    @property
    def requested(self) -> bool:
        """Whether the run is to stop."""
        return self.here or _received.number is not None

    def check(self) -> None:
        """Stop if the run is to stop.

        Raises:
            Interrupted: with the number of the signal, or 0 if ``here`` is set.
        """
        if self.requested:
            raise Interrupted(_received.number or 0, "stopped")

    @contextmanager
    def deferred(self, at_once: str | None = None) -> Iterator[None]:
        """Inside this block a signal raises nothing; the block asks ``requested`` or calls ``check``.

        Args:
            at_once: printed if a second signal ends the process inside the block.
        """
        before = _received.at_once, _received.deferred
        _received.deferred += 1
        _received.at_once = at_once or _received.at_once
        try:
            yield
        finally:
            _received.at_once, _received.deferred = before

    @contextmanager
    def prompt(self) -> Iterator[None]:
        """Inside this block a signal raises at once, whatever a block around it says: nothing in it is left half-done.

        Raises:
            Interrupted: the run is to stop.
        """
        before, _received.deferred = _received.deferred, 0
        try:
            self.check()
            yield
        finally:
            _received.deferred = before


@contextmanager
def signals(*, second: Callable[[int], object] | None = None) -> Iterator[None]:
    """Handle signals inside the block; a signal is forgotten at its end.

    SIGHUP stays ignored where the caller ignores it, as ``nohup`` does.

    Args:
        second: called with the number of a second signal, and may raise; None: a second signal ends the process.
    """
    _received.number, _received.second, _received.handled = None, second, True
    handled = [one for one in _SIGNALS if one is signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]
    before = [(one, signal.signal(one, _received.handle)) for one in handled]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)
        _received.number, _received.second, _received.handled = None, None, False
