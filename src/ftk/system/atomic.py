"""Files and folders that exist as a whole or not at all, whenever the process or the machine stops.

Content is written under another name, flushed to the disk and renamed; then the folder that holds the name is flushed.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replaced(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """A new path to write a file to. When the block ends, the file is on the disk and replaces ``path``.

    If the block fails, the new file is removed and ``path`` is left as it was.

    Args:
        path: the file.
        shared: whether other processes may write the same file at the same time; the last one wins.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp" if shared else f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)  # a link is not followed
    try:
        yield temporary
        flush(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)


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
    """Write a folder and replace the previous one by it.

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
