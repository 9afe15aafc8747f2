"""What was changed between two runs: the config, the data, the versions, the hardware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ftk.comparing.opened import Outcomes

_HARDWARE = ("device", "precision", "threads", "processor", "python")
_DIGITS = 12
"""So much of a SHA-256 is shown."""
Key = tuple[str, ...]


def run_changes(before: Sequence[Outcomes], after: Sequence[Outcomes]) -> dict[str, Any]:
    """The differences between the runs of two sides, by dotted key, each with the values before and after.

    Where a side has several runs, a key differs if the sides do not have the same values, so that seeds of one recipe
    do not differ in their seed. Files of predictions do not say how they were made.

    Args:
        before, after: the runs of both sides.

    Returns:
        ``config``, ``data`` (by split, the files with the beginning of their SHA-256), ``versions`` and ``hardware``;
        ``unknown`` is how many of the runs are files of predictions.
    """
    sides = [[model for model in side if model.config] for side in (before, after)]
    unknown = len(before) + len(after) - sum(map(len, sides))
    parts = {"config": _config, "data": _data, "versions": _versions, "hardware": _hardware}
    if not all(sides):
        return {**{name: {} for name in parts}, "unknown": unknown}
    found = {
        name: _differences(*([dict(_flat(part(model))) for model in side] for side in sides))
        for name, part in parts.items()
    }
    return {**found, "unknown": unknown}


def _config(model: Outcomes) -> dict[str, Any]:
    """What decides the result: no names of folders, and nothing of the sweep and the tracker."""
    kept = {name: value for name, value in model.config.items() if name not in ("run", "sweep", "tracker", "hydra")}
    run = model.config.get("run")
    return {**kept, "run": {"seed": run.get("seed")}} if isinstance(run, Mapping) else kept


def _data(model: Outcomes) -> dict[str, Any]:
    return {
        split: [f"{PurePath(name).name} {str(digest)[:_DIGITS]}" for name, digest in files.items()]
        for split, files in _part(model, "data").items()
        if isinstance(files, Mapping)
    }


def _versions(model: Outcomes) -> dict[str, Any]:
    return {"ftk": model.environment.get("ftk"), **_part(model, "packages")}


def _hardware(model: Outcomes) -> dict[str, Any]:
    return {name: model.environment.get(name) for name in _HARDWARE}


def _part(model: Outcomes, name: str) -> dict[str, Any]:
    part = model.environment.get(name)
    return dict(part) if isinstance(part, Mapping) else {}


def _flat(value: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:
    """The values of nested mappings by the path to each."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, (*key, str(name)))
    else:
        yield key, value


def _differences(before: Sequence[Mapping[Key, Any]], after: Sequence[Mapping[Key, Any]]) -> dict[str, Any]:
    """The keys whose values on the two sides differ, with the value of each side, or its values."""
    found = {}
    for key in dict.fromkeys(key for one in (*before, *after) for key in one):
        old, new = (_distinct(one.get(key) for one in side) for side in (before, after))
        if sorted(map(repr, old)) != sorted(map(repr, new)):
            found[".".join(key)] = [old[0] if len(old) == 1 else old, new[0] if len(new) == 1 else new]
    return found


def _distinct(values: Iterator[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
