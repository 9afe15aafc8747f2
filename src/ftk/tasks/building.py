"""Builds tasks. A task is found by its dotted path or by the name of its module; there is no registry."""

import dataclasses
import difflib
import importlib
import inspect
import pkgutil
import re
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.hydra_errors import reworded
from ftk.config.paths import parts_of, shipped_files, values_of
from ftk.config.targets import class_at
from ftk.contracts.task import Task, fields_of
from ftk.errors import ConfigError, FtkError

_SHARED = ("base", "building", "generation", "shared")
"""Modules of this package that are not tasks."""
_A_TASK = "a Task (ftk.contracts.task.Task)"


def build_task(node: dict[str, Any]) -> Task:
    """The task that a config's ``task`` section describes.

    Args:
        node: ``_target_``, the dotted path of a Task dataclass, and the values of its fields.

    Raises:
        ConfigError: the class cannot be imported or is incomplete, or a field is unknown, missing or of the wrong type.
    """
    target = node.get("_target_")
    if not isinstance(target, str):
        raise ConfigError(
            f"task._target_={target}: name a Task, as in ftk.tasks.token_classification.TokenClassification"
        )
    cls = class_at(target, Task, key="task._target_", kind=_A_TASK)  # type: ignore[type-abstract]
    if mistake := _incomplete(cls):
        raise ConfigError(f"task._target_={target}: {mistake}")
    return task_from_fields(cls, {key: value for key, value in node.items() if key != "_target_"})


def _incomplete(cls: type[Task]) -> str | None:
    """Why a class cannot be a task; None if it can."""
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        return f"{cls.__name__} lacks members that every task must have: {missing}."
    fields = {item.name for item in dataclasses.fields(cls)}
    for base in cls.__mro__:
        if "__dataclass_fields__" in base.__dict__ or not issubclass(base, Task):
            continue
        annotated = inspect.get_annotations(base).items()
        lost = [name for name, kind in annotated if name not in fields and "ClassVar" not in str(kind)]
        if lost:
            return f"{base.__name__} has fields ({', '.join(lost)}) but no '@dataclass(kw_only=True)' above it."
    return None


def task_from_fields(cls: type[Task], fields: dict[str, Any]) -> Task:
    """A task of this class with these fields, checked against their types.

    Raises:
        ConfigError: a field is unknown, missing or of the wrong type.
    """
    schema = OmegaConf.structured(cls)
    known = [str(name) for name in schema]
    faults = []
    wrong = set()
    # OmegaConf takes some texts for more than texts. Labels and tokens are what they are.
    hints = get_type_hints(cls)
    literal = {key: value for key, value in fields.items() if hints.get(key) is Any and holds_markers(value)}
    for key, value in fields.items():
        if key in literal:
            value = None
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean 'task.{near[0]}'?" if near else f" It has: {', '.join(known)}."
            faults.append(f"task.{key}: {cls.__name__} has no such field.{hint}")
            continue
        try:
            schema = OmegaConf.merge(schema, {key: value})
        except OmegaConfBaseException as error:
            faults.append(f"task.{key}={value}: {reworded(str(error).splitlines()[0])}")
            wrong.add(key)
    # A field with a default is newer than some saved models, and than config folders that were copied.
    needed = {
        item.name for item in dataclasses.fields(cls) if item.default is item.default_factory is dataclasses.MISSING
    }
    missing = [name for name in known if name not in fields and name in needed]
    faults += [f"task.{name}: no config gives a value." for name in missing]
    wrong |= {*missing}
    try:
        for name in wrong:
            OmegaConf.update(schema, name, _any_value(cls, name))
        task = OmegaConf.to_object(schema)
    except ConfigError as error:  # mistakes about invented values are not the user's
        faults += [text for text in error.faults if not any(re.search(rf"task\.{name}\b", text) for name in wrong)]
        raise ConfigError(*faults) from error
    except OmegaConfBaseException as error:
        key = f"task.{error.full_key}" if error.full_key else f"task ({cls.__name__})"
        raise ConfigError(*faults, f"{key}: {reworded(str(error).splitlines()[0])}") from error
    if faults:
        raise ConfigError(*faults)
    assert isinstance(task, Task)
    return dataclasses.replace(task, **literal) if literal else task


def holds_markers(value: Any) -> bool:
    """Whether a list or an object has a text in it that OmegaConf takes for an interpolation or a missing value."""
    items = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(_is_marker(item) or holds_markers(item) for item in items)


def _is_marker(value: Any) -> bool:
    return isinstance(value, str) and (value == "???" or "${" in value)


def _any_value(cls: type[Task], name: str) -> Any:
    """Invent a value of the type of a field, to see what is wrong with the other fields."""
    kind = get_type_hints(cls)[name]
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return next(iter(kind))
    return {bool: False, int: 1, float: 0.5, str: name}.get(kind)


def built_in_task(name: str) -> type[Task]:
    """The Task class in the module ``ftk.tasks.<name>``. Nothing else is imported for a name from a file.

    Raises:
        FtkError: there is no such task.
    """
    names = sorted(
        module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name not in _SHARED
    )
    found = _task_in(name) if name in names else None
    if found is None:
        own = ", ".join(name.replace("_", "-") for name in names if _task_in(name) is not None)
        raise FtkError(f"the model was trained for a task that is not one of ftk's own ({own}): add task=….")
    return found


def task_name(task: Task) -> str | None:
    """The name of a task of ftk, that of its module; None if another package has it."""
    package, _, rest = type(task).__module__.partition("ftk.tasks.")
    return rest.removesuffix(".task") if not package and rest and "." not in rest.removesuffix(".task") else None


def called(task: Task) -> str:
    """The word by which a command line chooses a task: the preset whose values it has, such as ner, else its own name.

    Of a task of another package it is the name of its class.
    """
    name = (task_name(task) or "").replace("_", "-")
    if not name:
        return type(task).__name__
    own = f"task/{name}"
    for other in shipped_files():
        if (
            other.startswith("task/")
            and other != own
            and any(part.name == own for part in parts_of(other, shipped_files()))
        ):
            usual, values, fields = values_of(own), values_of(other), fields_of(task)
            if all(fields.get(key) == value for key, value in values.items() if value != usual.get(key)):
                return other.removeprefix("task/")
    return name


def _task_in(name: str) -> type[Task] | None:
    """The Task of a module of this package; None if it has none."""
    module = importlib.import_module(f"ftk.tasks.{name}")
    homes = (module.__name__, f"{module.__name__}.task")
    own = (cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ in homes)
    return next((cls for cls in own if issubclass(cls, Task) and not inspect.isabstract(cls)), None)
