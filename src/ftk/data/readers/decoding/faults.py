"""What is wrong with a file that is not text, in words."""

from collections.abc import Iterable

from ftk.errors import DataError


def has_nul(name: str, number: int) -> str:
    """A line with a NUL byte."""
    return f"{name}:{number}: this is a binary file (it has a NUL byte), not text."


def is_binary(name: str, compressed: Iterable[str]) -> str:
    """A file that begins with a NUL byte; ``compressed`` are the endings of compressed files that are read."""
    return (
        f"{name}: this is a binary file (it has a NUL byte), not text. Compressed files are read where they end in "
        f"{', '.join(compressed)}."
    )


def too_long(name: str, number: int, longest: int) -> DataError:
    """A line of more bytes than the longest one."""
    return DataError(
        f"{name}:{number}: the line has more than {longest >> 20} MiB; where do its rows or documents end?"
    )


def undecodable(name: str, number: int, raw: bytes, at: int, before: int, encoding: str, advice: str) -> str:
    """A byte of a line that is not in the encoding, ``before`` bytes after the beginning of the file."""
    return (
        f"{name}:{number}: byte {at + 1} of the line, {before + at + 1} of the file (0x{raw[at]:02x}), is not "
        f"{encoding}. {advice}"
    )
