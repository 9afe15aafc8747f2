"""The standard streams of a process, as they may be: closed, in another encoding, without a reader.

This module imports only the standard library, because the streams are made ready before anything else is loaded.
"""

import io
import os
import sys
from typing import Any, TextIO


class Closed(io.TextIOWrapper):
    """A standard stream that was closed when the process began; what is written to it is lost."""


def make_ready() -> None:
    """Make standard streams that can be written to whatever text there is.

    A closed one becomes one that leads nowhere, and keeps its number: the next file that is opened would get the number
    of standard output, and what a library prints would be in it. Where an encoding lacks a character, it is replaced.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # gets the lowest free number
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Closed(open(os.devnull, "wb"), encoding="utf-8", errors="replace"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def stdout_is_closed() -> bool:
    """Whether nobody gets what is written to standard output, because it was closed when the process began."""
    return sys.stdout is None or isinstance(sys.stdout, Closed)


def in_utf8(stream: TextIO) -> Any:
    """A function that writes a text to a stream in UTF-8, whatever the encoding of the stream."""
    stream.flush()
    raw = getattr(stream, "buffer", None)
    if raw is None:  # a stream in memory
        return stream.write
    return lambda text: raw.write(text.encode("utf-8"))


def flush() -> None:
    """Write what is left in the buffers of standard output.

    Raises:
        OSError: it cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def lead_nowhere() -> None:
    """Let what is left in the buffers be lost, where it cannot be written: Python would report it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            try:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
            except (OSError, ValueError, AttributeError):
                continue
