"""The objective that a config describes."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from ftk.errors import ConfigError
from ftk.objectives.objective import Objective


def build_objective(settings: Mapping[str, Any]) -> Objective:
    """Build the objective of a config's ``objective`` section.

    Args:
        settings: ``_target_``, the dotted path of a class, and its keyword arguments.

    Raises:
        ConfigError: the class cannot be imported, is no objective, or refuses its arguments.
    """
    values = dict(settings)
    target = str(values.pop("_target_", None))
    module, _, name = target.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"objective._target_={target}: this cannot be imported ({error}).") from error
    if not (inspect.isclass(cls) and isinstance(getattr(cls, "passes", None), int)):
        raise ConfigError(f"objective._target_={target}: this is not an objective (see ftk.objectives.Objective).")
    accepted = inspect.signature(cls).parameters
    unknown = [key for key in values if key not in accepted]
    if unknown:
        takes = ", ".join(accepted) or "no arguments"
        raise ConfigError(f"objective.{unknown[0]}={values[unknown[0]]}: {target} takes {takes}.")
    try:
        objective: Objective = cls(**values)  # type: ignore[assignment]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"objective: {target} refuses its settings ({error}).") from error
    return objective
