"""Functions from the scores of a model to those that are written, where its logits stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, logit, softmax

from ftk.contracts.confidence import Confidence, Shape
from ftk.errors import ModelError

TEMPERATURE, VECTOR, ISOTONIC = "temperature", "vector", "isotonic"
_SMALLEST = 1e-12
_RIDGE = 1.0
"""How strongly a scale is drawn to 1 and a bias to 0, in rows: what few rows say of a label counts little."""


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """Calibrates scores.

    ``temperature`` divides all logits by one number. ``vector`` gives the logits of each label a scale and a bias (Guo
    et al. 2017); for entities and tags these are of the logit of an answer, by its type. ``isotonic`` is one monotone
    function for the probabilities of all labels, which are normalised where they are those of classes (Zhang et al.
    2020, "Mix-n-Match").

    Attributes:
        shape: of the probabilities.
        method: one of the three.
        names: of the labels or types that ``vector`` knows.
        one: the scale of each name; for ``temperature`` one scale, 1 / T; for ``isotonic`` scores, ascending.
        other: the bias of each name; for ``temperature`` 0; for ``isotonic`` the calibrated score of each.
    """

    shape: Shape
    method: str
    names: tuple[str, ...]
    one: NDArray[np.float64]
    other: NDArray[np.float64]

    def __call__(self, names: Sequence[str], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """[probabilities] calibrated.

        Args:
            names: the label or type of each.
            scores: of the model.
        """
        if self.method == ISOTONIC:
            found = np.interp(scores, self.one, self.other)
            total = float(found.sum())
            return found / total if self.shape is Shape.classes and total > 0 else found
        scale: Any = self.one[0]
        bias: Any = self.other[0]
        if self.method == VECTOR and tuple(names) == self.names:
            scale, bias = self.one, self.other
        elif self.method == VECTOR:  # answers: any number of each type
            known = {name: at for at, name in enumerate(self.names)}
            at = np.array([known.get(name, -1) for name in names], dtype=np.int64)
            scale, bias = np.append(self.one, 1.0)[at], np.append(self.other, 0.0)[at]
        values: NDArray[np.float64] = _logits(scores, self.shape) * scale + bias
        calibrated: NDArray[np.float64] = softmax(values) if self.shape is Shape.classes else expit(values)
        return calibrated

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """For a file of safetensors."""
        return {"map.one": self.one, "map.other": self.other}

    @classmethod
    def of(
        cls, shape: Shape, method: str, names: Sequence[str], arrays: Mapping[str, NDArray[np.float64]], where: str
    ) -> ScoreMap:
        """The map that ``arrays`` were written from.

        Raises:
            ModelError: they are not what ftk writes.
        """
        try:
            one, other = arrays["map.one"], arrays["map.other"]
            wanted = len(one) if method == ISOTONIC else len(names) if method == VECTOR else 1
            if not (one.ndim == other.ndim == 1 and len(one) == len(other) == wanted >= 1):
                raise ValueError(f"arrays of {one.shape} and {other.shape}")
        except (KeyError, ValueError) as error:
            raise ModelError(f"{where}: the calibration of its scores is not what ftk writes ({error}).") from error
        return cls(shape, method, tuple(names), one, other)


@dataclass(frozen=True, slots=True)
class Rescored:
    """Gives predictions calibrated scores; their decisions stay.

    Attributes:
        confidence: of the task.
        calibrated: the map.
    """

    confidence: Confidence
    calibrated: ScoreMap

    def __call__(self, prediction: Any) -> Any:
        scores = self.confidence.scores(prediction)
        if not len(scores):
            return prediction
        return self.confidence.rescored(prediction, self.calibrated(self.confidence.names(prediction), scores))


Pairs = Sequence[tuple[Any, Any]]
FitMap = Callable[[Pairs, Confidence], ScoreMap]


def by_temperature(temperature: float, shape: Shape) -> ScoreMap:
    """The map that does to scores what a folded temperature does to logits; for answers, to the logit of each."""
    return ScoreMap(shape, TEMPERATURE, (), np.array([1 / temperature]), np.zeros(1))


def fit_isotonic(pairs: Pairs, confidence: Confidence) -> ScoreMap:
    """The monotone function of the least squared error, by scikit-learn.

    Args:
        pairs: examples with their predictions.
        confidence: of the task.
    """
    from sklearn.isotonic import IsotonicRegression

    scores = np.concatenate([confidence.scores(prediction) for _, prediction in pairs])
    gold = np.concatenate([confidence.gold(example, prediction) for example, prediction in pairs])
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, gold.astype(np.float64))
    one, other = (np.asarray(values, dtype=np.float64) for values in (fitted.X_thresholds_, fitted.y_thresholds_))
    return ScoreMap(confidence.shape, ISOTONIC, (), one, other)


def fit_vector(pairs: Pairs, confidence: Confidence) -> ScoreMap:
    """Scale and bias of each label, or of each type of answer, with the lowest log loss."""
    from scipy.optimize import minimize

    found = [(confidence.names(one), confidence.scores(one), confidence.gold(example, one)) for example, one in pairs]
    if confidence.shape is Shape.answers:
        names = tuple(sorted({name for row, _, _ in found for name in row}))
        known = {name: at for at, name in enumerate(names)}
        label = np.array([known[name] for row, _, _ in found for name in row], dtype=np.int64)
        scores = np.concatenate([row for _, row, _ in found])
        gold = np.concatenate([row for _, _, row in found])
    else:
        names = tuple(found[0][0])
        label = np.arange(len(names))
        scores, gold = np.stack([row for _, row, _ in found]), np.stack([row for _, _, row in found])
    problem = _Problem(_logits(scores, confidence.shape), gold.astype(np.float64), label, len(names), confidence.shape)
    begin = np.concatenate([np.ones(len(names)), np.zeros(len(names))])
    solved = minimize(problem, begin, jac=True, method="L-BFGS-B").x
    return ScoreMap(confidence.shape, VECTOR, names, solved[: len(names)], solved[len(names) :])


@dataclass(frozen=True, slots=True)
class _Problem:
    """The log loss of scales and biases, and its gradient.

    Attributes:
        values: logits of the scores, [rows, labels], or [answers].
        gold: of the same shape, 1 for what is right.
        label: the number of the label of each column, or of each answer.
        labels: how many there are.
        shape: of the probabilities.
    """

    values: NDArray[np.float64]
    gold: NDArray[np.float64]
    label: NDArray[np.int64]
    labels: int
    shape: Shape

    def __call__(self, parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scale, bias = parameters[: self.labels], parameters[self.labels :]
        values = self.values * scale[self.label] + bias[self.label]
        if self.shape is Shape.classes:
            known = self.gold.sum(-1, keepdims=True)  # a class that the model does not know teaches nothing
            loss = -(self.gold * log_softmax(values, axis=-1)).sum()
            slope = known * softmax(values, axis=-1) - self.gold
        else:
            loss = np.logaddexp(0, np.where(self.gold > 0, -values, values)).sum()
            slope = expit(values) - self.gold
        loss += _RIDGE / 2 * (np.square(scale - 1).sum() + np.square(bias).sum())
        of_scale = self._by_label(slope * self.values) + _RIDGE * (scale - 1)
        return float(loss), np.concatenate([of_scale, self._by_label(slope) + _RIDGE * bias])

    def _by_label(self, slopes: NDArray[np.float64]) -> NDArray[np.float64]:
        if slopes.ndim == 2:
            return slopes.sum(0)
        summed: NDArray[np.float64] = np.bincount(self.label, slopes, minlength=self.labels).astype(np.float64)
        return summed


def _logits(scores: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    if shape is Shape.classes:
        return np.log(np.maximum(scores, _SMALLEST))
    found: NDArray[np.float64] = logit(np.clip(scores, _SMALLEST, 1 - _SMALLEST))
    return found
