"""The order of splits: training first."""

from collections.abc import Sequence
from typing import Any

_ORDER = ("train", "validation", "test")


def put_in_order(examples: dict[str, Sequence[Any]]) -> None:
    """Put the splits into the order in which they are reported: training, validation, test."""
    for split in _ORDER:
        if split in examples:
            examples[split] = examples.pop(split)
