"""Locks on folders and names: one process at a time. The system frees a lock when its process ends, however it ends.

``filelock`` takes the lock that each system has: ``flock`` on Linux and macOS, ``LockFileEx`` on Windows. On a network
file system such a lock works where the file system supports it; where it does not, the user is warned.
"""

import errno
import os
import platform
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from ftk.system.atomic import short_name

NAME = ".lock"
"""The file in the folder that is locked; it stays there."""
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
_HOLDER_AT = 1
"""Where the text about the holder begins: Windows lets no other process read the first byte, which is locked."""


class Held(Exception):
    """Another process has the lock; the text names that process."""


def lock(folder: Path, *, wait: Callable[[str], None] | None = None, warn: Callable[[str], None]) -> ExitStack:
    """Lock a folder until the returned stack is closed.

    Nothing is locked in a folder that is read-only and has no lock file: no process can write there.

    Args:
        folder: an existing folder.
        wait: called with the name of the holder before waiting for it; None raises `Held` instead of waiting.
        warn: called with a warning if the file system has no locks; then nothing is locked.

    Raises:
        Held: another process has the lock and ``wait`` is None.
        OSError: the lock file cannot be opened or locked.
    """
    return _locked(folder / NAME, folder, wait, warn)[0]


def lock_name(path: Path, *, warn: Callable[[str], None]) -> ExitStack:
    """Lock the name of a file or folder that is about to be written, until the returned stack is closed.

    What is locked is a file beside it, which is removed at the end.

    Args:
        path: what will be written, in a folder that exists.
        warn: called with a warning if the file system has no locks; then nothing is locked.

    Raises:
        Held: another process has the lock.
        OSError: the lock file cannot be opened or locked.
    """
    beside = _beside(path)
    while True:
        stack, stream = _locked(beside, path, None, warn)
        if stream is None:
            return stack
        if _is_still(beside, stream):
            stack.callback(_remove, beside)  # before it is unlocked: from then on it may be another process's
            return stack
        stack.close()  # its last holder removed it between the opening and the locking here


def holder_of_name(path: Path) -> str | None:
    """The process that has locked a name; None if none has, or if that cannot be known."""
    return _holder_now(_beside(path))


def holder_of_folder(folder: Path) -> str | None:
    """The process that has locked a folder; None if none has, or if that cannot be known."""
    return _holder_now(folder / NAME)


def kept_names(names: Iterable[str]) -> list[str]:
    """The names in a folder that a run has to keep: lock and temporary files are all that one killed early leaves."""
    return [name for name in names if name != NAME and not (name.startswith(".") and name.endswith(".tmp"))]


def _holder_now(file: Path) -> str | None:
    try:
        with file.open("rb", buffering=0) as stream:
            return None if lock_descriptor(stream.fileno(), blocking=False) else _holder(file)
    except OSError:  # as a rule, there is no such file
        return None


def _locked(
    path: Path, what: Path, wait: Callable[[str], None] | None, warn: Callable[[str], None]
) -> tuple[ExitStack, IO[bytes] | None]:
    """Lock a file; returns what unlocks it and the open file, or None for a file that cannot be locked.

    Args:
        path: the file; it is made if it is missing.
        what: what the lock stands for.
        wait: as for ``lock``.
        warn: as for ``lock``.
    """
    stack = ExitStack()
    try:
        stream = stack.enter_context(path.open("ab+", buffering=0))
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        if not path.is_file():
            return stack, None
        stream = stack.enter_context(path.open("rb", buffering=0))  # another user's file, which can still be locked
    try:
        if not lock_descriptor(stream.fileno(), blocking=False):
            holder = _holder(path)
            if wait is None:
                raise Held(holder)
            wait(holder)
            lock_descriptor(stream.fileno())
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            stack.close()
            raise
        warn(f"{what}: this file system has no locks ({error.strerror}); make sure that only one run writes here")
        return stack, None
    except BaseException:
        stack.close()
        raise
    with suppress(OSError):  # the disk is full or the file read-only: the lock holds, but its holder stays unnamed
        stream.seek(0)
        stream.truncate()
        stream.write(b" " * _HOLDER_AT + f"process {os.getpid()} on {platform.node()}".encode())
    return stack, stream


def _beside(path: Path) -> Path:
    return path.with_name(f".{short_name(path.name)}.lock")


def _is_still(path: Path, stream: IO[bytes]) -> bool:
    """Whether a path names the file that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    with suppress(OSError):  # Windows removes no file that is open
        path.unlink()


def _holder(path: Path) -> str:
    """The process that wrote its name into the lock file."""
    with path.open("rb", buffering=0) as stream:
        stream.seek(_HOLDER_AT)
        return stream.read(100).decode("utf-8", "replace").strip() or "another process"
