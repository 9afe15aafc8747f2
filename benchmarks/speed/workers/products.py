"""The rate of matrix products that the machine attains, by torch's own functions and by any known way."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.speed.workers.channel import Channel

_SECONDS = 0.15
"""How long each of the three shapes is repeated for."""


def best_rate(rows: int, inner: int, outer: int, precision: str) -> float:
    """FLOP/s of the fastest of the three products of a linear layer as torch has them: forward and both of backward."""
    import torch
    from torch.nn.functional import linear

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    with torch.no_grad():
        inputs = torch.randn(rows, inner).to(dtype)
        weight = torch.randn(outer, inner).to(dtype)
        gradient = torch.randn(rows, outer).to(dtype)
        products = (
            lambda: linear(inputs, weight),
            lambda: gradient @ weight,
            lambda: gradient.T @ inputs,
        )
        return max(_rate(product, 2 * rows * inner * outer) for product in products)


def packed_rate(rows: int, inner: int, outer: int, precision: str) -> float | None:
    """FLOP/s of ftk's product with a weight laid out before; None where that cannot be had."""
    import torch

    from ftk.kernels.product import can_prepack, prepacked, product

    if not can_prepack():
        return None
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    with torch.no_grad():
        inputs = torch.randn(rows, inner).to(dtype)
        weight = prepacked(torch.randn(outer, inner).to(dtype), rows)
        return _rate(lambda: product(inputs, weight), 2 * rows * inner * outer)


def _rate(product: Any, operations: int) -> float:
    product()
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        product()
        times.append(time.perf_counter() - began)
    return float(operations / sorted(times)[len(times) // 2])


def main() -> None:
    """Measure each precision on each order."""
    channel = Channel()
    (rows, inner, outer), precisions = channel.options["shape"], channel.options["precisions"]
    import torch

    channel.answer(threads=torch.get_num_threads())
    for _ in channel.orders():
        channel.answer(**{precision: best_rate(rows, inner, outer, precision) for precision in precisions})
    channel.answer()
    channel.stay()


if __name__ == "__main__":
    main()
