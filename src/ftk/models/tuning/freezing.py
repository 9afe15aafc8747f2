"""Freezes parts of a model."""

import difflib
from collections.abc import Sequence

from torch import nn

from ftk.errors import ConfigError


def freeze(model: nn.Module, names: Sequence[str]) -> int:
    """Freezes modules: they get no gradients, no dropout, and their batch norms keep their statistics.

    The backward pass skips a frozen part if no trained parameter comes before it.

    Args:
        model: on any device.
        names: dotted names of the modules to freeze.

    Returns:
        The number of parameters that were frozen.

    Raises:
        ConfigError: the model has no module of that name, or no trainable parameter is left.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    frozen = 0
    for name in names:
        if name not in modules:
            near = difflib.get_close_matches(str(name), list(modules), n=1, cutoff=0.5)
            hint = f"Did you mean '{near[0]}'?" if near else ""
            own = ", ".join(child for child, _ in model.named_children())
            raise ConfigError(
                f"model.freeze: this model has no module '{name}'; its top-level modules are {own}. {hint}".rstrip()
            )
        for parameter in modules[name].parameters():
            frozen += parameter.numel() if parameter.requires_grad else 0
            parameter.requires_grad_(False)
        for module in modules[name].modules():
            module.eval()
            # The loop calls train() on the whole model before each step; frozen modules must ignore that call.
            module.train = _IgnoreTrain(module)
    if names and not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError(f"model.freeze={list(names)}: no trainable parameter is left; freeze fewer modules.")
    return frozen


class _IgnoreTrain:
    """Replaces the ``train`` method of a frozen module, which stays in evaluation mode."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __call__(self, mode: bool = True) -> nn.Module:
        return self._module
