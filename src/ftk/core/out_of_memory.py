"""Running out of memory: how to recognise it, and how to free memory."""

import gc

import torch

from ftk.kernels.memory import release_memory

_PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "could not create a memory")
"""The messages of torch's allocators and oneDNN on a CPU, where the error is a plain RuntimeError."""
_PHRASES_UNDER_A_LIMIT = ("could not create a primitive",)
"""A message of oneDNN that means this only under a memory limit."""
_PHRASES_OF_CUDA = ("ALLOC_FAILED",)
"""The messages of CUDA libraries."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    phrases = (*_PHRASES, *_PHRASES_OF_CUDA, *(_PHRASES_UNDER_A_LIMIT if is_limited() else ()))
    return isinstance(error, RuntimeError) and any(words in str(error) for words in phrases)


def give_back(device: torch.device) -> None:
    """Return free memory to the system, so that blocks of other sizes can be allocated."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    else:
        release_memory()


def is_limited() -> bool:
    """Whether the address space of this process is limited. Then running out of memory is an error that can be handled,
    and does not end the process."""
    try:
        import resource
    except ImportError:
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
