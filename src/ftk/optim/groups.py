"""Builds optimizers with weight decay on matrices only and learning-rate factors by parameter name."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ftk.config.spelling.writing import as_word, pasted
from ftk.config.targets import class_at
from ftk.errors import ConfigError


def build_optimizer(
    model: nn.Module, settings: dict[str, Any], scales: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """Builds the optimizer that a config's ``optimizer`` section describes.

    Weight decay applies to matrices, not to biases and norms. Each parameter group stores its peak learning rate as
    ``peak_lr``.

    Args:
        model: its trainable parameters are optimised.
        settings: ``_target_``, the dotted path of a torch optimizer class; its keyword arguments; and ``lr_scale``,
            learning-rate factors by parameter name prefix.
        scales: default factors by name prefix; ``lr_scale`` takes precedence. The model may lack such parameters.

    Raises:
        ConfigError: the class cannot be imported or has no such argument; or no parameter has a name in ``lr_scale``.
    """
    values = dict(settings)
    target = str(values.pop("_target_"))
    own = _flat(values.pop("lr_scale", None) or {})
    cls = class_at(target, torch.optim.Optimizer, key="optimizer._target_", kind="a torch optimizer")
    accepted = inspect.signature(cls).parameters
    takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in accepted.values())
    unknown = [key for key in values if key not in accepted and not takes_all]
    if unknown:
        names = ", ".join(name for name in accepted if name != "params")
        raise ConfigError(
            f"optimizer.{unknown[0]}={values[unknown[0]]}: {target} has no such argument. It takes {names}."
        )
    decay = values.pop("weight_decay", 0.0)
    by_scale: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            by_scale.setdefault(_scale_of(name, own, scales or {}), []).append(parameter)
    _check_names(own, model)
    groups: list[dict[str, Any]] = []
    # The rate of the first group is logged: the one without a factor, else that of the largest part.
    sizes = {scale: sum(parameter.numel() for parameter in part) for scale, part in by_scale.items()}
    for scale in sorted(by_scale, key=lambda scale: (scale != 1, -sizes[scale])):
        trainable = by_scale[scale]
        rate = {} if scale == 1 else {"lr": values["lr"] * scale}
        matrices = [parameter for parameter in trainable if parameter.ndim > 1]
        vectors = [parameter for parameter in trainable if parameter.ndim <= 1]
        groups += [
            {"params": matrices, "weight_decay": decay, **rate},
            {"params": vectors, "weight_decay": 0.0, **rate},
        ]
    try:
        optimizer = cls([group for group in groups if group["params"]], **values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"optimizer: {target} rejects its settings ({error}).") from error
    for group in optimizer.param_groups:
        group["peak_lr"] = group["lr"]
    return optimizer


def _flat(lr_scale: Any, prefix: str = "") -> dict[str, float]:
    """Factors by dotted name; a dotted name may also be given as nested sections."""
    if not isinstance(lr_scale, Mapping):
        raise ConfigError(
            f"optimizer.lr_scale={as_word(lr_scale)}: expected a factor for each name: "
            f"optimizer.lr_scale={pasted({'classifier': 10})}."
        )
    found: dict[str, float] = {}
    for name, value in lr_scale.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
            raise ConfigError(f"optimizer.lr_scale.{prefix}{name}={value}: a factor must be a number, 0 or more.")
        else:
            found[f"{prefix}{name}"] = float(value)
    return found


def _scale_of(name: str, own: Mapping[str, float], scales: Mapping[str, float]) -> float:
    """Factor of the longest prefix of a parameter's name; the user's factors take precedence."""
    for factors in (own, scales):
        parts = [part for part in factors if f"{name}.".startswith(f"{part}.")]
        if parts:
            return factors[max(parts, key=len)]
    return 1.0


def _check_names(own: Mapping[str, float], model: nn.Module) -> None:
    names = [name for name, _ in model.named_parameters()]
    for part, factor in own.items():
        if not any(f"{name}.".startswith(f"{part}.") for name in names):
            top = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
            raise ConfigError(
                f"optimizer.lr_scale.{part}={factor:g}: no parameter of this model has a name that begins with "
                f"'{part}'. They begin with {top}."
            )
