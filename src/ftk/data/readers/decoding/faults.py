"""What is wrong with a file or a line that is not text, in words."""

from collections.abc import Iterable


class BrokenLine(str):
    """A line that is not text; its bytes that are none are replaced. Of one that is too long this is the beginning.

    Attributes:
        fault: why, in words, with file and line.
    """

    fault: str

    def __new__(cls, raw: bytes, encoding: str, fault: str) -> "BrokenLine":
        made = super().__new__(cls, raw.decode(encoding, "replace").replace("\0", "\ufffd"))
        made.fault = fault
        return made


def long_line(begun: bytes, quotes: bool, fault: str, *, ends: bool) -> BrokenLine:
    """What stands for a line that is too long.

    Args:
        begun: its beginning.
        quotes: whether one of its quotation marks has no partner in it.
        fault: why it is not read.
        ends: whether lines keep their line ends; this is then a cell, or the mark that opens or closes one.
    """
    cell = b'"\n' if quotes else b"-\n"
    return BrokenLine(cell if ends else begun, "utf-8", fault)


def has_nul(name: str, number: int) -> str:
    """A line with a NUL byte."""
    return f"{name}:{number}: this is a binary file (it has a NUL byte), not text."


def is_binary(name: str, compressed: Iterable[str]) -> str:
    """A file that begins with a NUL byte; ``compressed`` are the endings of compressed files that are read."""
    return (
        f"{name}: this is a binary file (it has a NUL byte), not text. Compressed files are read where they end in "
        f"{', '.join(compressed)}."
    )


def too_long(name: str, number: int, longest: int) -> str:
    """A line of more bytes than the longest one."""
    return f"{name}:{number}: the line has more than {longest >> 20} MiB; where do its rows or documents end?"


def undecodable(name: str, number: int, raw: bytes, at: int, before: int, encoding: str, advice: str) -> str:
    """A byte of a line that is not in the encoding, ``before`` bytes after the beginning of the file."""
    return (
        f"{name}:{number}: byte {at + 1} of the line, {before + at + 1} of the file (0x{raw[at]:02x}), is not "
        f"{encoding}. {advice}"
    )
