"""What is said while the network is waited for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Show = Callable[[str, bool], None]
"""Shows a text; true for one that is a warning."""


def _log(text: str, warning: bool) -> None:
    logging.getLogger("ftk.network").log(logging.WARNING if warning else logging.INFO, text)


_show: Show = _log


def say(text: str) -> None:
    """Say what is awaited. Commands show it on standard error; other programs see it in the logger ``ftk.network``."""
    _show(text, False)


def warn(text: str) -> None:
    """Say what goes wrong while it is tried again."""
    _show(text, True)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """A block in which a function shows what is said, in all threads."""
    global _show
    before, _show = _show, show
    try:
        yield
    finally:
        _show = before
