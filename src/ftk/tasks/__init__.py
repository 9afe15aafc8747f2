"""The tasks: one dataclass a file. A task is found by its dotted path or by its file's name; there is no registry."""

import difflib
import importlib
import inspect
import pkgutil
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.errors import ConfigError, FtkError
from ftk.tasks.base import Task


def build_task(node: dict[str, Any]) -> Task:
    """The task that a config's ``task`` section describes.

    Args:
        node: ``_target_``, the dotted path of a Task dataclass, and the values of its fields.

    Raises:
        ConfigError: the class cannot be imported, or a field is unknown, missing or of the wrong type.
    """
    target = node.get("_target_")
    if not isinstance(target, str):
        raise ConfigError(
            f"task._target_={target}: name a Task, as in ftk.tasks.token_classification.TokenClassification"
        )
    return task_from_fields(_class_at(target), {key: value for key, value in node.items() if key != "_target_"})


def task_from_fields(cls: type[Task], fields: dict[str, Any]) -> Task:
    """A task of this class with these fields, checked against their types.

    Raises:
        ConfigError: a field is unknown, missing or of the wrong type.
    """
    schema = OmegaConf.structured(cls)
    known = list(schema)
    for key in fields:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean 'task.{near[0]}'?" if near else f" It has: {', '.join(map(str, known))}."
            raise ConfigError(f"task.{key}: {cls.__name__} has no such field.{hint}")
    try:
        task = OmegaConf.to_object(OmegaConf.merge(schema, fields))
    except OmegaConfBaseException as error:
        value = fields.get(str(error.key)) if error.key is not None else None
        raise ConfigError(f"task.{error.full_key}={value}: {str(error).splitlines()[0]}") from error
    assert isinstance(task, Task)
    return task


def built_in_task(name: str) -> type[Task]:
    """The Task class in the module ``ftk.tasks.<name>``; nothing else is ever imported for a name from a file.

    Raises:
        FtkError: there is no such task.
    """
    import ftk.tasks as package

    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.name != "base")
    found = _task_in(name) if name in names else None
    if found is None:
        own = ", ".join(name for name in names if _task_in(name) is not None)
        raise FtkError(f"the model was trained for a task that is not one of ftk's own ({own}): add task=….")
    return found


def _task_in(name: str) -> type[Task] | None:
    """The Task that one of the modules beside this one is for; None for one that several tasks share."""
    module = importlib.import_module(f"ftk.tasks.{name}")
    own = (cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__)
    return next((cls for cls in own if issubclass(cls, Task) and not inspect.isabstract(cls)), None)


def _class_at(path: str) -> type[Task]:
    module_name, _, class_name = path.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"task._target_={path}: this cannot be imported ({error}).") from error
    if not (inspect.isclass(cls) and issubclass(cls, Task)):
        raise ConfigError(f"task._target_={path}: this is not a Task (ftk.tasks.base.Task).")
    return cls
