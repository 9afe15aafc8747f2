"""Lines of a text file with their numbers, however it is encoded, and a clear word when it is not text."""

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ftk.errors import DataError

STDIN = "<stdin>"
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
"""Byte order marks, and what they say of the bytes after them."""


def numbered_lines(path: Path | str, encoding: str) -> Iterator[tuple[int, str]]:
    """Each line without its line end, and its number counted from 1.

    Lines end at LF or CRLF and nowhere else: other Unicode line separators belong to the text. A byte order mark of
    UTF-8, UTF-16 or UTF-32 is understood and removed, whatever ``encoding`` says.

    Raises:
        DataError: the file cannot be read, is binary, or is not in this encoding.
    """
    if str(path) == STDIN:
        yield from _decode(sys.stdin.buffer, STDIN, encoding)
        return
    try:
        with open(path, "rb") as stream:
            yield from _decode(stream, str(path), encoding)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error


def _decode(stream: BinaryIO, name: str, encoding: str) -> Iterator[tuple[int, str]]:
    head = stream.peek(1024)[:1024] if hasattr(stream, "peek") else b""
    encoding = next((marked for mark, marked in _MARKS.items() if head.startswith(mark)), encoding)
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        yield from _decode_whole(stream, name, encoding)
        return
    if b"\0" in head:
        raise DataError(f"{name}: this is a binary file (it has a NUL byte), not text.")
    for number, raw in enumerate(stream, start=1):
        if number == 1 and raw.startswith(codecs.BOM_UTF8):
            raw = raw[len(codecs.BOM_UTF8) :]
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            raise DataError(
                f"{name}:{number}: byte {error.start + 1} of the line (0x{byte:02x}) is not {encoding}. "
                "Set data.encoding to what the file is, for instance latin-1 or cp1252."
            ) from error
        if "\0" in text:
            raise DataError(f"{name}:{number}: this is a binary file (it has a NUL byte), not text.")
        yield number, text.rstrip("\n").removesuffix("\r")


def _decode_whole(stream: BinaryIO, name: str, encoding: str) -> Iterator[tuple[int, str]]:
    # UTF-16 and UTF-32 lines cannot be told apart byte by byte.
    try:
        text = stream.read().decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start + 1} is not {encoding}.") from error
    lines = text.removeprefix("\ufeff").split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\r")
