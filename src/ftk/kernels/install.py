"""Installs the fast kernels in a model of any architecture."""

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
    """Makes a model faster on the CPU, or compiles it; on every device the head computes in fp32.

    A compiled model keeps torch's own modules, which the compiler can optimise. Otherwise, on the CPU, modules of plain
    torch classes change to the fast classes with the same parameters and names, so the model saves the same weights.
    Attention is replaced if the architecture lets its config choose the attention function.

    Args:
        model: changed in place.
        device: that the model is on.
        compiled: whether to compile the model instead of using the CPU kernels.
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
    for part in model.modules():  # a model may contain encoders with configs of their own
        config = getattr(part, "config", None)
        if getattr(part, "_supports_sdpa", False) and getattr(config, "_attn_implementation", None) == "sdpa":
            attention.register()
            part.set_attn_implementation(attention.NAME)  # type: ignore[operator]
