"""Files and folders that exist as a whole or not at all, whenever the process or the machine stops.

Content is written under another name, flushed to the disk and renamed; then the folder that holds the name is flushed.
"""

import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_LONGEST_NAME = 200
"""Bytes of a name that still leave room for what a temporary name adds; most file systems take 255."""
_OWN_PART = re.compile(r"(\d+(-[0-9a-f]+)?\.)?tmp")
"""What a temporary name has behind the name of its file; those of earlier releases have less of it."""
_ABANDONED = 24 * 3600
"""Seconds after which nobody goes on writing a temporary file."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new path to write a file to. When the block ends, the file is on the disk and replaces ``path``.

    The new path is this block's own: processes that write the same file at the same time do not share it, and the last
    one wins. If the block fails, the new file is removed and ``path`` is left as it was.

    Args:
        path: the file.
    """
    remove_leftovers(path, older_than=_ABANDONED)
    temporary = own_name(path)
    try:
        yield temporary
        flush(temporary)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename, error.filename2 = str(path), None  # nobody knows the other name
        raise
    flush(path.parent)


def own_name(path: Path) -> Path:
    """A temporary name for a file that is about to be written; each call gives another one."""
    # On a disk that several machines or containers share, two processes may have the same number.
    return path.with_name(f".{short_name(path.name)}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def remove_leftovers(path: Path, *, older_than: float = 0) -> None:
    """Remove what killed processes have left of a file that they were writing.

    Args:
        path: the file.
        older_than: seconds since they wrote last; 0 if a lock makes sure that no other process is writing the file.
    """
    start, now = f".{short_name(path.name)}.", time.time()
    with suppress(OSError):  # the folder is missing, or another process was faster
        for name in os.listdir(path.parent):
            if name.startswith(start) and _OWN_PART.fullmatch(name, len(start)):
                left = path.with_name(name)
                if not older_than or now - left.lstat().st_mtime > older_than:
                    left.unlink()


def short_name(name: str) -> str:
    """A name of a file, or the hash of one that would be too long with anything added."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= _LONGEST_NAME else hashlib.sha256(encoded).hexdigest()[:32]


def write_text(path: Path, text: str) -> None:
    """Write a file as a whole."""
    with replaced(path) as temporary, open_new(temporary) as stream:
        stream.write(text)


def unwritable(folder: Path) -> str | None:
    """Why nothing can be written to a folder, which need not exist; None if nothing speaks against it."""
    there = folder
    while not there.exists():
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return None
    return f"{there} is not {'writable' if there.is_dir() else 'a folder'}"


def open_new(path: Path) -> TextIO:
    """Open a new file for text; a file or link of this name is replaced, and the target of the link is left alone."""
    path.unlink(missing_ok=True)
    return open(path, "x", encoding="utf-8")


def replace_folder(
    target: Path, fill: Callable[[Path], None], check: Callable[[Path], None], *, keep: Path | None = None
) -> None:
    """Write a folder and replace the previous one by it. Its files get the permissions that any new file has.

    At every moment one of ``target``, ``fresh_name(target)`` and ``keep``, or the old name, is whole. If ``fill``
    or ``check`` fails, only the fresh name was touched, and it is removed.

    Args:
        target: the folder.
        fill: writes into an empty folder.
        check: verifies the folder after it was flushed.
        keep: the new name of the previous folder; by default that is removed.
    """
    fresh, old = fresh_name(target), keep or old_name(target)
    remove(fresh)
    fresh.mkdir(parents=True)
    try:
        fill(fresh)
        _give_usual_permissions(fresh)
        for path in sorted(fresh.rglob("*")):
            flush(path)
        flush(fresh)
        flush(fresh.parent)
        check(fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if target.exists():
        remove(old)
        target.rename(old)
    fresh.rename(target)
    flush(target.parent)
    if keep is None:
        remove(old)


def _give_usual_permissions(folder: Path) -> None:
    """Give the files of a folder the permissions of a new file; some libraries write files for their owner alone."""
    probe = folder / ".permissions"
    probe.touch(exist_ok=False)  # asking for the umask would change it for a moment, for all threads
    usual = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    for path in folder.rglob("*"):
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) != usual:
            path.chmod(usual)


def fresh_name(target: Path) -> Path:
    """The name under which a folder is written before it gets its own."""
    return target.with_name(f".{target.name}.new")


def old_name(target: Path) -> Path:
    """The name of a previous folder until it is removed."""
    return target.with_name(f".{target.name}.old")


def remove(folder: Path) -> None:
    """Remove a folder if it exists."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def flush(path: Path) -> None:
    """Make sure that the content of a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
