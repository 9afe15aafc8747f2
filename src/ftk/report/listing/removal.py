"""Removes runs, and entries of the cache."""

import shutil
from enum import Enum
from pathlib import Path

from ftk.errors import RunError
from ftk.report.own_files import remove_own
from ftk.system.atomic import flush, old_name, remove
from ftk.system.locks import NAME, Held, lock


class Removed(Enum):
    """How a removal ended."""

    whole = "removed"
    others_kept = "removed, but for files that ftk did not write"
    in_use = "kept: a process uses it"


def remove_run(folder: Path) -> Removed:
    """Remove a run folder; files in it that ftk did not write stay.

    Raises:
        RunError: it cannot be removed.
    """
    try:
        with lock(folder, warn=lambda _: None):
            remove_own(folder)
            if {path.name for path in folder.iterdir()} - {NAME}:
                return Removed.others_kept
            (folder / NAME).unlink(missing_ok=True)
        folder.rmdir()
        flush(folder.parent)
    except Held:
        return Removed.in_use
    except OSError as error:
        raise RunError(f"{folder}: it cannot be removed ({error.strerror or error}).") from error
    return Removed.whole


def remove_entry(path: Path) -> Removed:
    """Remove an entry of the cache. A folder loses its name first, so that none is left half.

    Raises:
        RunError: it cannot be removed.
    """
    try:
        if not path.is_dir():
            path.unlink(missing_ok=True)
            return Removed.whole
        with lock(path, warn=lambda _: None):
            unnamed = old_name(path)
            remove(unnamed)  # of a removal that was interrupted
            path.rename(unnamed)
        shutil.rmtree(unnamed)
    except Held:
        return Removed.in_use
    except OSError as error:
        raise RunError(f"{path}: it cannot be removed ({error.strerror or error}).") from error
    return Removed.whole
