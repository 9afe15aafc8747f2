"""The temperature that logits are divided by (Guo et al. 2017, "On Calibration of Modern Neural Networks")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from ftk.calibration.figures import Reliability
from ftk.calibration.kept import LEAST
from ftk.contracts.confidence import Confidence, Shape

FOLDS = 5
_GRID = np.linspace(-np.log(8), np.log(8), 17)
"""Logarithms of the temperatures at which the loss is computed; between them it is interpolated."""
_SPREAD = 1.0
"""The standard deviation of a logarithm of a temperature, before any row is seen. It keeps the temperature of a model
that has no error on a few rows from going to 0."""
_SMALLEST = 1e-12


class At(Protocol):
    """Gives each row with its prediction at a temperature."""

    def __call__(self, temperature: float, part: slice | None = None) -> list[tuple[Any, Any]]: ...


@dataclass(frozen=True, slots=True)
class Fit:
    """A temperature, and what it does on rows that it was not fitted to.

    Attributes:
        temperature: 1 if another one would not lower the loss of such rows.
        rows: from how many it was fitted.
        before, after: figures of calibration, the latter by cross-fitting: each fifth of the rows at the temperature
            that the others give. Validation rows have chosen the model, so even this is a little better than on others.
    """

    temperature: float
    rows: int
    before: dict[str, Any]
    after: dict[str, Any]


def fit_temperature(at: At, confidence: Confidence) -> Fit | None:
    """The temperature with the lowest log loss; None if the rows have too few answers.

    For entities and tags the loss is that of whether each is right, given its score. So one number makes the scores of
    whole entities mean how often they are right.

    Args:
        at: see ``At``.
        confidence: of the task.
    """
    pairs = at(1.0)
    if answers(pairs, confidence) < LEAST:
        return None
    losses = np.stack([losses_by_row(at(float(np.exp(point))), confidence) for point in _GRID])
    fold = np.arange(len(pairs)) % FOLDS
    by_fold = [_lowest(losses[:, fold != number].sum(1)) for number in range(FOLDS)]
    crossed = Reliability(confidence)
    raw = Reliability(confidence)
    for example, prediction in pairs:
        raw.add(example, prediction)
    for number, temperature in enumerate(by_fold):
        for example, prediction in at(temperature, slice(number, None, FOLDS)):
            crossed.add(example, prediction)
    before, after = raw.compute(), crossed.compute()
    temperature = _lowest(losses.sum(1)) if after.get("nll", 0.0) < before.get("nll", 0.0) else 1.0
    return Fit(temperature, len(pairs), before, after if temperature != 1 else before)


def answers(pairs: Sequence[tuple[Any, Any]], confidence: Confidence) -> int:
    """How many answers some predictions give; of a row of classes or labels, one."""
    if confidence.shape is not Shape.answers:
        return len(pairs)
    return sum(len(confidence.names(prediction)) for _, prediction in pairs)


def losses_by_row(pairs: Sequence[tuple[Any, Any]], confidence: Confidence) -> NDArray[np.float64]:
    """[rows] the log loss of each prediction."""
    found = np.zeros(len(pairs))
    for row, (example, prediction) in enumerate(pairs):
        scores, gold = confidence.scores(prediction), confidence.gold(example, prediction)
        if confidence.shape is Shape.classes:
            found[row] = -np.log(max(_SMALLEST, float(scores[gold].sum()))) if gold.any() else 0.0
        else:
            found[row] = -np.log(np.maximum(_SMALLEST, np.where(gold, scores, 1 - scores))).sum()
    return found


def _lowest(losses: NDArray[np.float64]) -> float:
    """The temperature of the lowest loss, given the loss at each point of the grid."""
    fine = np.linspace(_GRID[0], _GRID[-1], 4001)
    curve = CubicSpline(_GRID, losses + (_GRID / _SPREAD) ** 2 / 2)(fine)
    return float(np.exp(fine[int(curve.argmin())]))
