"""Checks and spelling of single values."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ftk.config.mistakes import Mistake


def as_word(value: Any) -> str:
    """A value as it is written on a command line."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(as_word, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_word(part)}' for key, part in value.items())}}}"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def positive(key: str, value: float | None) -> Iterator[Mistake]:
    if value is not None and not 0 < value < math.inf:
        yield Mistake(f"{key}={value}", "It must be greater than 0." if value <= 0 else "It must be a finite number.")


def share(key: str, value: float) -> Iterator[Mistake]:
    if not 0 <= value <= 1:
        yield Mistake(f"{key}={value}", "It must be between 0 and 1.")
