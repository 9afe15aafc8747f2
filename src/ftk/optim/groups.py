"""An optimizer from its class and keyword arguments, with decay where decay belongs."""

import importlib
import inspect
from typing import Any

import torch
from torch import nn

from ftk.errors import ConfigError


def build_optimizer(model: nn.Module, settings: dict[str, Any]) -> torch.optim.Optimizer:
    """The optimizer that a config's ``optimizer`` section describes.

    Weight decay applies to matrices and not to vectors: biases and the gains of norms are left alone. Each group
    remembers its peak rate as ``peak_lr``.

    Args:
        model: its trainable parameters are optimised.
        settings: ``_target_``, the dotted path of a torch optimizer class, and its keyword arguments.

    Raises:
        ConfigError: the class cannot be imported or takes no such argument.
    """
    values = dict(settings)
    target = str(values.pop("_target_"))
    cls = _class_at(target)
    accepted = inspect.signature(cls).parameters
    takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in accepted.values())
    unknown = [key for key in values if key not in accepted and not takes_all]
    if unknown:
        names = ", ".join(name for name in accepted if name != "params")
        raise ConfigError(f"optimizer.{unknown[0]}={values[unknown[0]]}: {target} takes {names}.")
    decay = values.pop("weight_decay", 0.0)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trainable if parameter.ndim > 1], "weight_decay": decay},
        {"params": [parameter for parameter in trainable if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    try:
        optimizer = cls([group for group in groups if group["params"]], **values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"optimizer: {target} refuses its settings ({error}).") from error
    for group in optimizer.param_groups:
        group["peak_lr"] = group["lr"]
    return optimizer


def _class_at(path: str) -> type[torch.optim.Optimizer]:
    module, _, name = path.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"optimizer._target_={path}: this cannot be imported ({error}).") from error
    if not (inspect.isclass(cls) and issubclass(cls, torch.optim.Optimizer)):
        raise ConfigError(f"optimizer._target_={path}: this is not a torch optimizer.")
    return cls
