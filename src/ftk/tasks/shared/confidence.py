"""The probabilities of tasks that give each row one label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.confidence import Shape
from ftk.contracts.values import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClassConfidence:
    """The probabilities of the labels of a row, as ``ftk.contracts.confidence.Confidence``; examples have a target."""

    shape = Shape.classes

    def names(self, prediction: Scores) -> Sequence[str]:
        return prediction.names

    def scores(self, prediction: Scores) -> NDArray[np.float64]:
        return prediction.values.astype(np.float64)

    def gold(self, example: Any, prediction: Scores) -> NDArray[np.bool_]:
        right = np.zeros(len(prediction.names), dtype=bool)
        if example.target in prediction.names:
            right[prediction.names.index(example.target)] = True
        return right

    def decision(self, prediction: Scores) -> int:
        return prediction.best

    def rescored(self, prediction: Scores, scores: NDArray[np.float64]) -> Scores:
        return replace(prediction, values=scores.astype(np.float32), decided=prediction.deciding)

    def moved(self, task: Any, temperature: float, before: Sequence[Any], after: Sequence[Any]) -> Any:
        """The task itself: the likeliest label stays the likeliest."""
        return task


CLASSES = ClassConfidence()
