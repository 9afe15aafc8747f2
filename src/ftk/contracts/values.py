"""What goes between the core and its tasks: batches, losses, labels, and a split as numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ftk.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(slots=True)
class Loss:
    """A sum, and the count of what it is a sum over: the loop divides once, by the count of the whole step."""

    sum: Tensor
    count: int


@dataclass(slots=True)
class Batch:
    """Some windows as tensors.

    Attributes:
        inputs: what the model's forward takes: ``input_ids`` and ``attention_mask``, [windows, time]; ``pixel_values``,
            [windows, channels, height, width].
        targets: what loss and predictions take; their shapes are the task's own.
        windows: which windows of the Features these are, in the order of the tensors.
        count: how many targets the loss is summed over.
        tokens: real tokens, padding not counted.
        positions: what is computed, padding included; None: the positions of ``input_ids``.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]
    windows: Sequence[int]
    count: int
    tokens: int
    positions: int | None = None

    @property
    def padding(self) -> int:
        """Positions that are computed for nothing."""
        return (self.inputs["input_ids"].numel() if self.positions is None else self.positions) - self.tokens

    def pinned(self, pin: bool) -> Batch:
        """The same batch in memory from which a GPU can copy while it computes; itself where that is not wanted."""
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
class Noise:
    """What the randomness of a batch is a function of, beside the windows in it.

    Attributes:
        seed: of the run.
        epoch: [windows] which pass over the data each window is seen in.
    """

    seed: int
    epoch: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One split as numbers.

    Attributes:
        examples: its rows, as the task's metric and records want them.
        features: their windows.
    """

    examples: Sequence[Any]
    features: Any


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says of one row: a number for each label, or for each target."""

    names: tuple[str, ...]
    values: NDArray[np.float32]

    @property
    def rounded(self) -> dict[str, float]:
        """The numbers by name, as they are written."""
        return {name: round(float(value), 6) for name, value in zip(self.names, self.values, strict=True)}


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How text that is longer than the model takes is cut: windows of ``length`` tokens that share ``stride``."""

    length: int
    stride: int

    @classmethod
    def of(cls, length: int, stride: int | None) -> WindowPlan:
        """Windows that share what the user asked for, by default a quarter.

        Raises:
            ConfigError: they would share more than half.
        """
        if stride is not None and stride > length // 2:
            raise ConfigError(
                f"data.stride={stride}: windows of {length} tokens may share at most half of them: {length // 2}."
            )
        return cls(length, length // 4 if stride is None else stride)
