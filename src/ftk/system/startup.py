"""Importing torch and transformers in less time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ftk.system.wait_policy import Use, settle

_started = Use.now()
"""This module is imported with the first command, some tenths of a second before torch."""


@contextmanager
def importing(module: str) -> Iterator[None]:
    """Do not look for garbage while this module is imported; does nothing if it is there already.

    Python goes through its objects for unreachable ones each time that so many have been made. Importing torch and
    transformers makes so many, which all stay, that this is a quarter of the time that it takes. What has been made
    at the end is left out of later searches, too.
    """
    if module in sys.modules:
        yield
        return
    if "torch" not in sys.modules:
        settle(_started)
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
