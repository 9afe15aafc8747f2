"""Layer norm that keeps the precision of the run: what lies between two matrix products is as wide as they are."""

import torch
from torch import Tensor, nn


class FastLayerNorm(nn.LayerNorm):
    """``nn.LayerNorm`` whose result under autocast has the type of the matrix products.

    The embeddings of a model are fp32, and without this so is every sum of a residual connection after them: each
    layer would add, normalise and convert twice as many bytes as it multiplies. Statistics are fp32 in either case.
    """

    def forward(self, input: Tensor) -> Tensor:
        """``input`` normalised."""
        output = super().forward(input)
        if output.dtype is torch.float32 and torch.is_autocast_enabled(device := output.device.type):
            output = output.to(torch.get_autocast_dtype(device))
        return output
