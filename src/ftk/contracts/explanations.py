"""How a task says what its predictions rest on: the words that its model reads, and the numbers to explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import Labels


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text of a row, with its words.

    Attributes:
        name: the key of the text in the record.
        text: the text of the record, in which offsets count.
        starts, ends: character offsets of the words.
    """

    name: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class Over(Enum):
    """How the numbers of the windows of a row become one."""

    mean = "mean"
    """A weighted sum; the weights are the shares of the parts."""
    max = "max"
    """The highest one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A number that the model computes of one window.

    Attributes:
        window: the number of the window in the features.
        key: says which of the outputs it is; for ``Explains.values``.
        share: the weight of the window.
    """

    window: int
    key: Any
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something about a prediction that is to be explained.

    Attributes:
        about: says in the record what is explained: ``{"label": "spam"}``.
        parts: the numbers that it is made of.
        over: how they become one number.
    """

    about: dict[str, Any]
    parts: tuple[Part, ...]
    over: Over = Over.mean


class Explains(Protocol):
    """How the predictions of a task are explained. ``TaskSpec.explains`` makes it of a task."""

    @property
    def needs_label(self) -> bool:
        """Whether the label to explain must be named, because a row has too many predictions."""
        ...

    def texts(self, example: Any) -> list[ReadText]:
        """The texts of a row. Its words are numbered from 0, from one text to the next."""
        ...

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window of ``features`` of the same rows, [tokens] the word that each token is of; -1 for none."""
        ...

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """The labels that can be explained by name; empty for a task that has none."""
        ...

    def wanted(
        self,
        example: Any,
        record: dict[str, Any],
        windows: range,
        features: Any,
        labels: Labels | None,
        only: str | None,
    ) -> list[Wanted]:
        """What of a prediction is explained.

        Args:
            example: the row.
            record: of its prediction.
            windows: the windows of the row.
            features: of all rows.
            labels: of the model.
            only: the label to explain; None: what was predicted.
        """
        ...

    def values(self, outputs: Any, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] the numbers to explain, differentiable.

        Args:
            outputs: of ``Task.forward`` for a batch whose windows are those of the parts, in their order.
            features: of all rows.
            parts: of this batch.
        """
        ...


@runtime_checkable
class ReadsOtherwise(Protocol):
    """Explanations for which the model is run in another way than for predictions.

    Attributes:
        runs: has ``features``, ``collate`` and ``forward``, as a task.
    """

    runs: Any

    def example(self, example: Any, record: dict[str, Any]) -> Any:
        """The row as ``runs`` reads it.

        Args:
            example: the row.
            record: of its prediction.
        """
        ...
