"""Leaves a model, and all random generators, as they were."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn


class Snapshot:
    """The classes, attributes, submodules and buffers of all modules of a model, and the attributes of its configs.

    Weights are not copied: nothing that is tried writes them.
    """

    def __init__(self, model: nn.Module) -> None:
        self._modules = [(module, type(module), _copied(vars(module))) for module in model.modules()]
        self._buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        self._configs = [(config, _copied(vars(config))) for config in _configs(model)]

    def restore(self) -> None:
        """Put everything back."""
        for module, kind, attributes in self._modules:
            module.__class__ = kind
            _put_back(module, attributes)
        for config, attributes in self._configs:
            _put_back(config, attributes)
        with torch.no_grad():
            for buffer, values in self._buffers:
                buffer.copy_(values)


@contextmanager
def same_generators() -> Iterator[None]:
    """A block after which the generators of Python, numpy and torch are in the state that they had before."""
    python, of_numpy, of_torch = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(of_numpy)
        torch.random.set_rng_state(of_torch)


@contextmanager
def only_trained(model: nn.Module, weights: Iterable[nn.Parameter]) -> Iterator[None]:
    """A block in which these weights have gradients, whichever are frozen, and the others have none."""
    chosen = {id(weight) for weight in weights}
    before = [(weight, weight.requires_grad) for weight in model.parameters() if weight.is_floating_point()]
    try:
        for weight, _ in before:
            weight.requires_grad_(id(weight) in chosen)
        yield
    finally:
        for weight, trained in before:
            weight.requires_grad_(trained)


def _configs(model: nn.Module) -> list[Any]:
    """The configs of a model and of its parts, each once."""
    found: dict[int, Any] = {}
    waiting = [config for module in model.modules() if (config := vars(module).get("config")) is not None]
    while waiting:
        config = waiting.pop()
        if hasattr(config, "__dict__") and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    return list(found.values())


def _copied(attributes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Each attribute, and what it contains."""
    return {
        name: (value, value.copy() if isinstance(value, (dict, list, set)) else None)
        for name, value in attributes.items()
    }


def _put_back(owner: Any, attributes: dict[str, tuple[Any, Any]]) -> None:
    own = vars(owner)
    own.clear()
    for name, (value, content) in attributes.items():
        own[name] = value
        if isinstance(value, list):
            value[:] = content
        elif content is not None:
            value.clear()
            value.update(content)
