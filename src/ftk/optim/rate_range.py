"""The range of a rate test, and the rate that its losses speak for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ftk.optim.recipe import rounded

MOST_TESTED = 100
"""Steps of a rate test."""
LEAST_TESTED = 30
_MEMORY = 0.8
"""Weight of the past in the mean of the losses, which are noisy."""
_WORSE = 3.0
"""The test ends when the mean loss is this many times the lowest one."""
_BEFORE = 10.0
"""The rate is this many times lower than that of the lowest loss, from where on it rises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RateRise:
    """Rises from a low rate to a high one by the same factor at each step (Smith 2017), as shares of the high one.

    Attributes:
        low, high: the rates of the first and the last step.
    """

    low: float
    high: float

    def __call__(self, step: int, total: float) -> float:
        """Share of the highest rate at one step.

        Args:
            step: counted from 0.
            total: number of steps.
        """
        return float((self.low / self.high) ** (1 - step / max(1.0, total - 1)))


class RateLosses:
    """The losses of a rate test, and their mean without most of the noise.

    Attributes:
        rates: of the steps so far.
        means: the running mean of the loss after each step.
    """

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.means: list[float] = []
        self._sum = 0.0
        self._weight = 0.0

    def add(self, rate: float, loss: float) -> bool:
        """Add a step; returns whether the test is to go on."""
        if not math.isfinite(loss):
            return False
        self._sum = _MEMORY * self._sum + (1 - _MEMORY) * loss
        self._weight = _MEMORY * self._weight + (1 - _MEMORY)
        self.rates.append(rate)
        self.means.append(self._sum / self._weight)
        return self.means[-1] <= _WORSE * min(self.means)

    def found(self) -> tuple[float, float] | None:
        """The rate that the losses speak for, and the one with the lowest loss; None if no rate lowered the loss."""
        return rate_of(self.rates, self.means)


def rate_of(rates: Sequence[float], means: Sequence[float]) -> tuple[float, float] | None:
    """A tenth of the rate with the lowest loss, and that rate; None if the loss is lowest at the beginning.

    Args:
        rates: rising.
        means: the loss at each.
    """
    if not means:
        return None
    lowest = min(range(len(means)), key=means.__getitem__)
    if rates[lowest] < _BEFORE * rates[0]:
        return None
    return rounded(rates[lowest] / _BEFORE), rates[lowest]
