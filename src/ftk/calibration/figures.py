"""How well probabilities say how often a model is right: calibration error, Brier score, log loss, reliability."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ftk.contracts.confidence import Confidence, Shape

BINS = 15
_HALVINGS = 40
_SMALLEST = 1e-12
"""Lower probabilities of what is right count as this one in the log loss."""


def bins_of(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """Mean probability, share that is right, and number of answers of up to ``BINS`` groups of equal size.

    Few answers make fewer bins: with 15, what 1,000 answers show is mostly chance. The bins are of equal size, because
    most answers of a good model have a probability near 1.
    """
    number = max(1, min(BINS, int(np.sqrt(len(confidence)) / 3)))
    parts = np.array_split(np.argsort(confidence, kind="stable"), number) if len(confidence) else []
    return [(float(confidence[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_errors(bins: list[tuple[float, float, int]]) -> tuple[float, float]:
    """The expected calibration error: the mean distance between probability and share that is right.

    Args:
        bins: from ``bins_of``.

    Returns:
        Without the part that is chance, and with it. The plain error is above 0 even for perfect probabilities, because
        a bin has few answers (Kumar et al. 2019, "Verified Uncertainty Calibration"). The error without that is the
        distance at which bins with so few answers show the plain error on average: 0 if perfect ones show as much.
    """
    if not bins:
        return 0.0, 0.0
    confidence, right, number = (np.array(column, dtype=np.float64) for column in zip(*bins, strict=True))
    share, spread = number / number.sum(), np.sqrt(right * (1 - right) / number)
    plain = float(np.dot(share, np.abs(right - confidence)))
    low, high = 0.0, plain
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.dot(share, _shown(middle, spread)) < plain else (low, middle)
    return low, plain


def _shown(distance: float, spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean distance that bins show whose true one is this: the mean of a folded normal distribution.

    Args:
        distance: the true one.
        spread: [bins] the standard deviation of the share that is right.
    """
    ratio = np.minimum(distance / np.maximum(spread, 1e-9), 40.0)  # further out, a normal distribution ends
    return spread * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + distance * (1 - 2 * ndtr(-ratio))


class Reliability:
    """Collects how sure a model was of its answers, and which were right.

    A row of classes gives one answer, the label that was decided on; a row with several labels one for each label, the
    probability that it has it; a row of entities or tags one for each.

    Args:
        confidence: of the task.
    """

    def __init__(self, confidence: Confidence) -> None:
        self._confidence = confidence
        self._sure: list[NDArray[np.float64]] = []
        self._right: list[NDArray[np.bool_]] = []
        self._brier = 0.0
        self._loss = 0.0
        self._known = 0
        """What the loss is the mean of; a row whose label the model does not know has none, as in training."""
        self._names: list[str] = []

    def add(self, example: Any, prediction: Any) -> None:
        """Count one labelled row."""
        scores, gold = self._confidence.scores(prediction), self._confidence.gold(example, prediction)
        self._brier += float(np.square(scores - gold).sum())
        if self._confidence.shape is Shape.classes:
            best = self._confidence.decision(prediction)
            assert isinstance(best, int)
            if gold.any():
                self._loss -= float(np.log(max(_SMALLEST, float(scores[gold].sum()))))
                self._known += 1
            scores, gold = scores[best : best + 1], gold[best : best + 1]
        else:
            self._loss -= float(np.log(np.maximum(_SMALLEST, np.where(gold, scores, 1 - scores))).sum())
            self._known += len(scores)
        if self._confidence.shape is Shape.answers:
            self._names += self._confidence.names(prediction)
        self._sure.append(scores)
        self._right.append(gold)

    def compute(self) -> dict[str, Any]:
        """``ece`` without the bias of few answers, ``ece_plain``, ``brier``, ``nll``, ``answers`` (their number),
        ``confidence`` and ``accuracy`` (means), ``bins`` (probability, share right, number), and for entities and tags
        ``per_label``. Only ``answers`` if there are none. A row of classes whose label the model does not know is a
        wrong answer, and has no part in ``nll``."""
        if not any(map(len, self._sure)):
            return {"answers": 0}
        sure, right = np.concatenate(self._sure), np.concatenate(self._right)
        found = {**_figures(sure, right), "brier": self._brier / len(sure)}
        if self._known:
            found["nll"] = self._loss / self._known
        if self._names:
            names = np.array(self._names)
            found["per_label"] = {
                str(name): _figures(sure[names == name], right[names == name], bins=False) for name in np.unique(names)
            }
        return found


def _figures(sure: NDArray[np.float64], right: NDArray[np.bool_], *, bins: bool = True) -> dict[str, Any]:
    grouped = bins_of(sure, right)
    error, plain = calibration_errors(grouped)
    found: dict[str, Any] = {
        "ece": error,
        "ece_plain": plain,
        "answers": len(sure),
        "confidence": float(sure.mean()),
        "accuracy": float(right.mean()),
    }
    return {**found, "bins": [list(one) for one in grouped]} if bins else found
