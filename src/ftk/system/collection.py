"""Work that makes many objects which stay, without the searches for those that do not."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Run a block without garbage collection.

    Python searches all objects for unreachable cycles each time that their number has grown by a quarter. Where
    hundreds of thousands of rows are made and none of them can be given up, that is a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
