"""Cuts a model to its first layers, for what they show about all of them."""

from __future__ import annotations

from torch import nn

_LAYERS = 2
"""How many layers of a list are kept at least."""
_MOST = 6
"""How many layers of a list are kept at most, if others between them are left out."""


def keep_first_layers(model: nn.Module, *, gaps: bool) -> bool:
    """Cuts each list of layers after its first ones, among them one of each structure.

    Args:
        model: changed in place. The lists are replaced, and what they held is not.
        gaps: whether layers between those are left out, too. A layer is then not in the place that its config says,
            which changes what the model computes, but not whether two ways to compute it agree.

    Returns:
        Whether there were more.
    """
    cut = False
    for module in list(model.modules()):
        for name, layers in list(module.named_children()):
            if isinstance(layers, nn.ModuleList) and len(kept := _kept(layers, gaps)) < len(layers):
                module._modules[name] = nn.ModuleList(layers[number] for number in kept)
                cut = True
    return cut


def _kept(layers: nn.ModuleList, gaps: bool) -> list[int]:
    """The numbers of the layers that are kept."""
    if len(layers) <= _LAYERS:
        return list(range(len(layers)))
    kept: list[int] = []
    seen = set()
    for number, layer in enumerate(layers):
        structure = tuple((name, type(part)) for name, part in layer.named_modules())
        if number < _LAYERS or structure not in seen:
            kept.append(number)
        seen.add(structure)
    return kept[:_MOST] if gaps else list(range(1 + kept[-1]))
