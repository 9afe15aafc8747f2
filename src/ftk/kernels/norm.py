"""Layer norm that keeps the data type of the matrix products under autocast."""

import torch
from torch import Tensor, nn


class FastLayerNorm(nn.LayerNorm):
    """``nn.LayerNorm`` whose result under autocast has the data type of the matrix products.

    Embeddings are fp32, and with torch's layer norm every residual sum after them is fp32, too: each layer would add,
    normalise and convert twice as many bytes as it multiplies. Statistics are fp32 in either case.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalises ``input`` over its last dimensions."""
        output = super().forward(input)
        if output.dtype is torch.float32 and torch.is_autocast_enabled(device := output.device.type):
            output = output.to(torch.get_autocast_dtype(device))
        return output
