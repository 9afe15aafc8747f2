"""What a task is to the core: rows in, loss and predictions out. The core knows nothing else of it.

torch is imported for type checkers only: tasks are looked at while the command line is checked.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.config.schema import Unseen
    from ftk.data.features import Features
    from ftk.data.rows import Notes, Row
    from ftk.data.subwords import WindowPlan


@dataclass(slots=True)
class Loss:
    """A sum, and the count of what it is a sum over: the loop divides once, by the count of the whole step."""

    sum: Tensor
    count: int


@dataclass(slots=True)
class Batch:
    """Some windows as tensors.

    Attributes:
        inputs: what the model's forward takes: ``input_ids`` and ``attention_mask``, [windows, time].
        targets: what loss and predictions take; their shapes are the task's own.
        windows: which windows of the Features these are, in the order of the tensors.
        count: how many targets the loss is summed over.
        tokens: real tokens, padding not counted.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]
    windows: Sequence[int]
    count: int
    tokens: int

    def to(self, device: Any) -> Batch:
        """The same batch on a device."""
        return Batch(
            inputs={name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()},
            targets={name: tensor.to(device, non_blocking=True) for name, tensor in self.targets.items()},
            windows=self.windows,
            count=self.count,
            tokens=self.tokens,
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a task, in the order of the model's outputs."""

    names: tuple[str, ...]
    ids: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {name: number for number, name in enumerate(self.names)})


class Metric(Protocol):
    """Scores in constant memory."""

    def update(self, example: Any, prediction: Any) -> None:
        """Count one row."""
        ...

    def compute(self) -> dict[str, Any]:
        """The scores by name; nested for scores by label."""
        ...


@dataclass(kw_only=True)
class Task(ABC):
    """One kind of work. Its dataclass fields are its YAML keys and are saved with the model.

    The way of the data: ``read`` checks rows and makes examples, ``fit`` and ``labels`` learn from those of the
    training split, ``features`` makes windows, ``collate`` a batch of them, ``forward`` and ``loss`` train;
    ``outputs`` and ``decode`` turn what the model says of the windows into one prediction a row, which ``metric``
    scores and ``record`` writes.
    """

    roles: ClassVar[tuple[str, ...]]
    """The columns that the task reads: keys of ``data.columns``."""
    demo: ClassVar[str | None] = None
    """The folder of its built-in demo corpus."""
    auto_model: ClassVar[str]
    """The transformers class that puts its head on an encoder."""
    score: ClassVar[str]
    """The metric by which the best model is chosen."""
    higher_is_better: ClassVar[bool] = True

    @abstractmethod
    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[Any]:
        """Check rows and make an example of each; with ``labelled`` a row without its labels is an error.

        An example keeps its Row as ``row``: messages about it say where it stands.
        """

    @abstractmethod
    def key(self, example: Any) -> str:
        """What makes two examples the same text, for finding duplicates; empty where there is nothing to learn from."""

    def fit(self, examples: Sequence[Any]) -> Task:
        """The task with those of its fields settled that depend on the training data."""
        return self

    @abstractmethod
    def labels(self, examples: Sequence[Any]) -> Labels | None:
        """The labels of the training split; None for a task that has none."""

    @abstractmethod
    def check_labels(
        self, examples: Sequence[Any], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        """Find labels that training lacks, and treat them by policy."""

    @abstractmethod
    def features(
        self, examples: Sequence[Any], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        """Windows of numbers; a row may become several, or none."""

    @abstractmethod
    def collate(self, features: Features, windows: Sequence[int], pad_id: int) -> Batch:
        """Some windows as padded tensors."""

    @abstractmethod
    def forward(self, model: Any, batch: Batch) -> Tensor:
        """What the model says of the targets of a batch."""

    @abstractmethod
    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        """The summed loss over the targets of a batch."""

    @abstractmethod
    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """What is kept of each window of a batch, on the CPU and small."""

    @abstractmethod
    def decode(
        self,
        examples: Sequence[Any],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Any]:
        """One prediction for each of ``examples``, the rows from ``first_row`` on, its windows merged."""

    @abstractmethod
    def metric(self, labels: Labels | None) -> Metric:
        """A fresh metric."""

    @abstractmethod
    def record(self, example: Any, prediction: Any) -> dict[str, Any]:
        """What is written for one row: the prediction, and the columns of the input that it does not replace."""

    def fields(self) -> dict[str, Any]:
        """The fields as plain values, to be saved."""
        return {
            item.name: value.value if isinstance(value := getattr(self, item.name), Enum) else value
            for item in dataclasses.fields(self)
        }
