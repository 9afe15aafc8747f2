"""The probability of each label of a row, and the thresholds that move with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.confidence import Shape
from ftk.contracts.values import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelConfidence:
    """The probabilities of the labels of a row, as ``ftk.contracts.confidence.Confidence``.

    Attributes:
        threshold_of: the threshold of a label.
    """

    threshold_of: Callable[[str], float]
    shape = Shape.labels

    def names(self, prediction: Scores) -> Sequence[str]:
        return prediction.names

    def scores(self, prediction: Scores) -> NDArray[np.float64]:
        return prediction.values.astype(np.float64)

    def gold(self, example: Any, prediction: Scores) -> NDArray[np.bool_]:
        gold = set(example.target)
        return np.array([name in gold for name in prediction.names], dtype=bool)

    def decision(self, prediction: Scores) -> bytes:
        return self._given(prediction, self._cuts(prediction.names)).tobytes()

    def rescored(self, prediction: Scores, scores: NDArray[np.float64]) -> Scores:
        return replace(prediction, values=scores.astype(np.float32), decided=prediction.deciding)

    def moved(self, task: Any, temperature: float, before: Sequence[Scores], after: Sequence[Scores]) -> Any:
        """The task with the thresholds where the same rows have the same labels.

        A threshold moves as a probability does. Where rounding puts it on the wrong side of a row, it goes half-way
        between the rows on both sides.
        """
        from scipy.special import expit, logit

        if task.threshold != "tuned":
            return replace(task, threshold=float(expit(logit(float(task.threshold)) / temperature)))
        if not isinstance(task.thresholds, Mapping) or not before:
            return task
        names = before[0].names
        old = self._cuts(names)
        given = np.stack([self._given(one, old) for one in before])
        scores = np.stack([one.values.astype(np.float64) for one in after])
        moved = {}
        for label, name in enumerate(names):
            if name not in task.thresholds:
                continue
            cut = float(expit(logit(old[label]) / temperature))
            low = scores[~given[:, label], label].max(initial=0.0)
            high = scores[given[:, label], label].min(initial=1.0)
            moved[name] = float((low + high) / 2) if low < high and not low < cut <= high else cut
        return replace(task, thresholds={**task.thresholds, **moved})

    def _cuts(self, names: Sequence[str]) -> NDArray[np.float64]:
        return np.array([self.threshold_of(name) for name in names], dtype=np.float64)

    @staticmethod
    def _given(prediction: Scores, cuts: NDArray[np.float64]) -> NDArray[np.bool_]:
        given: NDArray[np.bool_] = prediction.deciding.astype(np.float64) >= cuts
        return given
