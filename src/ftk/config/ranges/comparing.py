"""Checks of the section compare."""

import math
from collections.abc import Iterator

from ftk.config.mistakes import Mistake
from ftk.config.schema import CompareConfig

_FEWEST = 100


def check_comparing(config: CompareConfig) -> Iterator[Mistake]:
    """All mistakes in the config that its values alone show."""
    compare = config.compare
    if not 0 < compare.margin < math.inf:
        yield Mistake(f"compare.margin={compare.margin}", "It is a number of points above 0.")
    if not 0.5 < compare.level < 1:
        yield Mistake(f"compare.level={compare.level}", "It is a probability between 0.5 and 1, such as 0.95.")
    if compare.resamples < _FEWEST:
        advice = f"Intervals of so few draws say nothing; at least {_FEWEST}."
        yield Mistake(f"compare.resamples={compare.resamples}", advice)
    if compare.examples < 0:
        yield Mistake(f"compare.examples={compare.examples}", "It is a number of rows, 0 or more.")
    if compare.cka and not compare.alike:
        yield Mistake(
            "compare.cka=true", "compare.alike=false leaves out how alike the models are; set one of the two."
        )
