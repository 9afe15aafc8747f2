"""The config of a run that resumes, with the defaults of the release that it began with."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ftk.config.choices import Calibration, HeadInit
from ftk.config.data_choices import Cut
from ftk.config.invocation import Invocation
from ftk.config.schema import FinetuneConfig, TrainingConfig
from ftk.report.saved_run import saved_config

_EARLIER_DATA = {"cut": Cut.simple.value, "encoding": "utf-8"}
"""The defaults of an earlier release in the section ``data`` that decide which rows a run has."""
_EARLIER_LENGTH = {"epochs": 3, "eval_every": "epoch", "patience": None}
"""The defaults of an earlier release in the section ``train`` of a fine-tuning that are ``auto`` now."""
_EARLIER_TASK = {"source_prefix": "", "num_beams": 4, "max_new_tokens": 128}
"""The same of the section ``task``, of tasks that write texts."""


def with_earlier_defaults_of(
    path: Path, config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """The config of a run to resume, with the rows read and held out as in the run so far.

    A run of an earlier release goes on with its own defaults of ``data.cut`` and ``data.encoding``, of how texts are
    generated, with its own length and rate, with a random head and without calibration, unless the command line says
    otherwise; ``config_differences`` then refuses it.

    Args:
        path: the folder of the run.
        config: of the command line that resumes it.
        invocation: this command line.

    Raises:
        RunError: the file is damaged.
    """
    saved = saved_config(path)
    for earlier in (_with_calibration, _with_head, _with_recipe, _with_task, _with_data):
        config, invocation = earlier(saved, config, invocation)
    return config, invocation


def _with_calibration(
    saved: Mapping[str, Any], config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """A run whose config has no ``calibrate`` goes on without calibration."""
    if not isinstance(config, FinetuneConfig) or "calibrate" in saved or invocation.sets("calibrate"):
        return config, invocation
    plain = {**yaml.safe_load(invocation.resolved), "calibrate": Calibration.none.value}
    return (
        dataclasses.replace(config, calibrate=Calibration.none),
        dataclasses.replace(invocation, resolved=_as_yaml(plain)),
    )


def _with_data(
    saved: Mapping[str, Any], config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """The config with the rows read and held out as in the run so far."""
    data = saved.get("data")
    if not isinstance(data, dict):
        return config, invocation
    earlier: dict[str, Any] = {
        name: value
        for name, value in _EARLIER_DATA.items()
        if data.get(name) == value and not invocation.sets(f"data.{name}")
    }
    resolved = yaml.safe_load(invocation.resolved)
    resolved["data"].update(earlier)
    if "cut" in earlier:
        earlier["cut"] = Cut(earlier["cut"])
    return (
        dataclasses.replace(config, data=dataclasses.replace(config.data, **earlier)),
        dataclasses.replace(invocation, resolved=_as_yaml(resolved)),
    )


def _with_task(
    saved: Mapping[str, Any], config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """The config of a task that writes texts, with the defaults of generation when the run began."""
    task, now = saved.get("task"), config.task
    if not isinstance(task, dict) or not isinstance(now, dict) or task.get("_target_") != now.get("_target_"):
        return config, invocation
    before = {
        name: value
        for name, value in _EARLIER_TASK.items()
        if name in now and task.get(name) == value and not invocation.sets(f"task.{name}")
    }
    plain = yaml.safe_load(invocation.resolved)
    return (
        dataclasses.replace(config, task={**now, **before}),
        dataclasses.replace(invocation, resolved=_as_yaml({**plain, "task": {**plain["task"], **before}})),
    )


def _with_head(
    saved: Mapping[str, Any], config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """A run whose config has no ``model.head_init`` goes on with the random head that it began with."""
    model = saved.get("model")
    if not isinstance(model, dict) or "head_init" in model or invocation.sets("model.head_init"):
        return config, invocation
    towers = {name: dataclasses.replace(one, head_init=HeadInit.random) for name, one in config.model.towers.items()}
    config = dataclasses.replace(
        config, model=dataclasses.replace(config.model, head_init=HeadInit.random, towers=towers)
    )
    resolved = yaml.safe_load(invocation.resolved)
    for section in (resolved["model"], *resolved["model"]["towers"].values()):
        section["head_init"] = HeadInit.random.value
    return config, dataclasses.replace(invocation, resolved=_as_yaml(resolved))


def _with_recipe(
    saved: Mapping[str, Any], config: TrainingConfig, invocation: Invocation
) -> tuple[TrainingConfig, Invocation]:
    """The config with the length and the rate that were the defaults when the run began."""
    then = {name: part for name in ("model", "optimizer", "train") if isinstance(part := saved.get(name), dict)}
    if len(then) < 3:
        return config, invocation
    resolved = yaml.safe_load(invocation.resolved)
    defaults = {("train", key): value for key, value in _EARLIER_LENGTH.items()}
    defaults["optimizer", "lr"] = then["model"].get("default_lr")
    found: dict[str, dict[str, Any]] = {name: {} for name in then}
    for (section, key), earlier in defaults.items():
        now_open = resolved[section].get(key) == "auto" and not invocation.sets(f"{section}.{key}")
        if now_open and key in then[section] and then[section][key] == earlier:
            found[section][key] = earlier
    if resolved["model"].get("default_lr") is None and then["model"].get("default_lr") is not None:
        found["model"]["default_lr"] = then["model"]["default_lr"]
    for section, values in found.items():
        resolved[section].update(values)
    changed = dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, **found["model"]),
        optimizer={**config.optimizer, **found["optimizer"]},
        train=dataclasses.replace(config.train, **found["train"]),
    )
    return changed, dataclasses.replace(invocation, resolved=_as_yaml(resolved))


def _as_yaml(values: Any) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
