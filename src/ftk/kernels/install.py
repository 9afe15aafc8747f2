"""The fast ways put into a model, whatever its architecture."""

import torch
from torch import nn

from ftk.kernels import attention
from ftk.kernels.dropout import FastDropout
from ftk.kernels.head import fp32_head
from ftk.kernels.linear import FastLinear
from ftk.kernels.norm import FastLayerNorm
from ftk.kernels.product import pays_in_training

_FAST: dict[type[nn.Module], type[nn.Module]] = {nn.Dropout: FastDropout, nn.LayerNorm: FastLayerNorm}


def use_fast_kernels(model: nn.Module, device: torch.device, *, compiled: bool = False) -> None:
    """Let a model compute faster on a CPU; on other devices it is left alone, unless it is to be compiled.

    A compiled model keeps torch's own modules, which a compiler can see into. Else modules of a plain torch class
    become ones of the fast class, their parameters and names as they were: what the model saves is the same. Attention
    is replaced where the architecture leaves it to a function that can be chosen. On every device the head computes in
    fp32.
    """
    fp32_head(model)
    if compiled:
        model.compile(dynamic=True)
    if compiled or device.type != "cpu":
        return
    fast = {**_FAST, nn.Linear: FastLinear} if pays_in_training() else _FAST
    for module in model.modules():
        if type(module) in fast:
            module.__class__ = fast[type(module)]
    for part in model.modules():  # a model may be made of encoders, each with a config of its own
        config = getattr(part, "config", None)
        if getattr(part, "_supports_sdpa", False) and getattr(config, "_attn_implementation", None) == "sdpa":
            attention.register()
            part.set_attn_implementation(attention.NAME)  # type: ignore[operator]
