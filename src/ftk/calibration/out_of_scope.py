"""How foreign a row is to what a model has learned, whatever label it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ftk.contracts.values import Batch
from ftk.errors import ModelError

ENERGY, MAHALANOBIS = "energy", "mahalanobis"
PASSING = 0.95
"""The share of validation rows that are in scope."""
_SHRINKAGE = 1e-3


class States:
    """Collects the input of the last layer, [windows, size], for each batch of a model."""

    def __init__(self, model: nn.Module) -> None:
        self._handles = [layer.register_forward_pre_hook(self._take) for layer in _last_layers(model)]
        self._taken: list[Tensor] = []

    def _take(self, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._taken.append(inputs[0].detach())

    def of_batch(self) -> NDArray[np.float64]:
        """Those since the last call."""
        taken, self._taken = self._taken, []
        return torch.cat([state.float() for state in taken], -1).cpu().numpy().astype(np.float64)

    def close(self) -> None:
        """Look no longer."""
        for handle in self._handles:
            handle.remove()


def has_states(model: nn.Module) -> bool:
    """Whether a model has a last layer whose inputs ``States`` collects."""
    return next(_last_layers(model), None) is not None


@contextmanager
def states_of(model: nn.Module) -> Iterator[States]:
    """A block in which the states of a model are collected."""
    states = States(model)
    try:
        yield states
    finally:
        states.close()


def _last_layers(model: nn.Module) -> Iterator[nn.Module]:
    """The linear layers with an output for each label, outside of the encoder, fast or not."""
    encoder = getattr(model, getattr(model, "base_model_prefix", "") or "", None)
    inside = set() if encoder is None or encoder is model else set(encoder.modules())
    outputs = getattr(getattr(model, "config", None), "num_labels", None)
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.out_features == outputs and module not in inside:
            yield module


def energy(logits: Tensor) -> NDArray[np.float64]:
    """[windows] the energy of logits: high where no label has a high one (Liu et al. 2020, "Energy-based
    Out-of-distribution Detection")."""
    found: NDArray[np.float64] = -torch.logsumexp(logits.double(), -1).cpu().numpy()
    return found


def fit_states(states: NDArray[np.float64], label: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """The means of the states of each class, and the inverse of the covariance that they share (Lee et al. 2018, "A
    Simple Unified Framework for Detecting Out-of-Distribution Samples").

    Args:
        states: [windows, size] of training rows.
        label: [windows] the class of each.
    """
    classes = np.unique(label)
    means = np.stack([states[label == one].mean(0) for one in classes])
    centred = states - means[np.searchsorted(classes, label)]
    covariance = centred.T @ centred / len(states)
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return {"scope.means": means, "scope.precision": np.linalg.pinv(covariance, hermitian=True)}


def distances(states: NDArray[np.float64], arrays: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """[windows] the squared Mahalanobis distance from the nearest class.

    Args:
        states: [windows, size].
        arrays: from ``fit_states``.

    Raises:
        ModelError: they are of another model.
    """
    means, precision = arrays["scope.means"], arrays["scope.precision"]
    if precision.shape != (states.shape[1],) * 2 or means.shape[1:] != states.shape[1:]:
        raise ModelError("the states that calibration.safetensors keeps are those of another model.")
    rotated, centres = states @ precision, means @ precision
    square = (rotated * states).sum(1)[:, None] - 2 * rotated @ means.T + (centres * means).sum(1)
    found: NDArray[np.float64] = square.min(1)
    return found


class Scope:
    """Scores how foreign each row is.

    Args:
        method: ``energy`` or ``mahalanobis``.
        model: is watched until ``close``, for ``mahalanobis``.
        arrays: from ``fit_states``, for ``mahalanobis``.
    """

    def __init__(self, method: str, model: nn.Module, arrays: Mapping[str, NDArray[np.float64]]) -> None:
        self._method = method
        self._arrays = arrays
        self._states = States(model) if method == MAHALANOBIS else None
        self._by_window: dict[int, float] = {}

    def seen(self, outputs: Tensor, batch: Batch) -> None:
        """Score the windows of a batch."""
        found = energy(outputs) if self._states is None else distances(self._states.of_batch(), self._arrays)
        self._by_window.update(zip(batch.windows, found.tolist(), strict=True))

    def of(self, windows: Sequence[int]) -> float:
        """The mean over the windows of a row, which are then forgotten."""
        return float(np.mean([self._by_window.pop(window) for window in windows]))

    def close(self) -> None:
        """Look no longer."""
        if self._states is not None:
            self._states.close()


def limit_of(scores: Sequence[float]) -> float:
    """The score up to which a row is in scope: 95 % of validation rows are."""
    return float(np.quantile(np.array(scores), PASSING, method="higher"))
