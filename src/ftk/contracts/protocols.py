"""What the core and the commands ask of data, metrics and predictors; tasks bring classes that have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ftk.config.schema import DataConfig, TokenizerConfig, TrainConfig
    from ftk.contracts.notes import Notes
    from ftk.contracts.row import Row
    from ftk.contracts.values import Batch, Labels, Noise, Prepared, WindowPlan
    from ftk.report.console import Console


class Windows(Protocol):
    """What the core knows of prepared data: windows, counted from 0, of so many tokens each."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> NDArray[Any]:
        """Tokens in each window, special ones included: of all parts in which it is read, and of a target that is a
        text."""
        ...

    @property
    def longest(self) -> int:
        """Tokens in the longest sequence that is read, as ``data.max_length`` counts them; 0 where there is none."""
        ...

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of some rows."""
        ...

    def places(self, windows: NDArray[np.int64]) -> str:
        """Where some windows come from, for messages."""
        ...

    def order(self, train: TrainConfig, seed: int) -> Order:
        """Which of them make each optimizer step."""
        ...


class Metric(Protocol):
    """Scores in constant memory."""

    def update(self, example: Any, prediction: Any) -> None:
        """Count one row."""
        ...

    def compute(self) -> dict[str, Any]:
        """The scores by name; nested for scores by label."""
        ...


class Corpus(Protocol):
    """The data of all splits, read and checked as far as that needs no tokenizer."""

    task: Any
    """The task, with those of its fields settled that depend on the training data."""
    labels: Labels | None

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of every file, by split."""
        ...

    def texts(self) -> Iterable[str]:
        """The texts of the training split, to learn a vocabulary from."""
        ...

    def remembered(self, settings: TokenizerConfig) -> Path | None:
        """The file in which a vocabulary learned from these texts is kept between runs; None where it is not."""
        ...

    def prepare(
        self, tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes, console: Console
    ) -> dict[str, Prepared]:
        """Every split as numbers."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prediction is made.

    Attributes:
        model: a name for the weights and what computes them: what was made by one model is not that of another.
        console: shows how long work goes on.
    """

    model: str
    console: Console


Predictions = Callable[[Sequence[Any], Any], Iterator[tuple[Any, Any]]]
"""Runs a model over examples and their features: each example with its prediction, in order."""


class Predictor(Protocol):
    """What ``ftk predict`` runs: rows in, one record each out. Every RowTask is one; ``Task`` documents the members."""

    roles: ClassVar[tuple[str, ...]]
    rows_at_once: ClassVar[int]

    @property
    def auto_model(self) -> str: ...

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[Any]: ...

    def features(
        self, examples: Sequence[Any], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Any: ...

    def ready(
        self, predictions: Predictions, tokenizer: Any, plan: WindowPlan, data: DataConfig, notes: Notes, place: Place
    ) -> None: ...

    def collate(self, features: Any, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch: ...

    def forward(self, model: Any, batch: Batch) -> Any: ...

    def outputs(self, outputs: Any, features: Any, batch: Batch) -> list[NDArray[Any]]: ...

    def decode(
        self,
        examples: Sequence[Any],
        features: Any,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> Sequence[Any]: ...

    def record(self, example: Any, prediction: Any) -> dict[str, Any]: ...


class Order(Protocol):
    """The windows of every optimizer step of a run."""

    def step(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The windows of one step, and for each of them the pass over the data that it is seen in."""
        ...

    def steps_in(self, epochs: float) -> int:
        """Steps in so many passes over the data."""
        ...

    def epoch(self, step: int) -> float:
        """Passes over the data that are done before a step."""
        ...
