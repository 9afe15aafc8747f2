"""Numbered lines of a text file in any encoding, and clear errors for files that are not text."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ftk.errors import DataError, first_line

STDIN = "<stdin>"
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
"""Byte order marks, and the encodings that they stand for."""
_LONGEST = 1 << 29
"""Bytes of a line, and of a file that is read as a whole: a few kilobytes can decompress to any size."""
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4"}
"""Endings of compressed files, and what Arrow calls their formats."""


def numbered_lines(path: Path | str, encoding: str) -> Iterator[tuple[int, str]]:
    """Each line with its number, counted from 1, and without its line end.

    Lines end at LF or CRLF and nowhere else: other Unicode line separators belong to the text. A byte order mark of
    UTF-8, UTF-16 or UTF-32 is understood and removed, whatever ``encoding`` says.

    Raises:
        DataError: the file cannot be read, is binary, or is not in this encoding.
    """
    if str(path) == STDIN:
        yield from _decode(sys.stdin.buffer, STDIN, encoding)
        return
    with opened(path) as stream:
        yield from _decode(stream, str(path), encoding)


@contextmanager
def opened(path: Path | str) -> Iterator[Any]:
    """The bytes of a file, decompressed if its ending says that it is compressed.

    Raises:
        DataError: the file cannot be read.
    """
    codec = COMPRESSED.get(Path(path).suffix.lower())
    try:
        with open(path, "rb") as stream:
            if codec is None:
                yield stream
                return
            import io

            import pyarrow

            with pyarrow.CompressedInputStream(stream, codec) as raw:
                yield io.BufferedReader(raw, 1 << 20)
    except OSError as error:  # Arrow raises subclasses for data that is not in the format
        reason = error.strerror or first_line(error)
        what = "cannot be read" if codec is None else f"cannot be read as {codec}"
        raise DataError(f"{path}: {what} ({reason}).") from error


def _decode(stream: BinaryIO, name: str, encoding: str) -> Iterator[tuple[int, str]]:
    head = stream.peek(1024)[:1024] if hasattr(stream, "peek") else b""
    encoding = next((marked for mark, marked in _MARKS.items() if head.startswith(mark)), encoding)
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        yield from _decode_whole(stream, name, encoding)
        return
    if b"\0" in head:
        raise DataError(
            f"{name}: this is a binary file (it has a NUL byte), not text. Compressed files are read where they end in "
            f"{', '.join(COMPRESSED)}."
        )
    before = 0
    for number, raw in enumerate(iter(lambda: stream.readline(_LONGEST + 1), b""), start=1):
        if len(raw) > _LONGEST:
            raise DataError(
                f"{name}:{number}: the line has more than {_LONGEST >> 20} MiB; where do its rows or documents end?"
            )
        mark = len(codecs.BOM_UTF8) if number == 1 and raw.startswith(codecs.BOM_UTF8) else 0
        try:
            text = raw[mark:].decode(encoding) if mark else raw.decode(encoding)
        except UnicodeDecodeError as error:
            at = mark + error.start
            raise DataError(
                f"{name}:{number}: byte {at + 1} of the line, {before + at + 1} of the file (0x{raw[at]:02x}), is not "
                f"{encoding}. Set data.encoding to what the file is, for instance latin-1 or cp1252."
            ) from error
        before += len(raw)
        if mark and len(raw) == mark:
            return  # the file has its byte order mark and nothing else
        if "\0" in text:
            raise DataError(f"{name}:{number}: this is a binary file (it has a NUL byte), not text.")
        yield number, text.rstrip("\n").removesuffix("\r")


def _decode_whole(stream: BinaryIO, name: str, encoding: str) -> Iterator[tuple[int, str]]:
    # UTF-16 and UTF-32 lines cannot be told apart byte by byte.
    raw = stream.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise DataError(f"{name}: a file in {encoding} can have {_LONGEST >> 20} MiB; convert it to UTF-8.")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start + 1} is not {encoding}.") from error
    lines = text.removeprefix("\ufeff").split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\r")
