"""A faster import of torch and transformers."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ftk.system.wait_policy import CpuTime, choose_wait_policy

_STARTED = CpuTime.now()
"""This module is imported with the command, a few tenths of a second before torch."""


@contextmanager
def fast_import(module: str) -> Iterator[None]:
    """Import ``module`` inside this block without garbage collection; no effect if it is already imported.

    Importing torch and transformers creates so many objects, all of which stay, that the searches for unreachable ones
    take a quarter of the import. At the end all objects are frozen, so that later searches skip them.

    Before torch is imported, the block also chooses how the threads of OpenMP wait.
    """
    if module in sys.modules:
        yield
        return
    if "torch" not in sys.modules:
        choose_wait_policy(_STARTED)
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
