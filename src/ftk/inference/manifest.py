"""The manifest of a model folder, ``ftk.json``, and the task that is built from it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import ftk
from ftk.config.paths import shipped_files, values_of
from ftk.config.spelling.writing import as_word
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.layout import Layout
from ftk.contracts.notes import Notes
from ftk.contracts.spec import local_file_fields, of_others_fields, statistics_fields
from ftk.contracts.task import Task, fields_of
from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.contracts.values import Labels
from ftk.errors import ConfigError, FtkError, ModelError
from ftk.inference.adopted import adopt
from ftk.models.loading.verified_folder import MANIFEST, verify_folder
from ftk.report.environment import environment_facts
from ftk.tasks import build_task, built_in_task, called, task_from_fields, task_name

if TYPE_CHECKING:
    from ftk.contracts.values import WindowPlan

_LONGEST = 200
"""Characters of a value in a message."""


def manifest(
    *,
    task: Task,
    labels: Labels | None,
    windows: WindowPlan,
    columns: dict[str, Any],
    model_name: str | None,
    layout: Layout,
    step: int,
    metrics: dict[str, Any],
) -> dict[str, Any]:
    """The manifest: what ``evaluate`` and ``predict`` need beside the files that transformers reads.

    Args:
        task: with the fields that validation tuned.
        labels: in the order of the model's outputs; None for a task that has none.
        windows: how texts were cut into windows.
        columns: the columns that the config names, by role.
        model_name: ``model.name`` of the config.
        layout: of the batches.
        step: the optimizer steps that were done.
        metrics: of the validation at this step; empty if there was none.
    """
    return {
        "ftk": ftk.__version__,
        # A task is saved by name, never by an import path: what a folder says is not imported.
        "task": {"name": task_name(task), "fields": fields_of(task)},
        "labels": list(labels.names) if labels is not None else None,
        "max_length": windows.length,
        "stride": windows.stride,
        "max_windows": windows.max_windows,
        "text_prefix": windows.prefix.to_json(),
        "layout": layout.to_json(),
        "columns": columns,
        "step": step,
        "metrics": {"validation": metrics} if metrics else {},
        "model": model_name,
        "versions": environment_facts()["packages"],
    }


def manifest_of(folder: Path, notes: Notes) -> dict[str, Any]:
    """The manifest of a verified model folder; empty, with a note, for a folder that ftk did not write.

    Raises:
        ModelError: from ``verify_folder``.
    """
    if (folder / MANIFEST).is_file():
        return verify_folder(folder)
    notes.add(kinds.UNKNOWN_FOLDER, folder=str(folder))
    return {}


@dataclasses.dataclass(frozen=True, slots=True)
class Trained:
    """The task that a model was trained for, and how its rows were read.

    Attributes:
        task: with the fields that it was trained with, and those that the user changed.
        labels: in the order of the model's outputs; None for a task that has none.
        windows: how texts were cut into windows; None if the folder does not say.
        columns: the columns that training was told to read, by role.
        adopted: whether another tool trained the model.
        layout: of the batches; None if the folder does not say.
        prefix: what stands before texts.
    """

    task: Task
    labels: Labels | None
    windows: WindowPlan | None
    columns: dict[str, Any] = dataclasses.field(default_factory=dict)
    adopted: bool = False
    layout: Layout | None = None
    prefix: TextPrefix = NO_PREFIX


def task_of(saved: dict[str, Any], node: Any, named: frozenset[str] | None, where: str, notes: Notes) -> Trained:
    """The task, the labels and the windows that a model was trained with.

    Args:
        saved: the manifest; empty for a folder that ftk did not write.
        node: the ``task`` section of the config; None if the command line names no task.
        named: the fields of ``node`` that the user gave; the others stay as in training. None: the user gave all.
        where: the model folder, for messages.
        notes: collects which fields stay as in training although the config has other values.

    Raises:
        ModelError: the folder names no task of ftk, or holds values that ftk does not write; or another tool wrote it,
            and its model has no head for the task.
    """
    from ftk.contracts.values import MAX_WINDOWS, WindowPlan

    if not saved:
        task, labels = adopt(Path(where), node, notes)
        if mistakes := list(task.validate(labels)):
            raise ConfigError(*mistakes)
        return Trained(task, labels, None, adopted=True)
    try:
        if node is not None:
            task = build_task(node)
            trained_for = saved["task"]["name"]
            if None not in (trained_for, task_name(task)) and trained_for != task_name(task):
                kind = built_in_task(str(trained_for))
                trained = called(task_from_fields(kind, _fields_in(saved, kind, where)))
                raise ModelError(f"the model was trained for {trained}, not for {called(task)}; leave task=… out.")
            _refuse_of_others(task)
            before = task_from_fields(type(task), _fields_in(saved, type(task), where))
            task = _task_with_trained_values(task, before, named, notes)
            if task.spec.untuned_default is not None:
                notes.add(kinds.NOTHING_TUNED, default=task.spec.untuned_default)
            _check_head(task, before)
        else:
            kind = built_in_task(str(saved["task"]["name"]))
            fields = _fields_in(saved, kind, where)
            if files := [name for name in local_file_fields(kind) if fields[name] is not None]:
                raise ValueError(f"task.{files[0]}={fields[files[0]]}: a model folder names no file of yours")
            task = task_from_fields(kind, fields)
        names = saved["labels"]
        labels = Labels(tuple(str(name) for name in names)) if names is not None else None
        windows = WindowPlan(int(saved["max_length"]), int(saved["stride"]), int(saved.get("max_windows", MAX_WINDOWS)))
        columns = _checked_columns(saved.get("columns", {}))
        if not (windows.length >= 1 and 0 <= windows.stride <= windows.length // 2 and windows.max_windows >= 1):
            raise ValueError(f"windows of {windows.length} tokens that share {windows.stride}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{where}/ftk.json: this is not what ftk writes ({error}).") from error
    except FtkError as error:
        raise ModelError(f"{where}/ftk.json: {error}") from error
    if mistakes := list(task.validate(labels)):
        raise ConfigError(*mistakes)
    return Trained(task, labels, windows, columns, layout=saved_layout(saved, where))


def _fields_in(saved: dict[str, Any], kind: type[Task], where: str | Path) -> dict[str, Any]:
    """The fields of the task in a manifest.

    Labels and tokens may look like an interpolation. They are in lists and objects of fields of any type, which nothing
    resolves.

    Raises:
        ModelError: another field has an interpolation.
    """
    fields: dict[str, Any] = saved["task"]["fields"]
    hints = get_type_hints(kind)
    for name, value in fields.items():
        if "${" in json.dumps(value) and not (hints.get(name) is Any and isinstance(value, (list, dict))):
            raise ModelError(
                f"{where}/{MANIFEST}: an interpolation (${{…}}) is not what ftk writes, and is not resolved."
            )
    return fields


def _checked_columns(saved: Any) -> dict[str, Any]:
    """The columns of a manifest; a folder that an earlier release wrote has none.

    Raises:
        ValueError: this is not what ftk writes.
    """
    for role, column in saved.items():
        names = column if isinstance(column, list) else [column]
        if not names or not all(isinstance(name, (str, int)) and not isinstance(name, bool) for name in names):
            raise ValueError(f"{column} as the column of {role}")
    return dict(saved)


def saved_layout(saved: Mapping[str, Any], where: str | Path) -> Layout | None:
    """The layout of batches that a manifest names; None if it names none.

    Args:
        saved: the manifest.
        where: its folder, for messages.

    Raises:
        ModelError: this is not what this release of ftk writes.
    """
    if "layout" not in saved:
        return None
    try:
        return Layout.of(saved["layout"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"{where}/{MANIFEST}: ftk {ftk.__version__} does not know the layout of batches {_short(saved['layout'])}. "
            "If a newer release wrote this folder, install that."
        ) from error


def _task_with_trained_values(task: Task, trained: Task, named: frozenset[str] | None, notes: Notes) -> Task:
    """The user's task; fields that the user did not name, or left at ``auto``, keep the values of training."""
    fields = [item.name for item in dataclasses.fields(task)]
    kept = {name for name in fields if _is_auto(getattr(task, name))}
    if named is not None:
        usual = _with_config_defaults(task)
        preset = {name for name in fields if getattr(task, name) != getattr(usual, name)}  # task=ner says units=spans
        own = {*local_file_fields(task), *trained.spec.tunable_fields, *statistics_fields(trained)}
        apart = {*named, *preset, *own}
        others = [name for name in fields if name not in apart]
        changed = [name for name in others if name not in kept and getattr(task, name) != getattr(trained, name)]
        if changed:
            before = fields_of(trained)
            values = ", ".join(f"{name}={_short(before[name])}" for name in changed)
            notes.add(kinds.FIELDS_OF_TRAINING, fields=values)
        kept.update(others)
    settled = dataclasses.replace(task, **{name: getattr(trained, name) for name in kept})
    # Which fields are tuned is for the others to say; where the user gives one of them, they belong together.
    tuned = settled.spec.tunable_fields
    given = any(getattr(settled, name) is not None for name in tuned)
    names = [name for name in (*tuned, *statistics_fields(settled)) if not (given and name in tuned)]
    left = [name for name in names if getattr(settled, name) is None]
    return dataclasses.replace(settled, **{name: getattr(trained, name) for name in left})


def _short(value: Any) -> str:
    """A value for a message; the weights of thousands of classes are not for reading."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _with_config_defaults(task: Task) -> Task:
    """The task with the values of its own config file; configs such as ``task=ner`` are presets of it."""
    name = f"task/{(task_name(task) or '').replace('_', '-')}"
    return build_task(values_of(name)) if name in shipped_files() else task


def _check_head(task: Task, trained: Task) -> None:
    """Refuse fields that need another head than the model has.

    Raises:
        ModelError: there are such fields.
    """
    if task.spec.auto_model == trained.spec.auto_model:
        return
    now, before = fields_of(task), fields_of(trained)
    others = [f"task.{name}={now[name]} (trained with {before[name]})" for name in now if now[name] != before[name]]
    raise ModelError(f"{', '.join(others)} needs another head than the model has; leave it out.")


def _refuse_of_others(task: Task) -> None:
    """Refuse fields that are about models of other tools.

    Raises:
        ConfigError: there are such fields.
    """
    named = [name for name in of_others_fields(task) if getattr(task, name) is not None]
    if named:
        value = as_word(getattr(task, named[0]))
        raise ConfigError(
            f"task.{named[0]}={value}: ftk trained this model, and its labels are those of its training rows; leave it "
            "out, and write the labels of the data as training does."
        )


def _is_auto(value: Any) -> bool:
    return value == "auto" or (isinstance(value, Enum) and value.value == "auto")
