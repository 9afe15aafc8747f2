"""Matrix products by oneDNN, which uses AVX-512 on processors of every maker.

torch uses oneDNN for bf16 but MKL for fp32, and MKL takes a slow path on processors other than Intel's. There oneDNN's
fp32 products take less than half as long. The operator is the one that torch's compiler uses.
"""

import torch
from torch import Tensor

from ftk.kernels.processor import processor


def pays_in_training() -> bool:
    """Whether to compute fp32 products with oneDNN: it is available, and MKL would take its slow path."""
    return can_prepack() and processor().maker != "GenuineIntel"


def can_prepack() -> bool:
    """Whether weights can be stored in oneDNN's layout, for repeated multiplication."""
    return (
        torch.backends.mkldnn.is_available()
        and "avx512f" in processor().flags
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def prepacked(weight: Tensor, rows: int) -> Tensor:
    """Converts a weight, [outputs, inputs], to oneDNN's layout for products with about ``rows`` rows."""
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    return result


def product(input: Tensor, weight: Tensor, bias: Tensor | None = None, then: str = "none") -> Tensor:
    """Returns ``input @ weight.T + bias``, [..., outputs]; all tensors have the same type.

    Args:
        input: [..., inputs].
        weight: [outputs, inputs], plain or ``prepacked``.
        bias: [outputs].
        then: function applied to the results before they are written: ``none`` or ``gelu``.
    """
    algorithm = "none" if then == "gelu" else ""  # exact GELU, not the tanh approximation
    result: Tensor = torch.ops.mkldnn._linear_pointwise(input, weight, bias, then, [], algorithm)
    return result
