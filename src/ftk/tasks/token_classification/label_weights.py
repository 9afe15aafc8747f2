"""How much each tag counts in the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ftk.contracts.values import Labels
from ftk.tasks.shared.class_weights import ClassWeights
from ftk.tasks.token_classification.tagging import Tagging

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kinds_of(labels: Labels, tagging: Tagging) -> list[str]:
    """The classes that weights are given for, each once."""
    return list(dict.fromkeys(tagging.kind(name) for name in labels.names))


def weight_of_labels(weights: ClassWeights, labels: Labels, tagging: Tagging) -> NDArray[np.float32] | None:
    """[labels + 1] how much each label counts in the loss. The last one is for unknown labels, and is 0."""
    kinds = kinds_of(labels, tagging)
    of_kinds = weights.of(kinds)
    if of_kinds is None:
        return None
    each = dict(zip(kinds, of_kinds, strict=True))
    return np.array([*(each[tagging.kind(name)] for name in labels.names), 0.0], dtype=np.float32)
