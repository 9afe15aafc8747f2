"""Files and folders that are there as a whole or not at all, whenever the process or the machine stops.

What is written goes to a name of its own, is flushed to the disk, and is renamed to its place; then the folder that
holds the name is flushed.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def write_text(path: Path, text: str) -> None:
    """Write a file."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open_new(temporary) as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    flush(path.parent)


def open_new(path: Path) -> TextIO:
    """A file to write into that was not there before; what was, or where a link led, is left as it is."""
    path.unlink(missing_ok=True)
    return open(path, "x", encoding="utf-8")


def replace_folder(
    target: Path, fill: Callable[[Path], None], check: Callable[[Path], None], *, keep: Path | None = None
) -> None:
    """Write a folder and put it in the place of the one that was there.

    At every moment one of ``target``, ``fresh_name(target)`` and ``keep``, or the old name, is whole. If ``fill``
    or ``check`` fails, nothing but the fresh name is touched, and that is removed.

    Args:
        target: the folder.
        fill: writes into an empty folder.
        check: reads what was written, when it has been flushed.
        keep: what the folder that was there is called from now on; by default it is removed.
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
    """Where a folder is written before it gets its name."""
    return target.with_name(f".{target.name}.new")


def old_name(target: Path) -> Path:
    """What a folder is called between the moment that another takes its name and its end."""
    return target.with_name(f".{target.name}.old")


def remove(folder: Path) -> None:
    """Remove a folder, if it is there."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def flush(path: Path) -> None:
    """Have the disk write what it was given of a file, or of the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
