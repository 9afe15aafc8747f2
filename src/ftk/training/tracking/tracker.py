"""What a tracker is, and the state that lets a resumed run go on in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ftk.system.atomic import own_name
from ftk.system.strict_json import dumps

STATE = "tracker.json"
"""The file of a run folder that names the run in its tracker, and the last steps that were copied there."""


class Tracker(Protocol):
    """A tool that shows the numbers of runs."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name."""
        ...

    def close(self, *, finished: bool) -> None:
        """End, because the run has finished or is to go on later."""
        ...


class State:
    """Which run of a tracker belongs to a run folder, and what it has already.

    Args:
        folder: the run folder.
        tracker: the name of the tracker.
        resume: whether the run goes on, so that what was copied is not copied again.
    """

    def __init__(self, folder: Path, tracker: str, *, resume: bool) -> None:
        self._path = folder / STATE
        self._values: dict[str, Any] = {"tracker": tracker, "id": None, "logged": {}}
        if resume and (saved := _saved(self._path)).get("tracker") == tracker:
            self._values.update(saved)

    @property
    def id(self) -> str | None:
        """The name of the run in the tracker; None if it has none yet."""
        found = self._values["id"]
        return None if found is None else str(found)

    def begin(self, id: str) -> None:
        """Keep the name of the run in the tracker."""
        self._values["id"] = id
        self._write()

    def take(self, split: str, step: int) -> bool:
        """Whether the numbers of a step are new to the tracker; they count as copied from now on."""
        logged = self._values["logged"]
        if step <= logged.get(split, -1):
            return False
        logged[split] = step
        self._write()
        return True

    def _write(self) -> None:
        # Not flushed to the disk: after a crash of the machine, the tracker may show steps twice.
        temporary = own_name(self._path)
        temporary.write_text(dumps(self._values) + "\n", encoding="utf-8")
        temporary.replace(self._path)


def _saved(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("logged"), dict) else {}


def numbers_of(event: Mapping[str, Any], split: str) -> dict[str, float]:
    """The numbers of an event by the names that trackers show: ``train/loss``.

    Scores by label and other nested values are left out: there may be thousands.
    """
    return {f"{split}/{name}": value for name, value in _numbers(event) if name not in ("step", "split")}


def _numbers(event: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in event.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, float(value)


def flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a config by their dotted keys."""
    for name, value in config.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, Mapping):
            yield from flat(value, key)
        elif value is not None:
            yield key, value
