"""Fits a linear layer to fixed inputs: logistic and ridge regression, with a ridge that is chosen inside the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.models.tuning.linear_solver import Loss, binary_cross_entropy, cross_entropy, rotated, solve

RIDGES = (1.0, 0.3, 0.1, 0.03, 0.01)
"""The strengths of the ridge of a logistic regression that are tried, the strongest first."""
_RIDGES_OF_NUMBERS = tuple(np.logspace(3, -3, 25).tolist())
USUAL = 0.1
"""The ridge of a logistic regression where too few rows can be left out to choose one."""
_FACTOR, _STRONG = 10.0, 0.3
"""How much stronger a ridge is than the best one for rows that are left out, and up to which strength."""
_FOLDS = 3
_LEAST_LEFT_OUT = 20
"""Rows that must be left out to choose a ridge by them."""
_PRODUCTS = 75_000
"""Rows times outputs that a ridge is chosen by."""
_SHARES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.1, 0.03, 0.01, 0.001)
"""The shares of the weights of a fit that are tried on inputs with noise."""
_PRIOR_ROWS = 10
"""Rows at which the spread of a single input counts as much as that of all inputs together."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """A linear layer for inputs as they are.

    Attributes:
        weight: [outputs, size].
        bias: [outputs].
        ridge: the strength of its penalty, for inputs that ``Scaling`` has scaled.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    ridge: float


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Moves inputs to a mean of 0, and scales them to a mean squared length of 1, so that one ridge fits all encoders.

    The spread of an input is estimated together with that of the others: two rows say little about each. Dropout makes
    noise in proportion to an input's square, and counts as spread: an input that is far from 0 and hardly differs
    between rows is of no use in training (Wager, Wang and Liang 2013, "Dropout Training as Adaptive Regularization").
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, states: NDArray[Any], weights: NDArray[np.float64], dropout: float = 0.0) -> Scaling:
        """The scaling of [rows, size] inputs that count ``weights``: [rows], and will be dropped at a rate."""
        total = weights.sum()
        mean = weights @ states / total
        spread = weights @ np.square(states - mean) / total
        noise = dropout / (1 - dropout) * (np.square(mean) + spread)
        shrunken = (total * spread + _PRIOR_ROWS * spread.mean()) / (total + _PRIOR_ROWS) + noise
        alive = spread > 1e-12 * max(float(spread.max()), 1e-30)
        scale = np.where(alive, 1 / np.sqrt(np.where(alive, shrunken, 1) * len(spread)), 0)
        length = float(np.sqrt(((spread + noise) * np.square(scale)).sum()))
        return cls(mean, scale / length if length > 0 else scale)

    def __call__(self, states: NDArray[Any]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = (states - self.mean) * self.scale
        return found

    def folded(self, weight: NDArray[np.float64], bias: NDArray[np.float64], ridge: float) -> LinearFit:
        """The layer for inputs as they are."""
        own = weight * self.scale
        return LinearFit(own, bias - own @ self.mean, ridge)


def fit_classes(
    states: NDArray[Any],
    label: NDArray[np.int64],
    outputs: int,
    *,
    weights: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    kept: NDArray[np.bool_] | None = None,
    dropout: float = 0.0,
    ridge: float | None = None,
) -> LinearFit:
    """A multinomial logistic regression. A class without rows is less likely than all others for any input.

    Args:
        states: [rows, size].
        label: [rows] the number of the class.
        outputs: the number of classes.
        weights: [rows] how much each row counts; None: 1.
        groups: [rows] rows of one group are left out together; None: each row is a group.
        kept: [rows] rows that are never left out; None: none.
        dropout: the rate at which inputs will be dropped in training.
        ridge: the strength of the penalty on the weights; None chooses it by the loss of rows that are left out, and
            takes a stronger one: the best one leaves training rows almost without loss, and an encoder that is trained
            on them next would learn little.
    """
    weights = np.ones(len(states)) if weights is None else weights
    scaling = Scaling.of(states, weights, dropout)
    table, axes = rotated(scaling(states))
    present, own = np.unique(label, return_inverse=True)
    weight, bias = np.zeros((outputs, states.shape[1])), np.full(outputs, -math.log(2 * len(label)))
    if len(present) == 1:
        bias[present] = 0
        return scaling.folded(weight, bias, USUAL)
    if ridge is None:
        folds = _folds_of_classes(own, groups, kept)
        ridge = _chosen(table, own, weights[:, None], folds, len(present), cross_entropy)
    solved = solve(table, own, weights[:, None], len(present), ridge, cross_entropy)
    weight[present] = solved[:, :-1] @ axes
    bias += solved[:, -1].min()
    bias[present] = solved[:, -1]
    return scaling.folded(weight, bias, ridge)


def fit_presence(
    states: NDArray[Any],
    present: NDArray[np.bool_],
    *,
    weights: NDArray[np.float64] | None = None,
    kept: NDArray[np.bool_] | None = None,
    dropout: float = 0.0,
    ridge: float | None = None,
) -> LinearFit:
    """A logistic regression for each label, with one ridge. A label of all rows, or of none, has the odds of its rows.

    Args:
        states: [rows, size].
        present: [rows, labels].
        weights: [rows] or [rows, labels]; None: 1.
        kept, dropout: as in ``fit_classes``.
        ridge: as in ``fit_classes``.
    """
    rows, labels = present.shape
    table_weights = np.ones((rows, 1)) if weights is None else weights.reshape(rows, -1)
    scaling = Scaling.of(states, table_weights.mean(1), dropout)
    table, axes = rotated(scaling(states))
    counts = present.sum(0)
    varies = (counts > 0) & (counts < rows)
    weight, bias = np.zeros((labels, states.shape[1])), np.log((counts + 0.5) / (rows - counts + 0.5))
    if not varies.any():
        return scaling.folded(weight, bias, USUAL)
    target = present[:, varies].astype(np.float64)
    each = table_weights if table_weights.shape[1] == 1 else table_weights[:, varies]
    begin = np.concatenate([np.zeros((int(varies.sum()), table.shape[1])), bias[varies, None]], axis=1)
    if ridge is None:
        folds = np.arange(rows) % _FOLDS
        folds = folds if kept is None else np.where(kept, -1, folds)
        ridge = _chosen(table, target, each, folds, target.shape[1], binary_cross_entropy, begin)
    solved = solve(table, target, each, target.shape[1], ridge, binary_cross_entropy, begin)
    weight[varies], bias[varies] = solved[:, :-1] @ axes, solved[:, -1]
    return scaling.folded(weight, bias, ridge)


def fit_numbers(
    states: NDArray[Any],
    numbers: NDArray[Any],
    *,
    weights: NDArray[np.float64] | None = None,
    dropout: float = 0.0,
    ridge: float | None = None,
) -> LinearFit:
    """A ridge regression in closed form.

    Args:
        states: [rows, size].
        numbers: [rows, outputs].
        weights: [rows]; None: 1.
        dropout: as in ``fit_classes``.
        ridge: the strength of the penalty on the weights; None chooses the one with the least squared error of rows
            that are left out one by one, which is known in closed form (Allen 1974, "The Relationship between Variable
            Selection and Data Augmentation and a Method for Prediction").
    """
    weights = np.ones(len(states)) if weights is None else weights
    scaling = Scaling.of(states, weights, dropout)
    root = np.sqrt(weights)[:, None]
    middle = weights @ numbers / weights.sum()
    table, target = scaling(states) * root, (numbers - middle) * root
    left, values, right = np.linalg.svd(table, full_matrices=False)
    along = left.T @ target

    def left_out(strength: float) -> float:
        share = np.square(values) / (np.square(values) + strength)
        own = weights / weights.sum() + np.square(left) @ share
        error = (target - left @ (share[:, None] * along)) / np.clip(1 - own, 1e-9, None)[:, None]
        return float(np.square(error).sum())

    if ridge is None:
        ridge = min(_RIDGES_OF_NUMBERS, key=left_out)
    weight = (right.T @ ((values / (np.square(values) + ridge))[:, None] * along)).T
    return scaling.folded(weight, middle, ridge)


def damped(fit: LinearFit, mean: NDArray[Any], states: NDArray[Any], target: Any, loss: Loss) -> LinearFit:
    """The layer whose weights are as large as suits some inputs with noise in them: as they are, or smaller.

    Args:
        fit: to inputs without noise.
        mean: [size] of these inputs; what the layer makes of it stays.
        states: [rows, size] with noise.
        target: of the rows, as ``loss`` takes it.
        loss: of [rows, outputs].
    """
    middle = mean @ fit.weight.T + fit.bias
    moved = (states - mean) @ fit.weight.T
    share = min(_SHARES, key=lambda share: float(np.asarray(loss(share * moved + middle, target)[0]).sum()))
    weight = share * fit.weight
    return LinearFit(weight, middle - mean @ weight.T, fit.ridge)


def _chosen(
    table: NDArray[np.float64],
    target: Any,
    weights: NDArray[np.float64],
    folds: NDArray[np.int64],
    outputs: int,
    loss: Loss,
    begin: NDArray[np.float64] | None = None,
) -> float:
    """The ridge with the least loss of rows that are left out, tried from the strongest on until the loss rises."""
    most = max(1000, _PRODUCTS // outputs)
    if len(table) > most:
        some = np.unique(np.linspace(0, len(table) - 1, most).astype(np.int64))
        table, target, weights, folds = table[some], target[some], weights[some], folds[some]
    if (folds >= 0).sum() < _LEAST_LEFT_OUT:
        return USUAL
    best, least = USUAL, math.inf
    at: list[NDArray[np.float64] | None] = [begin] * _FOLDS
    for ridge in RIDGES:
        total = 0.0
        for fold in range(_FOLDS):
            out = folds == fold
            found = solve(table[~out], target[~out], weights[~out], outputs, ridge, loss, at[fold])
            at[fold] = found
            each, _ = loss(table[out] @ found[:, :-1].T + found[:, -1], target[out])
            total += float((each * weights[out]).sum() if each.ndim == 2 else each @ weights[out, 0])
        if total >= least:
            break
        best, least = ridge, total
    return max(best, min(_FACTOR * best, _STRONG))


def _folds_of_classes(
    label: NDArray[np.int64], groups: NDArray[np.int64] | None, kept: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """[rows] the fold in which each row is left out, with some rows of each class in each; -1: never.

    The only row of a class is never left out, unless a kept row has its class, too.
    """
    if groups is not None:
        _, number = np.unique(groups, return_inverse=True)
        found: NDArray[np.int64] = number % _FOLDS
        return found
    kept = np.zeros(len(label), dtype=bool) if kept is None else kept
    folds = np.full(len(label), -1, dtype=np.int64)
    counts = np.bincount(label)
    for one in np.unique(label):
        rows = np.flatnonzero((label == one) & ~kept)
        if counts[one] > 1:
            folds[rows] = (np.arange(len(rows)) + one) % _FOLDS
    return folds
