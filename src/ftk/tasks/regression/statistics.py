"""What the scores of predicted numbers are made of, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics
from ftk.errors import DataError
from ftk.tasks.shared.statistics.row_values import by_name, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def number_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``rmse``, ``mae``, ``pearson``, ``spearman`` and ``r2``; of several targets the means, as ``NumberMetric`` has.

    The rank correlation of some rows depends on the ranks among them, so it does not add up. What is given for
    ``spearman`` is its linear part: the mean of a number of each row whose mean over all rows is the correlation, and
    whose spread is that of the correlation (its influence function: Croux and Dehon 2010). Intervals and comparisons of
    these rows are right with it; the score of a part of the rows is not, so make the statistics of its records.
    """
    _check_names(records)
    gold, found = _table(records, "gold_value"), _table(records, "value")
    if gold.shape != found.shape:
        raise DataError(f"there are {gold.shape[1]} gold numbers a row and {found.shape[1]} predicted ones.")
    # Sums of squares keep their digits if the numbers are near 0.
    middle, spread = gold.mean(0), gold.std(0) + (gold.std(0) == 0)
    x, y = (gold - middle) / spread, (found - middle) / spread
    error = found - gold
    moments = [x, y, x * x, y * y, x * y, error * error, np.abs(error)]
    values = np.concatenate([np.ones((len(gold), 1)), *moments], axis=1)
    targets = gold.shape[1]

    def of(score: str, function: Callable[..., NDArray[Any]], least: float | None, most: float | None) -> RowStatistics:
        lower = score in ("rmse", "mae")
        return RowStatistics(score, not lower, values, lambda sums: function(*_means(sums, targets)), most, least)

    scores = [
        of("rmse", _rmse, 0.0, None),
        of("mae", _mae, 0.0, None),
        of("pearson", _pearson, -1.0, 1.0),
        of("r2", _r2, None, 1.0),
    ]
    return by_name([*scores, _spearman(gold, found)])


def _check_names(records: Records) -> None:
    """Refuse predictions of other targets than the gold numbers are of; of records that have names for them."""
    gold, found = ((records[0] if records else {}).get(key) for key in ("gold_values", "values"))
    if isinstance(gold, Mapping) and isinstance(found, Mapping) and gold.keys() != found.keys():
        raise DataError(f"the gold numbers are of {', '.join(gold)}, and the predicted ones of {', '.join(found)}.")


def _table(records: Records, name: str) -> NDArray[np.float64]:
    """[rows, targets] numbers: a number each, or ``<name>s``, an object with one for each target."""
    several = f"{name}s"
    if records and name not in records[0] and several in records[0]:
        rows: list[Any] = values_of(records, several)
        names = sorted(rows[0]) if isinstance(rows[0], Mapping) else []
        try:
            return np.array([[float(row[key]) for key in names] for row in rows])
        except (TypeError, KeyError, ValueError):
            raise DataError(f"'{several}' must have one number for each of {', '.join(names)}.") from None
    values = values_of(records, name)
    for line, value in enumerate(values, 1):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            raise DataError(f"line {line}: '{name}' must be a number; it is {value!r}.")
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def _means(sums: NDArray[Any], targets: int) -> list[NDArray[Any]]:
    """Seven arrays [..., targets] of means of moments."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[..., 1:] / sums[..., :1]
    return [means[..., at * targets : (at + 1) * targets] for at in range(7)]


def _rmse(*means: NDArray[Any]) -> NDArray[Any]:
    return np.sqrt(np.maximum(means[5], 0)).mean(-1)


def _mae(*means: NDArray[Any]) -> NDArray[Any]:
    return means[6].mean(-1)


def _pearson(*means: NDArray[Any]) -> NDArray[Any]:
    x, y, xx, yy, xy = means[:5]
    both = (xx - x * x) * (yy - y * y)
    found = np.divide(xy - x * y, np.sqrt(np.abs(both)), out=np.full(both.shape, np.nan), where=both > 1e-24)
    return found.mean(-1)


def _r2(*means: NDArray[Any]) -> NDArray[Any]:
    x, _, xx, yy, xy = means[:5]
    spread = xx - x * x
    error = xx - 2 * xy + yy  # of standardised numbers
    return (1 - np.divide(error, spread, out=np.full(error.shape, np.nan), where=spread > 1e-24)).mean(-1)


def _spearman(gold: NDArray[np.float64], found: NDArray[np.float64]) -> RowStatistics:
    parts = [_spearman_parts(gold[:, at], found[:, at]) for at in range(gold.shape[1])]
    each = np.mean(parts, axis=0)
    values = np.stack([each, np.ones(len(each))], axis=-1)
    return RowStatistics("spearman", True, values, _mean_where_counted, 1.0, -1.0)


def _mean_where_counted(sums: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _spearman_parts(gold: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rows] numbers with the rank correlation as their mean, and its influence function as their deviation."""
    from scipy.stats import rankdata

    rows = len(gold)
    u, v = (rankdata(numbers) / rows for numbers in (gold, found))
    if rows < 2 or np.ptp(u) == 0 or np.ptp(v) == 0:
        return np.full(rows, np.nan)
    du, dv = u - u.mean(), v - v.mean()
    su, sv = du.std(), dv.std()
    rho = float((du * dv).mean() / (su * sv))
    # A row also moves the ranks of the others: by how much they weigh in the product and in the two spreads.
    product = du * dv + _moved(gold, dv) + _moved(found, du)
    squares = [d * d + 2 * _moved(numbers, d) for numbers, d in ((gold, du), (found, dv))]
    influence = (product - product.mean()) / (su * sv)
    for square, spread in zip(squares, (su, sv), strict=True):
        influence -= rho / 2 * (square - square.mean()) / spread**2
    return rho + influence


def _moved(numbers: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rows] the mean weight of the rows with a number above that of each row; of rows with the same number, half."""
    order = np.argsort(numbers, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    ordered = numbers[order]
    below = total[np.searchsorted(ordered, numbers, side="left")]
    upto = total[np.searchsorted(ordered, numbers, side="right")]
    return np.asarray((total[-1] - (below + upto) / 2) / len(numbers))
