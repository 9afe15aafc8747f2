"""The weights of a linear layer with the least loss, by L-BFGS, and losses for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEPS = 200
"""Steps of L-BFGS."""

Loss = Callable[[NDArray[np.float64], Any], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Of [rows, outputs] and their targets: the loss of each row, and [rows, outputs] its gradient."""


def squared_error(
    outputs: NDArray[np.float64], numbers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[rows, outputs] the squared errors, and half of their gradient."""
    return np.square(outputs - numbers), outputs - numbers


def cross_entropy(
    outputs: NDArray[np.float64], label: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[rows] minus the log-probability of the class of each row, and [rows, classes] its gradient."""
    rows = np.arange(len(outputs))
    shifted = outputs - outputs.max(-1, keepdims=True)
    shares = np.exp(shifted)
    total = shares.sum(-1, keepdims=True)
    shares /= total
    loss = np.log(total[:, 0]) - shifted[rows, label]
    shares[rows, label] -= 1
    return loss, shares


def binary_cross_entropy(
    outputs: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[rows, labels] minus the log-probability of having each label or not, and its gradient."""
    shares = np.exp(-np.logaddexp(0, -outputs))
    loss: NDArray[np.float64] = np.logaddexp(0, outputs) - target * outputs
    return loss, shares - target


def rotated(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A table in its principal axes, and [axes, size] these. The ridge is the same in them.

    Of fewer rows than inputs there are fewer axes; and a curvature that differs by axis is known, which saves steps.

    Args:
        table: [rows, size].
    """
    if len(table) < table.shape[1]:
        left, values, axes = np.linalg.svd(table, full_matrices=False)
        return left * values, axes
    _, vectors = np.linalg.eigh(table.T @ table)
    return table @ vectors, vectors.T


def solve(
    table: NDArray[np.float64],
    target: Any,
    weights: NDArray[np.float64],
    outputs: int,
    ridge: float,
    loss: Loss,
    begin: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """[outputs, size + 1] the weights, and last the bias, with the least loss plus half of ``ridge`` times the squared
    length of the weights.

    Args:
        table: [rows, size] scaled inputs, in their principal axes.
        target: of the rows, as ``loss`` takes it.
        weights: [rows, 1] or [rows, outputs].
        outputs: of the layer.
        ridge: at least 0.
        loss: of [rows, outputs].
        begin: [outputs, size + 1] where to begin; None: at 0.
    """
    from scipy.optimize import minimize

    size = table.shape[1]
    # In steps of this size along each axis, the curvature is about the same everywhere.
    curvature = np.square(table).sum(0) * float(weights.mean()) / max(outputs, 4)
    stride = np.append(1 / np.sqrt(curvature + ridge), 1 / np.sqrt(max(1.0, float(weights.sum())) / max(outputs, 4)))

    def problem(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        layer = flat.reshape(outputs, size + 1) * stride
        each, slope = loss(table @ layer[:, :-1].T + layer[:, -1], target)
        slope = slope * weights
        gradient = np.concatenate([slope.T @ table + ridge * layer[:, :-1], slope.sum(0)[:, None]], axis=1) * stride
        total = (each * weights).sum() if each.ndim == 2 else each @ weights[:, 0]
        return float(total + ridge / 2 * np.square(layer[:, :-1]).sum()), gradient.ravel()

    at = np.zeros((outputs, size + 1)) if begin is None else begin / stride
    options = {"maxiter": _STEPS, "ftol": 1e-7, "gtol": 1e-6}
    solved: NDArray[np.float64] = minimize(problem, at.ravel(), jac=True, method="L-BFGS-B", options=options).x
    return solved.reshape(outputs, size + 1) * stride
