"""Blocks of lines in plain UTF-8, decoded at once."""

import io
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 16
"""Bytes that are decoded at once, and the line that they end in."""


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
        try:
            text = block.decode()
        except UnicodeDecodeError:
            break
        if not text or len(block) > longest or "\0" in text or "\x1b" in text:
            break
        yield text, len(block)
    stream.seek(here)


def lines_of(text: str, ends: bool) -> list[str]:
    """The lines of a text of whole lines, with their line ends or without."""
    if ends:
        return io.StringIO(text, newline="\n").readlines()
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines
