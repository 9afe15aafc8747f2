"""The class that a config names with ``_target_``."""

import importlib
import inspect
from typing import Any

from ftk.errors import ConfigError


def class_at(path: str, base: type, *, key: str, kind: str) -> Any:
    """The class at a dotted path.

    Args:
        path: of the class: ``package.module.Name``.
        base: the class that it must inherit from.
        key: the section of the config that names it, for messages.
        kind: what it has to be, for messages.

    Raises:
        ConfigError: the class cannot be imported, or does not inherit from ``base``.
    """
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{key}._target_={path}: this cannot be imported ({error}).") from error
    if not (inspect.isclass(found) and issubclass(found, base)):
        raise ConfigError(f"{key}._target_={path}: this is not {kind}.")
    return found
