"""How alike the errors of predicted numbers are, and what the mean of several models would reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import Measure, ratio
from ftk.comparing.alike.votes import Together, difference
from ftk.contracts.outcomes import Errors


def error_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> Measure:
    """Pearson's correlation of the errors of two models, the mean over targets: what CAPA is to answers.

    Models that are each off in ways of their own have 0; models that are off by the same have 1.

    Args:
        one, other: [rows, targets] their errors; NaN where there is none.
    """
    known = np.isfinite(one) & np.isfinite(other)
    columns = []
    for target in range(one.shape[1]):
        there = known[:, target]
        first, second = (_centred(errors[:, target], there) for errors in (one, other))
        columns += [first, second, first**2, second**2, first * second, there.astype(np.float64)]

    def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
        each = [_correlation(sums[..., at : at + 6]) for at in range(0, sums.shape[-1], 6)]
        return np.mean(each, axis=0)

    return Measure(np.stack(columns, axis=1), of_sums, -1.0, 1.0)


def together_in_numbers(models: Sequence[Errors]) -> Together:
    """The root mean squared error of each model, of their mean, and of the nearest of them."""
    gold = models[0].gold
    given = np.stack([model.given for model in models])
    errors = given - gold
    nearest = np.take_along_axis(errors, np.abs(errors).argmin(axis=0)[None], axis=0)[0]
    each = [_squares(one) for one in errors]
    measures = tuple(Measure(columns, _root_mean, 0.0, None) for columns in each)
    best = each[int(np.argmin([np.inf if one.value is None else one.value for one in measures]))]
    mean, closest = _squares(given.mean(axis=0) - gold), _squares(nearest)
    return Together(
        score="rmse",
        higher_is_better=False,
        each=measures,
        vote=Measure(mean, _root_mean, 0.0, None),
        vote_gain=difference(mean, best, _root_mean),
        oracle=Measure(closest, _root_mean, 0.0, None),
        oracle_gain=difference(closest, best, _root_mean),
    )


def _centred(values: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Less their mean, which leaves more digits for the spread; 0 where there is none."""
    mean = values[there].mean() if there.any() else 0.0
    return np.where(there, np.nan_to_num(values) - mean, 0.0)


def _correlation(sums: NDArray[Any]) -> NDArray[Any]:
    first, second, squares, other_squares, products, number = (sums[..., at] for at in range(6))
    together = number * products - first * second
    spread = (number * squares - first**2) * (number * other_squares - second**2)
    return ratio(together, np.sqrt(np.maximum(spread, 0)))


def _squares(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rows, 2 * targets] the squared error and 1 for each target; 0 where there is none."""
    there = np.isfinite(errors)
    pairs = np.stack([np.where(there, np.nan_to_num(errors) ** 2, 0), there], axis=2)
    return pairs.reshape(len(errors), -1)


def _root_mean(sums: NDArray[Any]) -> NDArray[Any]:
    """The root mean squared error, the mean over targets."""
    return np.mean(np.sqrt(np.maximum(ratio(sums[..., 0::2], sums[..., 1::2]), 0)), axis=-1)
