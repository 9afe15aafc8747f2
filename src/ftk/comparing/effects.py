"""How much better one side is than the other, and how sure that is: of these models, and of these recipes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.units import freedom_of

FEWEST_RUNS = 3
"""Runs a side from which the spread of seeds can be estimated at all."""
_LEAST_SHARE = 0.1
"""The variance of seeds is taken to be at least this share of what rows alone give to it. Three runs may have the same
accuracy by chance, and that does not mean that seeds make no difference."""

_ROUNDING = 1e-9


class Of(Enum):
    """What is compared: the models as they are, or the recipes that they were trained by."""

    models = "models"
    recipes = "recipes"


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of runs on the same rows, and how they vary with the rows.

    Attributes:
        scores: [runs].
        covariance: [runs, runs] of the scores over resampled rows.
        influences: [runs, units] how far each row or document moves the score of each run.
        decide: how many rows or documents the scores are made of; None: rows do not matter.
        reach: how far one row moves the score of a run, times ``decide``; of a share its range.
        whole: whether each row is right or wrong, and stands for itself.
        widest: the largest difference that there can be; infinite if there is none.
    """

    scores: NDArray[np.float64]
    covariance: NDArray[np.float64]
    influences: NDArray[np.float64]
    decide: int | None = None
    reach: float = 0.0
    whole: bool = False
    widest: float = math.inf


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference of mean scores, with its variance.

    Attributes:
        of: what is compared.
        difference: how much better the second side is, in points; below 0, how much worse.
        variance: of the difference, over rows and, for recipes, over seeds.
        freedom: the degrees of freedom of the variance, as of Student's t.
        rows: the part of the variance that more rows would make smaller and more runs would not.
        seeds: the variance of a run of each side over seeds; 0 for models.
        runs: of each side.
        centre: of the interval, nearer to 0 than the difference where there are few rows; None: the difference.
        widest: the largest difference that there can be.
        unseen: the part of ``rows`` that stands for rows of which none was seen to differ; it falls with the square of
            their number.
    """

    of: Of
    difference: float
    variance: float
    freedom: float
    rows: float
    seeds: tuple[float, float]
    runs: tuple[int, int]
    centre: float | None = None
    widest: float = math.inf
    unseen: float = 0.0

    @property
    def middle(self) -> float:
        """The centre of the interval."""
        return self.difference if self.centre is None else self.centre

    @property
    def deviation(self) -> float:
        """The standard error of the difference."""
        return math.sqrt(self.variance)


def effect_of(of: Of, scored: Scored, first: Sequence[int], second: Sequence[int], scale: float) -> Effect:
    """How much better the second side is than the first.

    For models, the rows vary and the runs stay: the variance is that of the difference over resampled rows. Where no
    row or few rows differ, resampling them says nothing of the others that would. So one row that is won and one that
    is lost are added (Bonett and Price 2012): without a difference in n rows, ±2.8 / (n + 2) remain.

    For recipes, both vary. On the rows at hand, the scores of the runs of a side vary as new runs would; their variance
    holds what weights and order of a run do, and how this depends on the rows. Added to it is by how much the
    difference of the *recipes* depends on the rows: the variance of the difference over resampled rows, less what the
    seeds of these runs give to it, which is in the first part already. Degrees of freedom are Satterthwaite's (1946),
    as in Welch's test (1947), so that intervals hold their level at three to five runs. The variance is never below
    that of the two rows that are added.

    Args:
        of: what is compared.
        scored: all runs on these rows.
        first, second: the numbers of the runs of each side.
        scale: points for one unit of the score; negative if a lower score is better.
    """
    weights = np.zeros(len(scored.scores))
    weights[list(first)], weights[list(second)] = -scale / len(first), scale / len(second)
    difference = _exact(float(weights @ scored.scores))
    over_rows = _exact(max(0.0, float(weights @ scored.covariance @ weights)))
    moved = weights @ scored.influences
    free = max(1.0, freedom_of(moved))
    runs = (len(first), len(second))
    added, unseen, shrink = _added(scored, difference, abs(scale))
    widest = scored.widest * abs(scale)
    if of is Of.models:
        over_rows = over_rows * shrink**2 + added
        free = _with_added(scored, moved, abs(scale)) if scored.decide is not None else free
        return Effect(of, difference, over_rows, free, over_rows, (0.0, 0.0), runs, difference * shrink, widest, unseen)
    sides = [_seeds(scored, side, abs(scale)) for side in (first, second)]
    rows = _exact(max(0.0, over_rows - sum(within / number for (_, within), number in zip(sides, runs, strict=True))))
    seeds = (sides[0][0], sides[1][0])
    of_sides = [spread / number for spread, number in zip(seeds, runs, strict=True)]
    variance = sum(of_sides) + rows
    parts = [(part, max(1.0, number - 1.0)) for part, number in zip(of_sides, runs, strict=True)]
    freedom = _freedom([*parts, (rows, free)])
    more = added - variance
    if more > 0 or math.isnan(added):
        freedom = _freedom([(variance, freedom), (more, math.inf)])
        variance, rows = added, rows + more
    return Effect(
        of, difference, variance, freedom, rows, seeds, runs, difference * shrink, widest, max(0.0, min(more, unseen))
    )


def _added(scored: Scored, difference: float, scale: float) -> tuple[float, float, float]:
    """What a row that is won and one that is lost add to the variance; the part of it that a difference of 0 has; and
    how much of the difference they leave.

    The variance is about 0, as in a test: where all rows are won, they do not vary about their mean, however few they
    are. NaN if it is not known how far a row can move the score.
    """
    if (number := scored.decide) is None:
        return 0.0, 0.0, 1.0
    reach = scored.reach * scale
    if number == 0 or not reach > 0:
        return math.nan, math.nan, 1.0
    unseen = 2 * reach**2 / (number + 2) ** 2
    return unseen + number * difference**2 / (number + 2) ** 2, unseen, number / (number + 2)


def _with_added(scored: Scored, moved: NDArray[np.float64], scale: float) -> float:
    """The degrees of freedom of the variance of a difference of models, with the two rows."""
    assert scored.decide is not None
    if scored.whole or not (np.abs(moved) > _ROUNDING).any():
        return math.inf if scored.whole or math.isfinite(scored.widest) else max(1.0, scored.decide - 1.0)
    step = scored.reach * scale / max(1, scored.decide)
    return max(1.0, freedom_of(np.append(moved, [step, -step])))


def _exact(number: float) -> float:
    """A number of points, without what rounding leaves of equal scores."""
    return 0.0 if abs(number) < _ROUNDING else number


def _seeds(scored: Scored, side: Sequence[int], scale: float) -> tuple[float, float]:
    """The variance of the score of one run over seeds, and what of it rows alone give."""
    number = len(side)
    if number < 2:
        return 0.0, 0.0
    own = scored.covariance[np.ix_(side, side)] * scale**2
    within = max(0.0, float(np.trace(own) - own.sum() / number) / (number - 1))
    spread = float(np.var(scored.scores[list(side)] * scale, ddof=1))
    return max(spread, _LEAST_SHARE * within), within


def _freedom(parts: Sequence[tuple[float, float]]) -> float:
    """The degrees of freedom of a sum of variances, each with its own."""
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / free for part, free in parts)
    return total**2 / spread if spread > 0 else math.inf


def pooled(effects: Sequence[Effect]) -> Effect:
    """The mean effect over corpora, each of which counts the same; their rows and runs are independent."""
    number = len(effects)
    parts = [(each.variance / number**2, each.freedom) for each in effects]
    seeds = [sum(each.seeds[side] for each in effects) / number**2 for side in (0, 1)]
    return Effect(
        effects[0].of,
        sum(each.difference for each in effects) / number,
        sum(part for part, _ in parts),
        _freedom(parts),
        sum(each.rows for each in effects) / number**2,
        (seeds[0], seeds[1]),
        (min(each.runs[0] for each in effects), min(each.runs[1] for each in effects)),
        sum(each.middle for each in effects) / number,
        max(each.widest for each in effects),
        sum(each.unseen for each in effects) / number**2,
    )
