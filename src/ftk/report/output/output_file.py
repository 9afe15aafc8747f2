"""The file that a command writes its records to: one process at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ftk.errors import RunError
from ftk.system.atomic import remove_leftovers
from ftk.system.locks import Held, holder_of_name, lock_name


@contextmanager
def reserved(path: Path | None, *, overwrite: bool, warn: Callable[[str], None]) -> Iterator[None]:
    """A block in which no other process of ftk writes a file.

    Args:
        path: the file; None for standard output, which needs nothing.
        overwrite: whether a file of this name may be replaced.
        warn: called with a warning if the file system has no locks.

    Raises:
        RunError: another process is writing the file, or has written it.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        held = lock_name(path, warn=warn)
    except Held as error:
        raise RunError(f"{path}: {_being_written(str(error))}") from error
    with held:
        if path.exists() and not overwrite:
            raise RunError(f"{path}: another process has written this file; add run.overwrite=true to replace it.")
        remove_leftovers(path)
        yield


def taken(path: Path) -> str | None:
    """Why a file cannot be written now: another process is writing it. None if no process is."""
    holder = holder_of_name(path)
    return None if holder is None else _being_written(holder)


def _being_written(holder: str) -> str:
    return f"{holder} is writing this file. Wait for it, or name another file."
