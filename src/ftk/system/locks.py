"""One process at a time in a folder; a lock ends with the process that holds it, however that ends."""

import errno
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

NAME = ".lock"
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class Held(Exception):
    """Another process has the lock; its text says which."""


def lock(folder: Path, *, wait: Callable[[str], None] | None = None, warn: Callable[[str], None]) -> ExitStack:
    """Lock a folder until what is returned is closed.

    Where the folder cannot be written into and has no lock, there is nothing to protect, and nothing is locked; where
    its file system has no locks, that is said.

    Args:
        folder: it must exist.
        wait: is told who has the lock, which is then waited for; by default it is not waited.
        warn: is told that there are no locks.

    Raises:
        Held: another process has the lock, and it is not waited for.
    """
    import fcntl

    stack = ExitStack()
    path = folder / NAME
    try:
        stream = stack.enter_context(path.open("a+", encoding="utf-8"))
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        if not path.is_file():  # a folder that is only read
            return stack
        stream = stack.enter_context(path.open(encoding="utf-8"))  # someone else's, which can be locked all the same
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        holder = stream.read(100).strip() or "another process"
        if wait is None:
            stack.close()
            raise Held(holder) from None
        wait(holder)
        fcntl.flock(stream, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            stack.close()
            raise
        warn(f"{folder}: this file system has no locks ({error.strerror}); see to it that one run alone writes here")
        return stack
    with suppress(OSError):  # a full disk: who has the lock is not known then, but that it is held is
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()} on {os.uname().nodename}")
        stream.flush()
    return stack
