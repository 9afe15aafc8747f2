"""Random masks from a fast generator: torch's own takes longer than the matrix product beside it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LEVELS = 1 << 15
"""Rates are multiples of 1 / 32,768."""
_CHUNK = 1 << 18
"""64-bit words that one generator makes; a constant, so that a mask does not depend on the number of threads."""
_AS_INTEGER = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def true_rate(rate: float) -> float:
    """The nearest rate above 0 and below 1 that a mask can have."""
    return min(max(round(rate * _LEVELS), 1), _LEVELS - 1) / _LEVELS


def keep_mask(shape: torch.Size, rate: float) -> Tensor:
    """An int16 mask: all bits set where an element is kept, none where it is dropped.

    Each element is dropped with the probability ``true_rate(rate)``, independently of all others. The mask is a
    function of the state of torch's CPU generator, which it advances by one number: what seeds torch seeds the masks.
    """
    count = shape.numel()
    seed = int(torch.empty((), dtype=torch.int64).random_())
    bits = torch.from_numpy(_words(-(-count // 4), seed).view(np.int16))[:count]
    # Four passes of plain integer arithmetic, which has vector instructions where comparisons to bool have none:
    # 15 random bits less the bound are negative where the element is kept, and the sign is spread over all bits.
    bits >>= 1
    bits -= _LEVELS // 2 - round(true_rate(rate) * _LEVELS)
    bits >>= 15
    return bits.view(shape)


def masked(values: Tensor, mask: Tensor) -> Tensor:
    """The values where the mask of ``keep_mask`` keeps them, and zero elsewhere."""
    integer = _AS_INTEGER[values.element_size()]
    return torch.bitwise_and(mask.to(integer), values.view(integer)).view(values.dtype)


def _words(number: int, seed: int) -> NDArray[np.uint64]:
    words = np.empty(number, dtype=np.uint64)
    chunks = range(-(-number // _CHUNK))

    def fill(chunk: int) -> None:
        part = words[chunk * _CHUNK : (chunk + 1) * _CHUNK]
        generator = np.random.Generator(np.random.SFC64((seed, chunk)))
        part[:] = generator.integers(0, 1 << 64, size=len(part), dtype=np.uint64)

    threads = min(torch.get_num_threads(), len(chunks))
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:  # the generator works without the interpreter's lock
            list(pool.map(fill, chunks))
    else:
        for chunk in chunks:
            fill(chunk)
    return words
