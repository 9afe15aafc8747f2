"""Blocks of lines in plain UTF-8, decoded at once."""

import io
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from ftk.data.readers.decoding.faults import too_long
from ftk.errors import DataError

ROW = 1 << 26
"""Bytes of a line that is one row."""
WHOLE = 1 << 29
"""Bytes of a file that is read as a whole, and of a line that may be one: a few kilobytes decompress to any size."""
BLOCK = 1 << 16
"""Bytes that are decoded at once, and the line that they end in."""
_SHOWN = 100
"""Bytes that are kept of a line that is too long."""


def plain_blocks(stream: BinaryIO, longest: int) -> Iterator[tuple[str, int]]:
    """Whole lines of plain UTF-8 at once, up to the first block that has others; the stream then stands before it.

    Decoding a line takes longer than splitting a text. Streams that cannot be sought are read line by line: what has
    come through a pipe is passed on at once.

    Args:
        stream: of a file.
        longest: bytes that a line may have.

    Yields:
        The text of each block and its number of bytes.
    """
    while True:
        here = stream.tell()
        block = stream.read(BLOCK)
        if len(block) == BLOCK:
            block += stream.readline(longest)
        if len(block) > longest:
            break
        try:
            text = block.decode()
        except UnicodeDecodeError:
            break
        if not text or "\0" in text or "\x1b" in text:
            break
        yield text, len(block)
    stream.seek(here)


class LongLine(bytes):
    """The beginning of a line that is too long to be held; the stream stands behind its end.

    Attributes:
        size: the bytes of the whole line.
        quotes: whether its quotation marks are an odd number, so that one stays open or is closed in it.
    """

    size: int
    quotes: bool


def raw_lines(
    stream: Any, begun: bytes, number: int, name: str, longest: int, *, skip: bool = False
) -> Iterator[tuple[int, bytes]]:
    """The lines of a stream with their numbers.

    Args:
        stream: of a file.
        begun: the first of them, which has been read; empty if none has.
        number: of the first one.
        name: of the file, for messages.
        longest: bytes that a line may have.
        skip: whether a longer line is a ``LongLine``; if not, it is an error.

    Raises:
        DataError: one has more.
    """
    lines = chain([begun] if begun else [], iter(partial(stream.readline, longest + 1), b""))
    for at, raw in enumerate(lines, start=number):
        if len(raw) > longest:
            if not skip:
                raise DataError(too_long(name, at, longest))
            raw = _skipped(stream, raw)
        yield at, raw


def _skipped(stream: Any, begun: bytes) -> LongLine:
    """A line that is too long, after the stream has gone to its end."""
    line = LongLine(begun[:_SHOWN])
    line.size, quotes = len(begun), begun.count(b'"')
    while not begun.endswith(b"\n") and (begun := stream.readline(BLOCK)):
        line.size += len(begun)
        quotes += begun.count(b'"')
    line.quotes = bool(quotes % 2)
    return line


def lines_of(text: str, ends: bool) -> list[str]:
    """The lines of a text of whole lines, with their line ends or without."""
    if ends:
        return io.StringIO(text, newline="\n").readlines()
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines
