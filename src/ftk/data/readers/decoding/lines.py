"""Numbered lines of a text file in any encoding, and clear errors for files that are not text."""

import codecs
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.blocks import ROW, WHOLE, LongLine, lines_of, plain_blocks, raw_lines
from ftk.data.readers.decoding.encodings import (
    AUTO,
    SAMPLE,
    UTF8,
    WESTERN,
    escaped,
    example_in,
    is_utf8,
    is_western,
    may_be_turkish,
    unmarked_utf16,
)
from ftk.data.readers.decoding.faults import BrokenLine, has_nul, is_binary, long_line, too_long, undecodable
from ftk.data.readers.decoding.once import is_pipe, live_stream, reading
from ftk.data.readers.decoding.plausible_encodings import odd_reading, way_out
from ftk.errors import DataError, first_line

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
"""Byte order marks, and the encodings that they stand for."""
_HEAD = 1 << 16
"""Bytes that are read to recognise a file."""
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4"}
"""Endings of compressed files, and what Arrow calls their formats."""


def numbered_lines(
    path: Path | str,
    encoding: str,
    notes: Notes | None = None,
    *,
    ends: bool = False,
    broken: bool = False,
    longest: int = ROW,
) -> Iterator[tuple[int, str]]:
    """Each line with its number, counted from 1, and without its line end.

    Lines end at LF or CRLF, or at CR in a file without LF, and nowhere else: other Unicode line separators belong to
    the text. A byte order mark of UTF-8, UTF-16 or UTF-32 is understood and removed, whatever ``encoding`` says.

    Args:
        path: the file.
        encoding: of its characters. ``auto`` is UTF-8; a file that begins as text in UTF-16, and one with lines that
            can only be cp1252, is read as such.
        notes: collects files that ``auto`` reads in another encoding than UTF-8; None where the lines are only looked
            at, and read again.
        ends: whether the lines keep their line ends; then they end at LF alone, and CR is left to the caller.
        broken: whether a line that is not text, or is too long, is a ``BrokenLine``; if not, it is an error.
        longest: bytes that a line may have.

    Raises:
        DataError: the file cannot be read, is binary, or is not in this encoding.
    """
    if (live := live_stream(path)) is not None:
        yield from _decode(live, str(path), encoding, notes, ends, broken, longest)
        return
    with opened(path) as stream:
        yield from _decode(stream, str(path), encoding, notes, ends, broken, longest)


def unbroken(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The same lines.

    Raises:
        DataError: one is not text.
    """
    for one in lines:
        if type(one[1]) is BrokenLine:
            raise DataError(one[1].fault)
        yield one


def first_lines(path: Path | str, encoding: str) -> list[str]:
    """The first lines of a file, blank ones included, to recognise what it is; none if it is a folder.

    Raises:
        DataError: the file cannot be read.
    """
    if not Path(path).is_file() and not is_pipe(path):
        return []
    with opened(path) as stream:
        raw = stream.read(_HEAD)
    if encoding == AUTO:
        encoding = unmarked_utf16(raw[:1024]) or UTF8
    encoding = next((marked for mark, marked in _MARKS.items() if raw.startswith(mark)), encoding)
    text = raw.decode(encoding, "replace").removeprefix("\ufeff")  # the reader of the file reports what is no text
    lines = text.split("\n" if "\n" in text else "\r")
    if len(lines) > 1 and (len(raw) == _HEAD or not lines[-1]):
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


@contextmanager
def opened(path: Path | str) -> Iterator[Any]:
    """The bytes of a file, decompressed if its ending says that it is compressed.

    Raises:
        DataError: the file cannot be read.
    """
    codec = COMPRESSED.get(Path(path).suffix.lower())
    try:
        with reading(path) as stream:
            if codec is None:
                yield stream
                return
            import pyarrow

            with pyarrow.CompressedInputStream(stream, codec) as raw:
                yield io.BufferedReader(raw, 1 << 20)
    except OSError as error:  # Arrow raises subclasses for data that is not in the format
        reason = error.strerror or first_line(error)
        what = "cannot be read" if codec is None else f"cannot be read as {codec}"
        raise DataError(f"{path}: {what} ({reason}).") from error


def _decode(
    stream: BinaryIO, name: str, encoding: str, notes: Notes | None, ends: bool, broken: bool, longest: int
) -> Iterator[tuple[int, str]]:
    head = stream.peek(1024)[:1024] if hasattr(stream, "peek") else b""
    auto = encoding == AUTO
    if auto:
        encoding = unmarked_utf16(head) or UTF8
    marked = next((marked for mark, marked in _MARKS.items() if head.startswith(mark)), None)
    if auto and marked is None and encoding != UTF8 and notes is not None:
        notes.add(kinds.ENCODING_FOUND, name, encoding=encoding)
    encoding = marked or encoding
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        yield from _decode_whole(stream, name, encoding, ends)
        return
    if b"\0" in head:
        raise DataError(is_binary(name, COMPRESSED))
    here = stream.tell() if stream.seekable() else None
    begun = stream.readline(longest + 1)
    if not ends and len(begun) <= longest and b"\r" in begun and not begun.endswith(b"\n"):
        stream = io.BytesIO(begun.replace(b"\r", b"\n"))  # the file has no LF: its lines end at CR
        begun, here = stream.readline(), None
    read = before = characters = 0
    if here is not None and encoding == UTF8 and marked is None:
        stream.seek(here)
        begun = b""
        for text, size in plain_blocks(stream, longest):
            before, characters = before + size, characters + len(text)
            whole = lines_of(text, ends)
            yield from enumerate(whole, start=read + 1)
            read += len(whole)
    looked, advice, escapes = encoding == UTF8 or notes is None, "", ""
    for number, raw in raw_lines(stream, begun, read + 1, name, longest, skip=broken):
        if type(raw) is LongLine:
            before, characters = before + raw.size, characters + raw.size
            yield number, long_line(raw, raw.quotes, too_long(name, number, longest), ends=ends)
            continue
        mark = 0
        if number == 1 and raw.startswith(codecs.BOM_UTF8):
            mark = len(codecs.BOM_UTF8)
        try:
            text = raw.decode(encoding) if not mark else raw[mark:].decode(encoding)
        except UnicodeDecodeError as error:
            # Lines before it that are in ASCII are the same in both encodings.
            if auto and not mark and characters == before and is_western(raw + _ahead(stream)):
                yield from _western(stream, name, raw, number, notes, ends, broken, longest)
                return
            if not advice:  # for the first such line, because it takes a while
                mixed = encoding == UTF8 and characters < before
                advice = way_out(raw + _ahead(stream), number, mixed=mixed)
            fault = undecodable(name, number, raw, mark + error.start, before, encoding, advice)
            text = _broken(raw, encoding, fault, broken)
            auto = False
        if not looked and not auto and not raw.isascii() and notes is not None:
            looked = True
            _look_at(raw + _ahead(stream), f"{name}:{number}", encoding, notes)
        if b"\x1b" in raw and b"\x1b$" in raw and not codecs.lookup(encoding).name.startswith("iso2022"):
            escapes = escapes or escaped(raw + _ahead(stream))
            if escapes:
                fault = f"{name}:{number}: this line is not {encoding} text. {escapes}"
                text = _broken(raw, encoding, fault, broken)
        before += len(raw)
        characters += len(text)
        if mark and len(raw) == mark:
            return  # the file has its byte order mark and nothing else
        if "\0" in text:
            text = _broken(raw, encoding, has_nul(name, number), broken)
        yield number, text if ends or type(text) is BrokenLine else text.rstrip("\n").removesuffix("\r")


def _look_at(sample: bytes, where: str, encoding: str, notes: Notes) -> None:
    """Report a text that does not look like one in the encoding that the config names, and does in another one."""
    if odd := odd_reading(sample, encoding):
        own, best = odd
        notes.add(
            kinds.ODD_ENCODING, where, encoding=encoding, read=own.example, other=best.encoding, better=best.example
        )


def _western(
    stream: BinaryIO, name: str, first: bytes, number: int, notes: Notes | None, ends: bool, broken: bool, longest: int
) -> Iterator[tuple[int, str]]:
    """The lines of a file from the first that is not UTF-8 on, in cp1252."""
    if notes is not None:
        where = f"{name}:{number}: {example_in(first.decode(WESTERN))}"
        notes.add(kinds.ENCODING_FOUND, where, encoding=WESTERN)
    sample = first + _ahead(stream)
    icelandic = any(byte in sample for byte in "ÝÞÐýþð".encode(WESTERN))  # or it would not be read so
    for at, raw in raw_lines(stream, first, number, name, longest, skip=broken):
        if type(raw) is LongLine:
            yield at, long_line(raw, raw.quotes, too_long(name, at, longest), ends=ends)
            continue
        try:
            text = raw.decode(WESTERN)
        except UnicodeDecodeError as error:
            fault = (
                f"{name}:{at}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not {WESTERN}, as "
                f"which line {number} was read. {way_out(first + raw, number)}"
            )
            text = _broken(raw, WESTERN, fault, broken)
        if not (icelandic or raw.isascii()) and may_be_turkish(text):
            fault = f"{name}:{at}: line {number} was read as {WESTERN}; this may be another one. {way_out(raw, at)}"
            text = _broken(raw, WESTERN, fault, broken)
        if not raw.isascii() and is_utf8(raw):
            fault = f"{name}:{at}: this line is UTF-8, and line {number} is not. Convert the file to one encoding."
            text = _broken(raw, UTF8, fault, broken)
        if "\0" in text:
            text = _broken(raw, WESTERN, has_nul(name, at), broken)
        yield at, text if ends or type(text) is BrokenLine else text.rstrip("\n").removesuffix("\r")


def _broken(raw: bytes, encoding: str, fault: str, broken: bool) -> BrokenLine:
    """A line that is not text, if such lines are wanted.

    Raises:
        DataError: they are not.
    """
    if not broken:
        raise DataError(fault)
    return BrokenLine(raw, encoding, fault)


def _ahead(stream: Any) -> bytes:
    """What follows in a stream, as far as it can be looked at without reading it."""
    if not stream.seekable():
        return bytes(stream.peek(SAMPLE)[:SAMPLE]) if hasattr(stream, "peek") else b""
    here = stream.tell()
    ahead: bytes = stream.read(SAMPLE)
    stream.seek(here)
    return ahead


def _decode_whole(stream: BinaryIO, name: str, encoding: str, ends: bool) -> Iterator[tuple[int, str]]:
    # UTF-16 and UTF-32 lines cannot be told apart byte by byte.
    raw = stream.read(WHOLE + 1)
    if len(raw) > WHOLE:
        raise DataError(f"{name}: a file in {encoding} can have {WHOLE >> 20} MiB; convert it to UTF-8.")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start + 1} is not {encoding}.") from error
    text = text.removeprefix("\ufeff")
    if "\n" not in text and not ends:
        text = text.replace("\r", "\n")  # CR is the only line end
    lines = text.split("\n")
    last = lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, f"{line}\n" if ends else line.removesuffix("\r")
    if last:
        yield len(lines) + 1, last if ends else last.removesuffix("\r")
