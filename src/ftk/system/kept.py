"""Results that are computed once and cached: one process writes them, and every run verifies them before use."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ftk.errors import RunError
from ftk.system.digests import sha256
from ftk.system.locks import lock


class Damaged(Exception):
    """A cached file is not what was written."""


@contextmanager
def folder(path: Path, what: str, *, waiting: str, say: Callable[[str], None], note: str = "") -> Iterator[None]:
    """A block in which this process alone uses a folder of the cache; the folder is made if it is missing.

    Args:
        path: the folder.
        what: the name of what is kept, for messages.
        waiting: what the process that holds the lock is doing, for messages.
        say: shows which process holds the lock.
        note: a sentence for the error, with a space in front.

    Raises:
        RunError: the folder cannot be written.
    """
    with explain_write_errors(path, what, note=note):
        path.mkdir(parents=True, exist_ok=True)
        with lock(path, wait=lambda holder: say(f"waiting for {holder} {waiting} ({path})"), warn=say):
            yield


@contextmanager
def explain_write_errors(
    path: Path, what: str, *, errors: tuple[type[Exception], ...] = (OSError,), note: str = ""
) -> Iterator[None]:
    """A block whose errors of the file system name the folder and the setting that chooses another.

    Args:
        path: the folder of the cache.
        what: the name of what is kept.
        errors: the exceptions that mean that it cannot be written.
        note: a sentence for the error, with a space in front.

    Raises:
        RunError: in place of such an exception.
    """
    try:
        yield
    except errors as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"{path}: {what} cannot be kept here ({reason}).{note} Make room, or name another folder: data.cache_dir=…"
        ) from error


def read_json(path: Path) -> dict[str, Any] | None:
    """The values of a JSON file; None if there is no such file.

    Raises:
        Damaged: the file cannot be read, or holds something else.
    """
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{path}: {error}") from error
    if not isinstance(saved, dict):
        raise Damaged(f"{path}: it holds no object")
    return saved


def verify(files: Mapping[Path, str]) -> None:
    """Read files and compare their SHA-256 with those that were saved.

    Raises:
        Damaged: a file is missing, or is not the one that was written.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        for problem in pool.map(lambda item: _problem(*item), files.items()):
            if problem is not None:
                raise Damaged(problem)


def _problem(path: Path, digest: str) -> str | None:
    try:
        found = sha256(path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None if found == digest else f"{path}: its SHA-256 is not the one that was saved"
