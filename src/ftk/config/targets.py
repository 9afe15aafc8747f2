"""Classes that a config names by their dotted paths."""

import importlib
import inspect
from typing import TypeVar

from ftk.errors import ConfigError

T = TypeVar("T")


def class_at(path: str, base: type[T], *, key: str, kind: str) -> type[T]:
    """The class at a dotted path.

    Args:
        path: ``torch.optim.AdamW``.
        base: the class that it must inherit from.
        key: the config key that holds the path, for the error.
        kind: what the class must be, for the error: ``a torch optimizer``.

    Raises:
        ConfigError: the path cannot be imported, or leads to something else.
    """
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        top = path.partition(".")[0]
        hint = ""
        if isinstance(error, ModuleNotFoundError) and error.name == top:
            hint = f" The folder that holds {top} must be on PYTHONPATH: PYTHONPATH=. if it is the current one."
        raise ConfigError(f"{key}={path}: this cannot be imported ({error}).{hint}") from error
    if not (inspect.isclass(found) and issubclass(found, base)):
        raise ConfigError(f"{key}={path}: this is not {kind}.")
    return found
