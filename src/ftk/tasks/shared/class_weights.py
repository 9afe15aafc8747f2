"""How much each class counts in the loss of a classifier, and how often rows are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.config.spelling.writing import as_word, pasted
from ftk.data.rows.label_names import name_of_key
from ftk.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class Sampling(Enum):
    """How often the rows of a class are drawn."""

    natural = "natural"
    balanced = "balanced"


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """The settings of a classifier's loss; the attributes are fields of the task with the same names.

    Attributes:
        class_weights: null, ``balanced``, or a weight by the name of a class.
        focal: the exponent of the focal loss.
        label_smoothing: the share of the target that is spread over all labels.
    """

    class_weights: Any
    focal: float
    label_smoothing: float

    def validate(self, names: Sequence[str] | None) -> Iterator[str]:
        """Yield the mistakes in the values.

        Args:
            names: of the classes, once they are known.
        """
        weights = self.class_weights
        if isinstance(weights, Mapping):
            for name, weight in weights.items():
                if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
                    yield f"task.class_weights.{name}={weight}: a weight must be at least 0."
        elif weights not in (None, "balanced"):
            yield (
                f"task.class_weights={as_word(weights)}: it must be null, balanced, or a weight by name: "
                f"task.class_weights={pasted({'spam': 2.0})}."
            )
        if not 0 <= self.focal < float("inf"):
            yield f"task.focal={self.focal}: it must be at least 0."
        if not 0 <= self.label_smoothing < 1:
            yield f"task.label_smoothing={self.label_smoothing}: it must be at least 0 and below 1."
        if names is not None:
            try:
                self.of(names)
            except ConfigError as error:
                yield from error.faults

    @property
    def is_balanced(self) -> bool:
        """Whether the weights are to be computed from the training rows."""
        return bool(self.class_weights == "balanced")

    def of(self, names: Sequence[str]) -> list[float] | None:
        """The weight of each class, by default 1; None if all count the same.

        Raises:
            ConfigError: a weight names a class that does not exist; all weights are 0; or the weights are still to be
                computed from training rows.
        """
        if self.class_weights is None:
            return None
        if not isinstance(self.class_weights, Mapping):
            raise ConfigError(
                "task.class_weights=balanced: training computes the weights from its rows, and they are saved with the "
                "model; leave the key out."
            )
        given = {name_of_key(name, names): float(weight) for name, weight in self.class_weights.items()}
        known = frozenset(names)
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ConfigError(
                f"task.class_weights.{unknown[0]}: there is no such label; there are {', '.join(names[:20])}"
                f"{', …' if len(names) > 20 else ''}."
            )
        weights = [given.get(name, 1.0) for name in names]
        if not any(weights):
            raise ConfigError(f"task.class_weights={as_word(given)}: all labels weigh 0; there is nothing to learn.")
        return weights

    def cross_entropy(self, logits: Tensor, label: Tensor, weight: Tensor | None) -> Tensor:
        """``single_label_loss`` with these settings.

        Args:
            logits: [rows, labels].
            label: [rows].
            weight: [rows] or None.
        """
        from ftk.tasks.shared.losses import single_label_loss

        return single_label_loss(logits, label, weight=weight, smoothing=self.label_smoothing, focal=self.focal)


def drawn_by_weight(examples: Sequence[Any]) -> NDArray[np.float64] | None:
    """[rows] how often each is drawn, by the column of weights; None if all weigh 1: each once per epoch."""
    weights = np.array([example.weight for example in examples])
    return None if (weights == 1).all() else weights


def balanced(labels: Iterable[str]) -> dict[str, float]:
    """Weights with which all classes count the same, and whose mean over the rows is 1."""
    counts = Counter(labels)
    total = counts.total()
    return {name: total / (len(counts) * count) for name, count in sorted(counts.items())}
