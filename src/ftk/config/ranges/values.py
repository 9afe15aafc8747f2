"""Checks of single values."""

import math
from collections.abc import Iterator

from ftk.config.mistakes import Mistake


def positive(key: str, value: float | None) -> Iterator[Mistake]:
    if value is not None and not 0 < value < math.inf:
        yield Mistake(f"{key}={value}", "It must be greater than 0." if value <= 0 else "It must be a finite number.")


def share(key: str, value: float) -> Iterator[Mistake]:
    if not 0 <= value <= 1:
        yield Mistake(f"{key}={value}", "It must be between 0 and 1.")
