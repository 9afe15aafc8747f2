"""Products of matrices by oneDNN, which has AVX-512 for the processors of every maker.

torch asks oneDNN for bf16, but MKL for fp32; and MKL takes its slow way on processors that are not Intel's. There
oneDNN's fp32 products take less than half as long. The operator is the one that torch's compiler uses.
"""

import torch
from torch import Tensor

from ftk.kernels.processor import processor


def pays_in_training() -> bool:
    """Whether fp32 products should go to oneDNN: where it is there, and MKL is not at its best."""
    return can_prepack() and processor().maker != "GenuineIntel"


def can_prepack() -> bool:
    """Whether weights can be laid out for oneDNN once, to be multiplied with many times."""
    return (
        torch.backends.mkldnn.is_available()
        and "avx512f" in processor().flags
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def prepacked(weight: Tensor, rows: int) -> Tensor:
    """A weight [outputs, inputs] as oneDNN wants it for products with about so many rows."""
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    return result


def product(input: Tensor, weight: Tensor, bias: Tensor | None = None, then: str = "none") -> Tensor:
    """``input @ weight.T + bias``, [..., outputs], in the one type that all have.

    Args:
        input: [..., inputs].
        weight: [outputs, inputs], as it is or ``prepacked``.
        bias: [outputs].
        then: what is done with the results before they are written: ``none`` or ``gelu``.
    """
    algorithm = "none" if then == "gelu" else ""  # of gelu: the exact one, not the one by tanh
    result: Tensor = torch.ops.mkldnn._linear_pointwise(input, weight, bias, then, [], algorithm)
    return result
