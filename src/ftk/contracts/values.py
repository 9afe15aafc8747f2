"""The values that pass between the core and the tasks: batches, losses, labels, scores, and splits as numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.findings import FindingKind


MAX_WINDOWS = 64
"""Windows of a pair of two long texts, unless ``data.max_windows`` says otherwise."""


@dataclass(slots=True)
class Loss:
    """A sum, and the number of terms in it. The loop divides once, by the number for the whole step."""

    sum: Tensor
    count: int


@dataclass(slots=True)
class Batch:
    """Some windows as tensors.

    Attributes:
        inputs: the arguments of the model's forward: ``input_ids`` and ``attention_mask``, [windows, time];
            ``pixel_values``, [windows, channels, height, width].
        targets: what the loss and the predictions need; each task has its own shapes.
        windows: the numbers of the windows in the features, in the order of the tensors.
        count: the number of targets that the loss sums over.
        tokens: the number of real tokens, without padding.
        positions: the number of positions that are computed, with padding; None: those of ``input_ids``.
        layout: how texts of different lengths share the batch; ``inputs`` have it already, unless a window has several
            texts.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]
    windows: Sequence[int]
    count: int
    tokens: int
    positions: int | None = None
    layout: Layout = USUAL

    @property
    def padding(self) -> int:
        """The number of positions that are padding."""
        return (self.inputs["input_ids"].numel() if self.positions is None else self.positions) - self.tokens

    def pinned(self, pin: bool) -> Batch:
        """The same batch in page-locked memory, which a GPU copies from while it computes; itself without ``pin``."""
        if not pin:
            return self
        return dataclasses.replace(
            self,
            inputs={name: tensor.pin_memory() for name, tensor in self.inputs.items()},
            targets={name: tensor.pin_memory() for name, tensor in self.targets.items()},
        )

    def to(self, device: Any) -> Batch:
        """The same batch on a device."""
        return dataclasses.replace(
            self,
            inputs={name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()},
            targets={name: tensor.to(device, non_blocking=True) for name, tensor in self.targets.items()},
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a task, in the order of the model's outputs."""

    names: tuple[str, ...]
    ids: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {name: number for number, name in enumerate(self.names)})


@dataclass(frozen=True, slots=True)
class Prepared:
    """One split as numbers.

    Attributes:
        examples: the rows, as metrics and records need them.
        features: the windows of the rows.
    """

    examples: Sequence[Any]
    features: Any


@dataclass(frozen=True, slots=True)
class Scores:
    """The outputs for one row: a number for each label, or for each target."""

    names: tuple[str, ...]
    values: NDArray[np.floating[Any]]
    highest: int | None = None
    """How many of the numbers ``by_name`` has, the highest first; None: all, in the order of the names."""
    decided: NDArray[np.floating[Any]] | None = None
    """The numbers by which labels are chosen, if ``values`` were changed after that; None: ``values``."""

    @property
    def deciding(self) -> NDArray[np.floating[Any]]:
        """The numbers by which labels are chosen."""
        return self.values if self.decided is None else self.decided

    @property
    def best(self) -> int:
        """The output with the highest of these numbers."""
        return int(self.deciding.argmax())

    @property
    def by_name(self) -> dict[str, float]:
        """The numbers by name, as ``shortest`` writes them."""
        if self.highest is None or self.highest >= len(self.names):
            return {name: shortest(value) for name, value in zip(self.names, self.values, strict=True)}
        # Of many labels only the highest are sorted; among equal ones the first come first.
        parted = self.values.copy()
        parted.partition(-self.highest)
        (highest,) = (self.values >= parted[-self.highest]).nonzero()
        best = highest[(-self.values[highest]).argsort(kind="stable")[: self.highest]]
        return {self.names[at]: shortest(self.values[at]) for at in best}


def with_highest(prediction: Any, highest: int | None) -> Any:
    """A prediction whose record has no more scores by label than these; None: it has all."""
    if highest is None or not isinstance(prediction, Scores):
        return prediction
    return dataclasses.replace(prediction, highest=highest)


def shortest(value: Any) -> float:
    """A number of NumPy with the fewest digits that give it back, so that scores can be computed from records."""
    return float(str(value))


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How texts become windows: of ``length`` tokens that share ``stride`` with their neighbours.

    Attributes:
        max_windows: how many windows a pair of two long texts has at most.
        prefix: what stands before texts.
    """

    length: int
    stride: int
    max_windows: int = MAX_WINDOWS
    prefix: TextPrefix = NO_PREFIX

    @classmethod
    def of(
        cls, length: int, stride: int | None, max_windows: int | None = None, prefix: TextPrefix | None = None
    ) -> WindowPlan:
        """Windows that share ``stride`` tokens, by default a quarter; and by default ``MAX_WINDOWS``.

        Raises:
            ConfigError: they would share more than half.
        """
        if stride is not None and stride > length // 2:
            raise ConfigError(
                f"data.stride={stride}: windows of {length} tokens may share at most half of them: {length // 2}."
            )
        own = length // 4 if stride is None else stride
        return cls(length, own, max_windows or MAX_WINDOWS, prefix or NO_PREFIX)


@dataclass(frozen=True, slots=True)
class UnseenLabel:
    """A label in validation or test that the model cannot predict, or another reason why a row cannot be scored.

    Attributes:
        kind: of the finding. With a policy ``count``, ``data.unseen_labels`` decides whether it stops the run.
        place: the row, with the label.
        values: used by the texts of the kind.
    """

    kind: FindingKind
    place: str
    values: dict[str, Any] = field(default_factory=dict)
