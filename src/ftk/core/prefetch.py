"""What a step is made of, prepared while the step before it runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Prepared = TypeVar("Prepared")


def ahead(prepare: Callable[[int], Prepared], first: int, *, thread: bool) -> Iterator[Prepared]:
    """``prepare(first)``, ``prepare(first + 1)``, … without end.

    Args:
        prepare: a function of the step alone, so that it does not matter when it is called.
        first: the first step.
        thread: whether each result is prepared while the one before it is in use. That is for a GPU, which computes
            while Python prepares; a CPU that computes has no thread to spare, and gets the result when it asks.
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
