"""Which weights a run publishes, and which it resumes from."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from torch import Tensor, nn


class Publisher(Protocol):
    """Decides which weights go to ``best/``, and which to ``last/``.

    They differ where the trained weights are not the ones to use: averaged weights, or adapters to be merged.
    """

    def published(self, model: nn.Module) -> AbstractContextManager[nn.Module]:
        """The model to validate and to write into ``best/``; the training weights are back when the context ends."""
        ...

    def resumable(self, model: nn.Module) -> dict[str, Tensor]:
        """The weights to write into ``last/``, from which training resumes."""
        ...


class SameWeights:
    """Publishes the trained weights themselves."""

    def published(self, model: nn.Module) -> AbstractContextManager[nn.Module]:
        return nullcontext(model)

    def resumable(self, model: nn.Module) -> dict[str, Tensor]:
        weights: dict[str, Tensor] = model.state_dict()
        return weights
