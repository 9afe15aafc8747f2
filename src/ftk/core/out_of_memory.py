"""Too little memory for a micro batch: how that is seen, and what can be given back."""

import gc

import torch

from ftk.kernels.memory import release_memory

_TOLD = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "could not create a memory")
"""How torch's allocators and oneDNN say it on a CPU, where it is a plain RuntimeError."""
_TOLD_UNDER_A_LIMIT = ("could not create a primitive",)
"""What oneDNN says where it gets no memory for itself; without a limit it means something else."""
_TOLD_BY_CUDA = ("ALLOC_FAILED",)
"""How the libraries of a GPU say it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was too little memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    told = (*_TOLD, *_TOLD_BY_CUDA, *(_TOLD_UNDER_A_LIMIT if is_limited() else ()))
    return isinstance(error, RuntimeError) and any(words in str(error) for words in told)


def give_back(device: torch.device) -> None:
    """Give what is free back to the system, so that it can be had in other sizes."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    else:
        release_memory()


def is_limited() -> bool:
    """Whether this process may use less address space than there is; then too little memory is an error to recover
    from, and not the end of the process."""
    try:
        import resource
    except ImportError:
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
