"""The protocol between a task and the core: examples in, a loss and predictions out.

torch is imported for type checkers only, because tasks are built while the command line is checked.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from ftk.errors import ConfigError
from ftk.system.strict_json import is_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.config.schema import DataConfig
    from ftk.contracts.contexts import RowOutputs, SampleSeed
    from ftk.contracts.notes import Notes
    from ftk.contracts.protocols import Corpus, Metric, Predictor
    from ftk.contracts.spec import TaskSpec
    from ftk.contracts.values import Batch, Labels, Loss


@dataclass(kw_only=True)
class Task(ABC):
    """One kind of work. Its dataclass fields are its YAML keys and are saved with the model.

    The life of a task, in the order in which its members are called. Steps marked with * belong to ``RowTask``, whose
    examples are held in memory; another task does them in its own corpus.

    ==================  ===============================================================================================
    when                what
    ==================  ===============================================================================================
    command line        ``spec`` and ``validate`` check the config before torch is imported
    reading             ``open_corpus``; in it ``resolve_auto``* and ``read``* make examples of rows, ``learn``* and
                        ``labels``* take statistics and labels from the training rows, ``validate(labels)`` checks the
                        fields again, and ``unseen``* compares the other splits with the labels
    windows             ``features``* makes numbers of examples
    before training     ``prepare_model``, then ``check_model``
    each step           ``collate``, ``forward``, ``loss``
    each validation     ``collate``, ``forward``, ``loss``, ``to_numpy``, ``decode``, then ``tune``, ``metric``
    evaluation          for a model of another tool ``spec.adopt``; ``open_corpus``, ``check_model``, then as a
                        validation, without ``tune``, with ``record``
    prediction          for a model of another tool ``spec.adopt``; ``predictor``, then ``read``, ``features``,
                        ``collate``, ``forward``, ``to_numpy``, ``decode``, ``record`` of what it returned
    ==================  ===============================================================================================
    """

    def __post_init__(self) -> None:
        """Refuse fields that cannot work.

        Raises:
            ConfigError: with all mistakes that ``validate`` finds, or with numbers that no model folder can hold.
        """
        if mistakes := list(self.validate()) or list(_not_finite(self)):
            raise ConfigError(*mistakes)

    @property
    @abstractmethod
    def spec(self) -> TaskSpec:
        """The facts about the task. A class attribute will do, if they do not depend on the fields."""

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        """Yield what is wrong with the values of the fields, each as ``task.key=value: what is meant``.

        Args:
            labels: of the model, once they are known; fields that name labels are checked against them.
        """
        yield from ()

    @abstractmethod
    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        """Read and check the data.

        Args:
            data: the data section of the config.
            notes: collects faults and facts.
            labels: of the model, for the test split alone.
            test_only: read the test split alone, for a model that is trained; else train, validation and test.

        Raises:
            DataError: with all faults that the policies do not let pass, each with its file and line.
        """

    @abstractmethod
    def predictor(self) -> Predictor:
        """What ``ftk predict`` runs."""

    def prepare_model(self, model: Any, features: Any, *, new_head: bool) -> None:
        """Set what the fields or the training data decide of a model, and what its configs say. By default nothing.

        Args:
            model: on the CPU, before any step.
            features: of the training split.
            new_head: whether the head has random weights.
        """
        return

    def check_model(self, model: Any, features: Any) -> None:
        """Refuse a model that cannot do what the fields ask for. By default none is refused.

        Raises:
            ModelError: the model cannot.
        """
        return

    @abstractmethod
    def collate(self, features: Any, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """Make padded tensors of some windows.

        Args:
            features: of this task.
            windows: their numbers.
            seed: decides random choices; None outside of training, where the same choice is made each time.
        """

    @abstractmethod
    def forward(self, model: Any, batch: Batch) -> Any:
        """Run the model on a batch; returns what ``loss`` and ``to_numpy`` need."""

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> Loss:
        """The loss, summed over the targets of a batch."""

    @abstractmethod
    def to_numpy(self, outputs: Any, features: Any, batch: Batch) -> list[NDArray[Any]]:
        """What ``decode`` needs of the outputs of ``forward``: an array for each window of the batch, on the CPU."""

    @abstractmethod
    def decode(self, examples: Sequence[Any], outputs: RowOutputs, labels: Labels | None) -> Sequence[Any]:
        """Make one prediction for each example from the outputs for all of its windows."""

    @abstractmethod
    def metric(self, labels: Labels | None) -> Metric:
        """A fresh metric."""

    @abstractmethod
    def record(self, example: Any, prediction: Any) -> dict[str, Any]:
        """The JSON object that is written for a row: its prediction, and the other columns of the input."""

    def tune(self, scored: Sequence[tuple[Any, Any]], labels: Labels | None) -> Task:
        """The task with its ``tunable_fields`` set to what suits the validation split best. By default itself.

        The fields decide how a prediction is made from what the model computes. They are saved with the model.

        Args:
            scored: the examples of the validation split, each with its prediction.
            labels: of the model.
        """
        return self


def _not_finite(task: Task) -> Iterator[str]:
    for name, value in fields_of(task).items():
        if not is_finite(value):
            yield f"task.{name}={value}: it must be finite; a model folder cannot hold another number."


def fields_of(task: Task) -> dict[str, Any]:
    """The fields of a task as plain values, to be saved."""
    return {
        item.name: value.value if isinstance(value := getattr(task, item.name), Enum) else value
        for item in dataclasses.fields(task)
    }
