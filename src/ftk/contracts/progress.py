"""The protocol by which long work shows its progress."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """Shows progress: on a terminal, in a log, or nowhere."""

    def say(self, text: str) -> None:
        """Show a line."""
        ...

    def counting(self, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show how many are done; the context gives the function to call with that number."""
        ...

    def preparing(self, what: str, size: int) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show how much of ``size`` bytes is done; the function is called with numbers of characters and tokens."""
        ...
