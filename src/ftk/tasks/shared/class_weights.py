"""What counts how much in the loss of a classifier, and how often it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from ftk.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sampling(Enum):
    """How often the rows of a class are drawn."""

    natural = "natural"
    balanced = "balanced"


@dataclass(kw_only=True)
class Weighing:
    """The fields of a classifier's loss, for a task to inherit from beside its base class."""

    class_weights: Any
    focal: float
    label_smoothing: float

    def faults(self) -> Iterator[str]:
        """Values that mean nothing."""
        yield from super().faults()  # type: ignore[misc]
        weights = self.class_weights
        if isinstance(weights, Mapping):
            for name, weight in weights.items():
                if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
                    yield f"task.class_weights.{name}={weight}: a weight is a number, 0 or more."
        elif weights not in (None, "balanced"):
            yield f"task.class_weights={weights}: it is null, balanced, or a weight by name: {{spam: 2.0}}."
        if not 0 <= self.focal < float("inf"):
            yield f"task.focal={self.focal}: it is an exponent, 0 or more."
        if not 0 <= self.label_smoothing < 1:
            yield f"task.label_smoothing={self.label_smoothing}: it is a share, from 0 up to, but not, 1."

    def weight_of(self, names: Sequence[str]) -> list[float] | None:
        """The weight of each label, 1 where none is given; None where all count the same.

        Raises:
            ConfigError: a weight is given for a label that there is not, or nothing weighs anything; or there are no
                training rows to balance.
        """
        if self.class_weights is None:
            return None
        if not isinstance(self.class_weights, Mapping):
            raise ConfigError(
                "task.class_weights=balanced: training settles it from its rows, and the model has the weights; leave "
                "the key out."
            )
        given = {str(name): float(weight) for name, weight in self.class_weights.items()}
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ConfigError(
                f"task.class_weights.{unknown[0]}: there is no such label; there are {', '.join(names[:20])}"
                f"{', …' if len(names) > 20 else ''}."
            )
        weights = [given.get(name, 1.0) for name in names]
        if not any(weights):
            raise ConfigError(f"task.class_weights={given}: all labels weigh 0; there is nothing to learn.")
        return weights


def drawn_by_weight(examples: Sequence[Any]) -> NDArray[np.float64] | None:
    """How often rows are drawn by their column of weights; None where all weigh 1: each once a pass."""
    import numpy as np

    weights = np.array([example.weight for example in examples])
    return None if (weights == 1).all() else weights


def balanced(labels: Iterable[str]) -> dict[str, float]:
    """Weights with which all classes count the same, and which are 1 on average over the rows."""
    counts = Counter(labels)
    total = counts.total()
    return {name: total / (len(counts) * count) for name, count in sorted(counts.items())}
