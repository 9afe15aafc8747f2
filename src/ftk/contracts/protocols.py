"""The protocols between packages: what the core, the corpus and the commands need from other packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ftk.config.schema import TokenizerConfig, TrainConfig
    from ftk.contracts.contexts import Encoding, Place, Reading, RowOutputs, SampleSeed
    from ftk.contracts.notes import Notes
    from ftk.contracts.progress import Progress
    from ftk.contracts.row import Row
    from ftk.contracts.spec import PredictorSpec, TaskSpec
    from ftk.contracts.values import Batch, Labels, Prepared, UnseenLabel


class Windows(Protocol):
    """Prepared data as the core sees it: windows, numbered from 0."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> NDArray[Any]:
        """[windows] the number of tokens in each, special ones included: of all parts that are read, and of a target
        that is a text."""
        ...

    @property
    def longest(self) -> int:
        """The number of tokens in the longest sequence that is read, as ``data.max_length`` counts; 0 without any."""
        ...

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of the rows from ``first_row`` up to, but not including, ``end_row``."""
        ...

    def places(self, windows: NDArray[np.int64]) -> str:
        """Where some windows come from, for messages."""
        ...

    def order(self, train: TrainConfig, seed: int) -> Order:
        """The windows of each optimizer step."""
        ...


class Order(Protocol):
    """The windows of each optimizer step of a run."""

    def step(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The windows of one step, and for each of them the pass over the data in which it is seen."""
        ...

    def steps_in(self, epochs: float) -> int:
        """The number of steps in this many passes over the data."""
        ...

    def epoch(self, step: int) -> float:
        """The number of passes over the data before a step."""
        ...


class Metric(Protocol):
    """Scores that are counted row by row."""

    def update(self, example: Any, prediction: Any) -> None:
        """Count one row."""
        ...

    def compute(self) -> dict[str, Any]:
        """The scores by name; scores by label are nested."""
        ...


@runtime_checkable
class DescribesRows(Protocol):
    """A metric that can say more about each row when it has seen all of them."""

    def row_facts(self) -> Iterator[dict[str, Any]]:
        """What the record of each row has in addition, in the order of the rows. Called after ``compute``."""
        ...


@runtime_checkable
class JudgesModel(Protocol):
    """A metric that can say what its scores do not: over which labels they are, and that a model answers alike."""

    def judge(self, notes: Notes) -> None:
        """Add this to the notes, about their present split. Called after ``compute``."""
        ...


class Corpus(Protocol):
    """The data of all splits, read and checked as far as this needs no tokenizer."""

    task: Any
    """The task, with the fields set that depend on the training data."""
    labels: Labels | None

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of each file, by split."""
        ...

    def texts(self) -> Iterable[str]:
        """The texts of the training split, to learn a vocabulary from."""
        ...

    def vocabulary_file(self, settings: TokenizerConfig) -> Path | None:
        """The file in which a vocabulary learned from these texts is kept between runs; None if it is not kept."""
        ...

    def prepare(self, encoding: Encoding, progress: Progress) -> dict[str, Prepared]:
        """Each split as numbers."""
        ...


class RowReader(Protocol):
    """The members of a task that ``ftk.data.row_corpus`` uses. ``RowTask`` documents the members."""

    @property
    def spec(self) -> TaskSpec: ...

    def validate(self, labels: Labels | None = None) -> Iterator[str]: ...

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> RowReader: ...

    def read(self, rows: Iterable[Row], reading: Reading) -> list[Any]: ...

    def learn(self, examples: Sequence[Any]) -> RowReader: ...

    def labels(self, examples: Sequence[Any]) -> Labels | None: ...

    def unseen(self, examples: Sequence[Any], labels: Labels | None, split: str) -> Iterator[UnseenLabel]: ...

    def features(self, examples: Sequence[Any], encoding: Encoding) -> Any: ...


class Runnable(Protocol):
    """The members that are needed to run a model over features. Every task and every predictor has it."""

    @property
    def spec(self) -> PredictorSpec: ...

    def collate(self, features: Any, windows: Sequence[int], seed: SampleSeed | None) -> Batch: ...

    def forward(self, model: Any, batch: Batch) -> Any: ...

    def to_numpy(self, outputs: Any, features: Any, batch: Batch) -> list[NDArray[Any]]: ...

    def decode(self, examples: Sequence[Any], outputs: RowOutputs, labels: Labels | None) -> Sequence[Any]: ...


class Predictor(Runnable, Protocol):
    """What ``ftk predict`` runs: rows in, one record each out. Every ``RowTask`` is one."""

    def read(self, rows: Iterable[Row], reading: Reading) -> list[Any]: ...

    def features(self, examples: Sequence[Any], encoding: Encoding) -> Any: ...

    def record(self, example: Any, prediction: Any) -> dict[str, Any]: ...


@runtime_checkable
class SettledByRows(Protocol):
    """A task with fields that rows decide."""

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> Any:
        """The task with these fields set.

        Args:
            rows: those that decide.
            reading: how they will be read.
        """
        ...


@runtime_checkable
class PreparesPrediction(Protocol):
    """A predictor with a preparation that runs once, with the model, before the first row."""

    def prepare_predict(self, place: Place) -> None:
        """Prepare the predictor.

        Raises:
            DataError: data that the predictor needs in addition to the rows cannot be read.
        """
        ...


@runtime_checkable
class ReportsParameters(Protocol):
    """A model with parameters whose values are of interest."""

    def report_parameters(self) -> dict[str, float]:
        """The numbers by name."""
        ...
