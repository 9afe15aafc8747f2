"""From effects to verdicts: better, worse, equivalent, or not enough evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ftk.comparing.effects import FEWEST_RUNS, Effect, Of

_POWER = 0.8
"""How likely more runs or rows should decide, if the difference is as it looks now."""
_MOST_RUNS = 100
"""The most runs a side that are ever recommended."""


class Verdict(Enum):
    """What is said of the second side."""

    better = "better"
    worse = "worse"
    equivalent = "equivalent"
    unknown = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect with what is concluded from it.

    Attributes:
        effect: in points.
        verdict: of the second side.
        low, high: the ends of the interval of the difference; NaN with too few runs.
        level: of the interval.
        p: how likely a difference at least as large is if there is none; NaN with too few runs.
        p_adjusted: the same, corrected for the number of comparisons (Holm 1979).
        equivalent: whether the difference is shown to be within the margin, by two one-sided tests (Schuirmann 1987);
            a difference may be so and still be one.
        p_equivalent: how likely such data are if the difference is as large as the margin, corrected in the same way.
        more_runs: so many runs more a side would probably decide; None: no number up to a hundred, or none is needed.
        more_rows: how many times the rows would probably decide; None: more runs are needed first, or nothing is.
    """

    effect: Effect
    verdict: Verdict
    low: float
    high: float
    level: float
    p: float
    p_adjusted: float
    equivalent: bool
    p_equivalent: float
    more_runs: int | None
    more_rows: float | None

    @property
    def is_better(self) -> bool:
        """Whether the second side is better for sure."""
        return self.verdict is Verdict.better

    @property
    def enough_runs(self) -> bool:
        """Whether the spread of seeds can be estimated, if it matters."""
        return enough_runs(self.effect)

    def to_json(self) -> dict[str, Any]:
        """What programs read."""
        effect = self.effect
        return {
            "verdict": self.verdict.value,
            "of": effect.of.value,
            "effect": effect.difference,
            "interval": [self.low, self.high],
            "level": self.level,
            "p": self.p,
            "p_adjusted": self.p_adjusted,
            "equivalent": self.equivalent,
            "p_equivalent": self.p_equivalent,
            "standard_error": effect.deviation,
            "degrees_of_freedom": effect.freedom,
            "runs": list(effect.runs),
            "more_runs": self.more_runs,
            "more_rows": self.more_rows,
        }


def enough_runs(effect: Effect) -> bool:
    """Whether both sides have the runs that a verdict about recipes needs; one about models needs none."""
    return effect.of is Of.models or min(effect.runs) >= FEWEST_RUNS


def judged(effects: Sequence[Effect], *, level: float, margin: float) -> list[Judged]:
    """Verdicts over some effects, corrected for how many they are.

    Args:
        effects: compared with one another in one table.
        level: of intervals, such as 0.95.
        margin: the largest difference, in points, that does not matter.
    """
    tested = [_tested(effect, margin) for effect in effects]
    adjusted, equivalent = (_holm([each[at] for each in tested]) for at in (0, 1))
    return [
        _judged(effect, p, p_adjusted, p_equivalent, level, margin)
        for effect, (p, _), p_adjusted, p_equivalent in zip(effects, tested, adjusted, equivalent, strict=True)
    ]


def _tested(effect: Effect, margin: float) -> tuple[float, float]:
    """The two-sided p of no difference, and that of two one-sided tests against the margin."""
    if not enough_runs(effect):
        return math.nan, math.nan
    size, deviation = abs(effect.middle), effect.deviation
    if math.isnan(deviation):
        return math.nan, math.nan
    if deviation == 0:
        return (1.0 if size == 0 else 0.0), (0.0 if size < margin else 1.0)
    return 2 * _beyond(size / deviation, effect.freedom), _beyond((margin - size) / deviation, effect.freedom)


def _beyond(deviations: float, freedom: float) -> float:
    """How likely Student's t is larger."""
    from scipy.special import ndtr, stdtr

    return float(ndtr(-deviations) if math.isinf(freedom) else stdtr(freedom, -deviations))


def _reach(probability: float, freedom: float) -> float:
    """The quantile of Student's t."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if math.isinf(freedom) else stdtrit(freedom, probability))


def _holm(found: Sequence[float]) -> list[float]:
    """P values corrected for their number; NaN is no comparison."""
    order = sorted((at for at, p in enumerate(found) if not math.isnan(p)), key=lambda at: found[at])
    adjusted, least = list(found), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * found[at]))
        adjusted[at] = least
    return adjusted


def _judged(effect: Effect, p: float, p_adjusted: float, p_equivalent: float, level: float, margin: float) -> Judged:
    alpha = 1 - level
    low = high = math.nan
    if enough_runs(effect):
        half = _reach(1 - alpha / 2, effect.freedom) * effect.deviation
        low, high = max(effect.middle - half, -effect.widest), min(effect.middle + half, effect.widest)
    equivalent = p_equivalent < alpha
    verdict = Verdict.unknown
    if p_adjusted < alpha:
        verdict = Verdict.better if effect.difference > 0 else Verdict.worse
    elif equivalent:
        verdict = Verdict.equivalent
    runs, rows = _needed(effect, alpha, margin) if verdict is Verdict.unknown else (None, None)
    return Judged(effect, verdict, low, high, level, p, p_adjusted, equivalent, p_equivalent, runs, rows)


def _needed(effect: Effect, alpha: float, margin: float) -> tuple[int | None, float | None]:
    """How many runs more a side, or how many times the rows, would probably decide."""
    if not enough_runs(effect):
        return FEWEST_RUNS - min(effect.runs), None
    if effect.of is Of.recipes:
        for runs in range(max(effect.runs) + 1, _MOST_RUNS + 1):
            variance = sum(effect.seeds) / runs + effect.rows
            if _decides(effect.difference, variance, 2 * runs - 2.0, alpha, margin):
                return runs - min(effect.runs), None
    # With so many runs that seeds average out, what is left is the variance over rows.
    for times in (1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100):
        variance = (effect.rows - effect.unseen) / times + effect.unseen / times**2
        if effect.rows > 0 and _decides(effect.difference, variance, math.inf, alpha, margin):
            return None, float(times)
    return None, None


def _decides(difference: float, variance: float, freedom: float, alpha: float, margin: float) -> bool:
    """Whether a difference of this size would probably be told from 0, or shown to be within the margin."""
    deviation, size = math.sqrt(variance), abs(difference)
    power = _reach(_POWER, freedom)
    if size >= (_reach(1 - alpha / 2, freedom) + power) * deviation:
        return True
    # Near 0, both of the one-sided tests may fail.
    power = max(power, _reach((1 + _POWER) / 2, freedom) if size < deviation else power)
    return margin - size >= (_reach(1 - alpha, freedom) + power) * deviation
