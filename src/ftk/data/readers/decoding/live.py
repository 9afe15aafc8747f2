"""A pipe whose lines are read as they come."""

import io
import os
import select
from typing import Any

_PAUSE = 0.2
"""Seconds without a line after which one does not wait for another to look at."""
_POLL = 0.2
"""Seconds after which a stream that nobody reads any more notices it."""


class _Raw(io.RawIOBase):
    """A file descriptor that can be asked for what has come already."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.patient = True
        self.ended = False

    def fileno(self) -> int:
        return self._descriptor

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        while not self.ready(_POLL if self.patient else 0.0):
            if not self.patient:
                return None
            if self.ended:
                return 0
        content = os.read(self._descriptor, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def ready(self, seconds: float) -> bool:
        """Whether something has come, or will within some seconds; an end counts."""
        try:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        except (OSError, ValueError):  # Windows can only wait for sockets
            return True

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


class LiveStream(io.BufferedReader):
    """The bytes of a pipe.

    Args:
        descriptor: of the pipe, which is closed with the stream.
        path: its name.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        self._own = _Raw(descriptor)
        super().__init__(self._own, 1 << 17)
        self.path = path
        self._begun = False

    def seekable(self) -> bool:
        return False

    def peek(self, size: int = 0, /) -> bytes:
        """What has come and was not read; nothing if that is nothing. The first call waits for the first bytes."""
        self._own.patient, self._begun = not self._begun, True
        try:
            return super().peek(size)
        finally:
            self._own.patient = True

    def paused(self) -> bool:
        """Whether no further line has come, and none begins within a moment; False at the end."""
        return b"\n" not in self.peek() and not self._own.ready(_PAUSE)

    def end(self) -> None:
        """Let whoever waits for the next bytes find the end instead."""
        self._own.ended = True
