"""Reads the folder of an earlier run, and compares it with the run that resumes it."""

import dataclasses
import json
import os
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from ftk.config.choices import Calibration
from ftk.config.data_choices import Cut
from ftk.config.safe_yaml import load_yaml
from ftk.config.schema import (
    DataConfig,
    ModelConfig,
    PredictionsConfig,
    TrainConfig,
    TrainingRunConfig,
)
from ftk.config.targets import class_at
from ftk.contracts.task import Task
from ftk.errors import FtkError, RunError
from ftk.report.environment import environment_facts

Differences = dict[str, tuple[Any, Any]]
"""Old and new value by dotted key."""

_MATTERS = ("task", "model", "data", "optimizer", "schedule", "objective", "train", "calibrate")
_MATTERS_TOO = ("run.seed", "hardware.micro_batch")
_MATTERS_NOT = (
    "train.baselines",
    "train.dynamics",
    "train.log_every",
    "train.save_every",
    "data.cache_dir",
    "data.storage",
    "data.workers",
)
_SECTIONS = {
    "model": ModelConfig,
    "data": DataConfig,
    "train": TrainConfig,
    "run": TrainingRunConfig,
    "predict": PredictionsConfig,
}
"""The sections with keys that runs of earlier releases do not have."""
_TOWER = re.compile(r"^model\.towers\.\w+\.")
_BEGINS = ".default_pooling"
"""The end of a key that is read only when a run begins: the model in ``last/`` says how it pools."""
_VERSIONS = ("torch", "transformers", "tokenizers")
"""Packages whose versions may change the result."""


def is_run(path: Path) -> bool:
    """Whether a folder contains a run of ftk."""
    try:
        with open(path / "config.yaml", encoding="utf-8") as stream:
            return stream.readline().startswith("# ftk ")
    except OSError:
        return False


def runs_near(path: Path) -> str:
    """A sentence that names the run above a path that is none, or the runs in it; empty if there are none."""
    around = path.absolute()
    for folder in (around.parent, around.parent.parent):
        if is_run(folder):
            return f" The run is the folder around it: {folder if path.is_absolute() else os.path.relpath(folder)}"
    inner = sorted(child.name for child in path.iterdir() if is_run(child)) if path.is_dir() else []
    return f" There are runs in it: {', '.join(inner[:5])}{', …' if len(inner) > 5 else ''}" if inner else ""


def saved_config(path: Path) -> dict[str, Any]:
    """The config of a run folder.

    Raises:
        RunError: the file is damaged.
    """
    saved = load_yaml(path / "config.yaml")
    if not isinstance(saved, dict):
        raise RunError(f"{path / 'config.yaml'}: the file is damaged; expected a mapping, got {type(saved).__name__}.")
    saved.setdefault("objective", {"_target_": "ftk.objectives.Plain"})  # runs of earlier releases have none
    if isinstance(data := saved.get("data"), dict):  # nor these keys, and the one cut that they knew
        for key, value in (("test_share", 0.0), ("cut", Cut.simple.value)):
            data.setdefault(key, value)
    return saved


def saved_environment(path: Path) -> dict[str, Any]:
    """The content of ``environment.json`` of a run folder.

    Raises:
        RunError: the file is missing or damaged.
    """
    path = path / "environment.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        inside = [saved.get(name, {}) for name in ("data", "packages")] if isinstance(saved, dict) else [None]
        inside += [*inside[0].values()] if isinstance(inside[0], dict) else []
        if not all(isinstance(part, dict) for part in inside):
            raise ValueError("expected a mapping of mappings")
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: the file is damaged ({error}).") from error
    return saved


def config_differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Differences, Differences]:
    """Compares two configs.

    Returns:
        All differences except those of ``sweep``, ``tracker`` and ``run`` (but with ``run.seed``), and of these the
        ones that change the result.
    """
    sections: dict[str, Any] = {name: {} for name, value in now.items() if isinstance(value, dict)}
    if "calibrate" in now:
        sections["calibrate"] = Calibration.none.value  # of runs of earlier releases
    later = later_keys(now)
    changed = {
        key: (old, new)
        for key, (old, new) in compared({**sections, **saved}, now)
        if (not key.startswith(("run.", "sweep", "tracker")) or key == "run.seed")
        and not (old is None and new == later.get(_TOWER.sub("model.", key), ...))
        and not key.endswith(_BEGINS)
    }
    matters = {
        key: pair
        for key, pair in changed.items()
        if (key.split(".")[0] in _MATTERS and key not in _MATTERS_NOT) or key in _MATTERS_TOO
    }
    return changed, matters


def later_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a run of an earlier release need not have, with the value that it had then.

    Args:
        config: of a run; its task says which keys the section ``task`` has.
    """
    found = {}
    for section, kind in {**_SECTIONS, **_section_of_task(config)}.items():
        for item in dataclasses.fields(kind):
            value = item.default
            if isinstance(item.default_factory, type) and dataclasses.is_dataclass(item.default_factory):
                value = dataclasses.asdict(item.default_factory())
            if value is not dataclasses.MISSING:
                found[f"{section}.{item.name}"] = value.value if isinstance(value, Enum) else value
    own = {key.removeprefix("model."): value for key, value in found.items() if key.startswith("model.")}
    towers = ("model.towers.text", "model.towers.image")  # sections such as that of the model
    return {**found, **{f"{tower}.{key}": value for tower in towers for key, value in own.items()}}


def _section_of_task(config: Mapping[str, Any]) -> dict[str, type[Task]]:
    """The class that the section ``task`` of a config is about; empty for a config without one that is here."""
    task = config.get("task")
    target = task.get("_target_") if isinstance(task, dict) else None
    if not isinstance(target, str):
        return {}
    try:
        return {"task": class_at(target, Task, key="task._target_", kind="a Task")}  # type: ignore[type-abstract]
    except FtkError:  # of another package, which is not needed to look at its runs
        return {}


def changed_splits(saved: Mapping[str, Any], fingerprints: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The splits whose data files, or their order, have changed.

    Args:
        saved: from ``saved_environment``.
        fingerprints: SHA-256 of the current files by split and file.
    """
    data = saved.get("data", {})
    return [
        split
        for split, files in fingerprints.items()
        if list(files.values()) != list(data.get(split, {}).values())  # their order is that of the rows
    ]


def environment_differences(saved: Mapping[str, Any], hardware: Mapping[str, Any]) -> tuple[Differences, Differences]:
    """Compares the environment of a run with the current one.

    Args:
        saved: from ``saved_environment``.
        hardware: current device, precision and threads.

    Returns:
        Differences that change the result, and differences that may change the last digits.
    """
    facts = environment_facts()
    then = {name: saved.get("packages", {}).get(name) for name in _VERSIONS}
    now = {name: facts["packages"][name] for name in _VERSIONS}
    for name in ("device", "precision"):
        then[f"hardware: {name}"], now[f"hardware: {name}"] = saved.get(name), hardware[name]
    then["ftk"], now["ftk"] = saved.get("ftk"), facts["ftk"]
    small_then = {"threads": saved.get("threads"), **{name: saved.get(name) for name in ("python", "processor")}}
    small_now = {"threads": hardware["threads"], **{name: facts[name] for name in ("python", "processor")}}
    return dict(compared(then, now)), dict(compared(small_then, small_now))


def listed(differences: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """One line per difference."""
    return [f"{key}: was {old}, is now {new}" for key, (old, new) in differences.items()]


def compared(old: Any, new: Any, prefix: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The dotted keys of values that differ, with the old and the new one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from compared(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else str(key))
    elif old != new:
        yield prefix, (old, new)
