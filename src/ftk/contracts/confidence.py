"""How sure a model is of what it predicts: what calibration needs to know of a task."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ftk.contracts.values import Batch


class Shape(Enum):
    """What the probabilities of a prediction are over."""

    classes = "classes"
    """Exactly one label of a row is right; the probabilities sum to 1."""
    labels = "labels"
    """The labels of a row, each of which is right or not."""
    answers = "answers"
    """The answers that a model gave, such as entities: how likely each is right."""


class Confidence(Protocol):
    """The probabilities in the predictions of a task, and how they are replaced without changing a decision."""

    @property
    def shape(self) -> Shape:
        """What the probabilities are over."""
        ...

    def names(self, prediction: Any) -> Sequence[str]:
        """[probabilities] the label of each, or for answers the type."""
        ...

    def scores(self, prediction: Any) -> NDArray[np.float64]:
        """[probabilities] as the record has them, before they are rounded."""
        ...

    def gold(self, example: Any, prediction: Any) -> NDArray[np.bool_]:
        """[probabilities] which labels are right, or for answers which of them. A class that the model does not know
        is none of them."""
        ...

    def decision(self, prediction: Any) -> Hashable:
        """What the model decided; for classes the number of the label."""
        ...

    def rescored(self, prediction: Any, scores: NDArray[np.float64]) -> Any:
        """The prediction with other probabilities and the same decision."""
        ...

    def moved(self, task: Any, temperature: float, before: Sequence[Any], after: Sequence[Any]) -> Any:
        """The task with its thresholds moved to where its logits are, once they are divided by a temperature.

        Args:
            task: of the model.
            temperature: that divides its logits.
            before, after: the predictions for some rows, without it and with it.
        """
        ...


class BesideRows(Protocol):
    """Looks at what a model computes of rows, and adds to their records."""

    def seen(self, outputs: Any, batch: Batch) -> None:
        """Look at the outputs of ``Task.forward`` for a batch."""
        ...

    def row(self, number: int, features: Any, example: Any, prediction: Any) -> dict[str, Any]:
        """What the record of a row has in addition; rows come in order, after the batches of their windows.

        Args:
            number: of the row in the features.
            features: of all rows.
            example: the row.
            prediction: for it.
        """
        ...

    def figures(self) -> dict[str, Any]:
        """What there is to say of all rows so far, for ``metrics.json``."""
        ...
