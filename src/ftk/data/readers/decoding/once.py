"""Inputs that can be read once, such as pipes, and files that change while they are read.

What comes through a pipe is read in one pass, whoever looks at it first: it is kept in a temporary file without a name,
which the system removes with the process, however that ends. The rows that ``ftk predict`` reads of a pipe are not
kept: see ``ftk.data.readers.decoding.live``.
"""

import hashlib
import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

from ftk.data.readers.decoding.live import LiveStream
from ftk.data.readers.decoding.views import View
from ftk.data.rows.sizes import MOST, characters_in
from ftk.errors import DataError, error_text
from ftk.system.digests import digest_of

STDIN = "<stdin>"
"""The path that stands for standard input."""

_T = TypeVar("_T")
_State = tuple[int, int]
"""The size of a file, and when it was last written to."""


@dataclass(slots=True)
class _Inputs:
    """What a command has read so far.

    Attributes:
        kept: what came through each pipe, by its device and its number there.
        live: pipes that are read once and not kept, by the same.
        seen: the state of each file when it was first opened.
    """

    kept: dict[tuple[int, int], IO[bytes]] = field(default_factory=dict)
    live: dict[tuple[int, int], LiveStream] = field(default_factory=dict)
    seen: dict[str, _State] = field(default_factory=dict)


_inputs: ContextVar[_Inputs | None] = ContextVar("inputs", default=None)


@contextmanager
def inputs() -> Iterator[None]:
    """A block in which each pipe is read once, and a file that is opened again is the file that was opened before.

    A block inside of another one knows the pipes of that, and looks at files anew: each job of a sweep reads the same
    pipes, and files as they are when it begins.
    """
    outer = _inputs.get()
    own = _Inputs() if outer is None else _Inputs(outer.kept, outer.live)
    token = _inputs.set(own)
    try:
        yield
    finally:
        _inputs.reset(token)
        if outer is None:
            for kept in own.kept.values():
                kept.close()
            for stream in own.live.values():
                stream.end()


def is_pipe(path: Any) -> bool:
    """Whether a path is neither a file nor a folder, but something whose content is there once; ``<stdin>`` is."""
    if not isinstance(path, (str, Path)):
        return False
    if str(path) == STDIN:
        return True
    try:
        mode = os.stat(os.path.expanduser(path)).st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def keep_pipes(values: Any) -> None:
    """Read the pipes that some values name, and keep what comes: processes that are forked from now on all have it.

    Args:
        values: a config as plain values; those that name no pipe are left alone.

    Raises:
        DataError: a pipe cannot be read or kept.
    """
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, (list, tuple)):
        for value in values:
            keep_pipes(value)
    elif is_pipe(values):
        _view(values)


def open_live(path: Path | str) -> None:
    """Let the rows of a pipe be read as they come, once, and not be kept.

    Raises:
        DataError: it cannot be opened, or was read before.
    """
    known = _known(path)
    key = _key(path)
    if key in known.kept:
        return
    if key in known.live:
        raise DataError(f"{path}: it was read before, and what comes through it is there once.")
    known.live[key] = LiveStream(_descriptor(path), str(path))


def live_stream(path: Path | str) -> LiveStream | None:
    """The stream of a pipe that is read as it comes; None for anything else."""
    known = _inputs.get()
    return known.live.get(_key(path)) if known is not None and known.live and is_pipe(path) else None


def paused(path: Path | str) -> bool:
    """Whether a pipe that is read as it comes has no further line now; False for anything else."""
    stream = live_stream(path)
    return stream is not None and stream.paused()


def first_of(path: Path | str, items: Iterator[_T], number: int) -> list[_T]:
    """The first items that are read of a file, to look at; of a pipe that is read as it comes, those that have come.

    Args:
        path: the file.
        items: lines or rows of it.
        number: how many of them, if there are so many and they are not too long.
    """
    found: list[_T] = []
    size = 0
    while len(found) < number and size < MOST and not (found and paused(path)):
        one = next(items, None)
        if one is None:
            break
        found.append(one)
        size += characters_in(one)
    return found


@contextmanager
def reading(path: Path | str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of what came through a pipe.

    Raises:
        DataError: the file changed while it was read, or since the command first opened it; or a pipe cannot be kept.
        OSError: it cannot be opened or read.
    """
    if is_pipe(path):
        yield _view(path)
        return
    with open(path, "rb") as stream:
        before = _checked(path, os.fstat(stream.fileno()))
        yield stream
        # Arrow closes what it unpacks.
        _check(path, before, _state(os.stat(path) if stream.closed else os.fstat(stream.fileno())))


@contextmanager
def for_seeking(path: Path | str) -> Iterator[Any]:
    """What a library opens that seeks in a file: its path, or the bytes that came through a pipe.

    Raises:
        DataError: as ``reading``.
        OSError: there is no such file.
    """
    if is_pipe(path):
        yield _view(path)
        return
    before = _checked(path, os.stat(path))
    yield path
    _check(path, before, _state(os.stat(path)))


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of the content that was read.

    Raises:
        DataError: as ``reading``.
    """
    with reading(path) as stream:
        return digest_of(stream, hashlib.sha256())


def size_of(path: Path | str) -> int:
    """The bytes of a file, or of what came through a pipe."""
    if not is_pipe(path):
        return os.stat(path).st_size
    with reading(path) as stream:
        return stream.seek(0, os.SEEK_END)


def _known(path: Path | str) -> _Inputs:
    known = _inputs.get()
    if known is None:
        raise DataError(
            f"{path}: this is a pipe, whose content is there once. Write it to a file, or let the command read it: "
            "ftk predict … input=-."
        )
    return known


def _key(path: Path | str) -> tuple[int, int]:
    """What a pipe is called by the system, whichever path names it."""
    if str(path) == STDIN:
        _check_stdin()
        found = os.fstat(sys.stdin.fileno())
    else:
        found = os.stat(os.path.expanduser(path))
    return found.st_dev, found.st_ino


def _descriptor(path: Path | str) -> int:
    if str(path) == STDIN:
        _check_stdin()
        return os.dup(sys.stdin.fileno())
    try:
        return os.open(os.path.expanduser(path), os.O_RDONLY)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error


def _check_stdin() -> None:
    if sys.stdin is None:
        raise DataError("input=-: standard input is closed. Name a file: input=<file>.")


def _view(path: Path | str) -> BinaryIO:
    """What came through a pipe, from its beginning; the first call reads it."""
    known = _known(path)
    key = _key(path)
    if key not in known.kept:
        stream = known.live.pop(key, None) or LiveStream(_descriptor(path), str(path))
        kept = tempfile.TemporaryFile(prefix="ftk-")  # noqa: SIM115  (closed by inputs())
        try:
            shutil.copyfileobj(stream, kept, 1 << 20)
            kept.flush()
        except OSError as error:
            raise DataError(
                f"{path}: what comes through this pipe is kept in {tempfile.gettempdir()}, and cannot be "
                f"({error_text(error)}). The variable TMPDIR names another folder; or write it to a file."
            ) from error
        finally:
            stream.end()
        known.kept[key] = kept
    return io.BufferedReader(View(known.kept[key]), 1 << 17)


def _state(found: os.stat_result) -> _State:
    return found.st_size, found.st_mtime_ns


def _checked(path: Path | str, found: os.stat_result) -> _State:
    """The state of a file that is opened; one that was opened before must not have changed."""
    state = _state(found)
    known = _inputs.get()
    if known is not None:
        _check(path, known.seen.setdefault(os.path.abspath(path), state), state)
    return state


def _check(path: Path | str, before: _State, now: _State) -> None:
    if now == before or not before[0]:  # files of /proc have no size, and their own idea of time
        return
    sizes = f"{before[0]:,} bytes, then {now[0]:,}" if before[0] != now[0] else "its bytes are newer than before"
    raise DataError(
        f"{path}: the file changed while it was read ({sizes}), so rows may be missing or wrong. Run the command again "
        "when nothing writes to the file, or on a copy of it."
    )
