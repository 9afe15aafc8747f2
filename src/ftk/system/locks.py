"""A lock on a folder: one process at a time. The system frees the lock when its process ends, however it ends.

``filelock`` takes the lock that each system has: ``flock`` on Linux and macOS, ``LockFileEx`` on Windows. On a network
file system such a lock works where the file system supports it; where it does not, the user is warned.
"""

import errno
import os
import platform
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from filelock import lock_descriptor

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
    stack = ExitStack()
    path = folder / NAME
    try:
        stream = stack.enter_context(path.open("ab+", buffering=0))
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        if not path.is_file():
            return stack
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
        warn(f"{folder}: this file system has no locks ({error.strerror}); make sure that only one run writes here")
        return stack
    except BaseException:
        stack.close()
        raise
    with suppress(OSError):  # the disk is full or the file read-only: the lock holds, but its holder stays unnamed
        stream.seek(0)
        stream.truncate()
        stream.write(b" " * _HOLDER_AT + f"process {os.getpid()} on {platform.node()}".encode())
    return stack


def _holder(path: Path) -> str:
    """The process that wrote its name into the lock file."""
    with path.open("rb", buffering=0) as stream:
        stream.seek(_HOLDER_AT)
        return stream.read(100).decode("utf-8", "replace").strip() or "another process"
