"""Parts of a model that stay as they are."""

import difflib
from collections.abc import Sequence

from torch import nn

from ftk.errors import ConfigError


def freeze(model: nn.Module, names: Sequence[str]) -> int:
    """Let parts of a model be as they are: no gradient, no dropout, no statistics of what they see.

    Nothing is computed for the gradient of a part that nothing trained comes before.

    Args:
        model: on any device.
        names: of its modules, with dots.

    Returns:
        How many parameters that are.

    Raises:
        ConfigError: the model has no such part, or nothing is left to train.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    frozen = 0
    for name in names:
        if name not in modules:
            near = difflib.get_close_matches(str(name), list(modules), n=1, cutoff=0.5)
            hint = f"Did you mean '{near[0]}'?" if near else ""
            own = ", ".join(child for child, _ in model.named_children())
            raise ConfigError(f"model.freeze: this model has no '{name}'; it is made of {own}. {hint}".rstrip())
        for parameter in modules[name].parameters():
            frozen += parameter.numel() if parameter.requires_grad else 0
            parameter.requires_grad_(False)
        for module in modules[name].modules():
            module.eval()
            # The loop asks the whole model to train before each step; asked itself, this part stays as it is.
            module.train = _Still(module)
    if names and not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError(f"model.freeze={list(names)}: nothing is left to train.")
    return frozen


class _Still:
    """In the place of ``train`` of a module that is to stay in evaluation."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __call__(self, mode: bool = True) -> nn.Module:
        return self._module
