"""The next step is prepared while this one runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Prepared = TypeVar("Prepared")


def prefetch(prepare: Callable[[int], Prepared], first: int, *, thread: bool) -> Iterator[Prepared]:
    """Yield ``prepare(first)``, ``prepare(first + 1)``, … without end.

    Args:
        prepare: a function of the step alone, so that it does not matter when it is called.
        first: the first step.
        thread: whether a thread prepares each result while the one before it is in use. That pays on a GPU, which
            computes while Python prepares. A CPU that computes has no core to spare, and gets the result when it asks.
    """
    if not thread:
        while True:
            yield prepare(first)
            first += 1
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        coming = pool.submit(prepare, first)
        while True:
            ready = coming.result()
            first += 1
            coming = pool.submit(prepare, first)
            yield ready
