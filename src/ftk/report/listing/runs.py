"""The run folders below a folder, each with its state, size and age."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.config.spelling.writing import as_word
from ftk.errors import RunError
from ftk.report.saved_run import is_run
from ftk.report.sweeps.results import task_of, value_of
from ftk.report.sweeps.saved_jobs import SavedJob, read_saved
from ftk.system.locks import holder_of_folder

STATES = ("done", "begun", "running", "damaged")
"""``done``: it has its results. ``begun``: it was stopped or killed. ``running``: a process has locked it."""


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run folder.

    Attributes:
        path: its place.
        job: what is in it; None if it cannot be read.
        state: one of ``STATES``.
        size: the bytes of its files.
        changed: when the newest of them was written, in seconds since 1970.
    """

    path: Path
    job: SavedJob | None
    state: str
    size: int
    changed: float

    def value(self, key: str) -> str:
        """The value of a key of its config as a word; empty if it has none."""
        if self.job is None:
            return ""
        if found := value_of(self.job, key):
            return found
        config = self.job.config
        if key == "task":
            return task_of(config)
        model = config.get("model")
        if key == "model" and isinstance(model, dict) and model.get("name") is not None:
            return as_word(model["name"])
        if key == "model" and isinstance(checkpoint := config.get("checkpoint"), str):
            return checkpoint  # an evaluation
        return ""

    def has(self, key: str) -> bool:
        """Whether its config has a key, even if the key is null."""
        found: Any = self.job.config if self.job is not None else {}
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return False
            found = found[part]
        return True

    def number(self, name: str) -> float | None:
        """A metric: ``test.f1``, or ``f1`` of the validation, or else of the test."""
        spelled = (name.replace(".", " ", 1), f"validation {name}", f"test {name}")
        return next((self.numbers[one] for one in spelled if one in self.numbers), None)

    @property
    def numbers(self) -> Mapping[str, float]:
        """Its metrics, as ``validation f1``; none while it is not finished."""
        return (self.job.metrics if self.job is not None else None) or {}

    @property
    def score(self) -> tuple[str, float] | None:
        """The score that chose its model, as ``validation f1``; that of the test without validation. None without."""
        if self.job is None or self.job.score is None:
            return None
        names = (f"{split} {self.job.score.name}" for split in ("validation", "test"))
        return next(((name, self.numbers[name]) for name in names if name in self.numbers), None)


def runs_in(folders: Iterable[Path], warn: Callable[[str], None]) -> list[ListedRun]:
    """All runs in folders and below them, in the order of their paths; links are not followed.

    Args:
        folders: that are searched; a run folder is listed itself.
        warn: shows a sentence for each run that cannot be read.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        for path in _run_folders(folder):
            found.setdefault(path.resolve(), path)
    return [_listed(path, warn) for _, path in sorted(found.items())]


def measured(folder: Path) -> tuple[int, float]:
    """The bytes of all files in a folder, each hard link once, and when the newest was written.

    A file that disappears while it is looked at counts as none.
    """
    size, newest = 0, 0.0
    seen: set[tuple[int, int]] = set()
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.lstat(os.path.join(place, name))
            except OSError:
                continue
            if facts.st_nlink > 1 and (facts.st_dev, facts.st_ino) in seen:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            size, newest = size + facts.st_size, max(newest, facts.st_mtime)
    return size, newest or _changed(folder)


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return time.time()


def _run_folders(folder: Path) -> Iterator[Path]:
    for place, names, _ in os.walk(folder):
        path = Path(place)
        if is_run(path) or _was_run(path):
            names.clear()  # what is in a run is no run
            yield path
        names[:] = sorted(name for name in names if not name.startswith(".") and not (path / name).is_symlink())


def _was_run(path: Path) -> bool:
    """Whether a folder looks like a run whose config.yaml is damaged."""
    return all((path / name).is_file() for name in ("config.yaml", "environment.json"))


def _listed(path: Path, warn: Callable[[str], None]) -> ListedRun:
    job = None
    try:
        job = read_saved(path, {})
    except RunError as error:
        warn(str(error))
    if holder_of_folder(path) is not None:
        state = "running"
    elif job is None:
        state = "damaged"
    else:
        state = "done" if job.done else "begun"
    size, changed = measured(path)
    return ListedRun(path=path, job=job, state=state, size=size, changed=changed)
