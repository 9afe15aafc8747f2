"""The labels that rows have, and how many rows of a sample should have each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from ftk.contracts.example import Number

_BINS = 10
_IN_BIN = 5
"""Numbers in each bin, at the least."""


class Bin(NamedTuple):
    """The label of a number: which tenth of all numbers it belongs to."""

    of: str
    number: int


def is_label(stratum: Hashable) -> bool:
    """Whether a stratum is a label that a model learns: not a bin of numbers, and not the absence of labels."""
    return stratum is not None and not isinstance(stratum, Bin)


def binned(strata: Sequence[Sequence[Hashable]]) -> list[tuple[Hashable, ...]]:
    """The strata of rows with bins in place of numbers, and None for a row without any."""
    rows = [tuple(row) for row in strata]
    numbers: dict[str, list[float]] = defaultdict(list)
    different = dict.fromkeys(rows)  # most rows have one of a few sets of labels
    if not any(isinstance(stratum, Number) for row in different for stratum in row):
        return [row or (None,) for row in rows]
    for row in rows:
        for stratum in row:
            if isinstance(stratum, Number):
                numbers[stratum.of].append(stratum.value)
    bounds = {name: _bounds(values) for name, values in numbers.items()}
    bins = {name: [Bin(name, number) for number in range(len(found) + 1)] for name, found in bounds.items()}
    known: dict[tuple[Hashable, ...], tuple[Hashable, ...]] = {}
    result = []
    for row in rows:
        made = tuple(
            bins[stratum.of][bisect_right(bounds[stratum.of], stratum.value)]
            if isinstance(stratum, Number)
            else stratum
            for stratum in row
        ) or (None,)
        result.append(known.setdefault(made, made))
    return result


def _bounds(values: list[float]) -> list[float]:
    """The numbers between bins that hold about equally many values."""
    values = sorted(values)
    bins = max(1, min(_BINS, len(values) // _IN_BIN))
    return sorted({values[len(values) * number // bins] for number in range(1, bins)})


def in_proportion(counts: Mapping[Hashable, int], total: int, target: int, *, least: int = 1) -> dict[Hashable, float]:
    """How many of ``target`` rows should have each label, for the labels to be as frequent as they are in all rows.

    Each label has at least one of these rows, unless rare labels would take more than half of them.

    Args:
        counts: how many rows have each label.
        total: the number of rows.
        target: the number of rows to choose.
        least: the number of rows that a label must have for that.
    """
    desired = {label: target * count / total for label, count in counts.items()}
    rare = [label for label, wanted in desired.items() if is_label(label) and wanted < 1 and counts[label] >= least]
    if rare and 2 * len(rare) <= target:
        # The others give up what rare labels get.
        rest = (target - len(rare)) / (target - sum(desired[label] for label in rare))
        desired = {label: wanted * rest for label, wanted in desired.items()} | dict.fromkeys(rare, 1.0)
    return desired
