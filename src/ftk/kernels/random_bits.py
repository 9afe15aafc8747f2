"""Random masks from a fast generator; torch's generator takes longer than the matrix product beside it."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor

_LEVELS = 1 << 15
"""Dropout rates are multiples of 1 / 32,768."""
_CHUNK = 1 << 18
"""Elements per generator; constant, so that a mask does not depend on the number of threads."""
_AS_INTEGER = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def true_rate(rate: float) -> float:
    """The nearest rate above 0 and below 1 that a mask can realise."""
    return min(max(round(rate * _LEVELS), 1), _LEVELS - 1) / _LEVELS


def keep_mask(shape: torch.Size, rate: float) -> Tensor:
    """Draws an int16 mask with all bits set for kept elements and none for dropped ones.

    Each element is dropped independently with probability ``true_rate(rate)``. The mask is a function of the state of
    torch's CPU generator, which advances by one number, so torch's seed determines the masks.
    """
    seed = int(torch.empty((), dtype=torch.int64).random_())
    bound = _LEVELS // 2 - round(true_rate(rate) * _LEVELS)
    mask = np.empty(shape.numel(), dtype=np.int16)

    def fill(chunk: int) -> None:
        part = mask[chunk * _CHUNK : (chunk + 1) * _CHUNK]
        generator = np.random.Generator(np.random.SFC64((seed, chunk)))
        words = generator.integers(0, 1 << 64, size=-(-len(part) // 4), dtype=np.uint64)
        bits = words.view(np.int16)[: len(part)]
        # Integer arithmetic within the cache: 15 random bits minus the bound are negative for kept elements, and the
        # shift copies the sign to all bits.
        bits >>= 1
        bits -= bound
        np.right_shift(bits, 15, out=part)

    chunks = range(-(-len(mask) // _CHUNK))
    threads = torch.get_num_threads()
    if threads > 1 and len(chunks) > 1:
        list(_pool(threads).map(fill, chunks))  # numpy releases the GIL
    else:
        for chunk in chunks:
            fill(chunk)
    return torch.from_numpy(mask).view(shape)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="masks")


def masked(values: Tensor, mask: Tensor) -> Tensor:
    """The values where the mask of ``keep_mask`` is set, and zero elsewhere.

    The result is no view, which a model could not change in place when an autograd function returns it.
    """
    integer = _AS_INTEGER[values.element_size()]
    result = torch.empty(mask.shape, dtype=values.dtype)
    torch.bitwise_and(mask.to(integer), values.view(integer), out=result.view(integer))
    return result
