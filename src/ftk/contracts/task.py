"""The protocol between a task and the core: examples in, a loss and predictions out.

torch is imported for type checkers only, because tasks are built while the command line is checked.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.config.schema import DataConfig
    from ftk.contracts.notes import Notes
    from ftk.contracts.protocols import Corpus, Metric, Predictor
    from ftk.contracts.values import Batch, Labels, Loss, Noise


@dataclass(kw_only=True)
class Task(ABC):
    """One kind of work. Its dataclass fields are its YAML keys and are saved with the model.

    The way of the data: a corpus reads and prepares the splits, ``collate`` makes a batch of some windows, ``forward``
    and ``loss`` train; ``outputs`` and ``decode`` turn what the model says of the windows into one prediction a row,
    which ``metric`` scores.
    """

    command: ClassVar[str] = "finetune"
    """The command that trains it: pretrain or finetune."""
    roles: ClassVar[tuple[str, ...]]
    """The columns that the task reads: keys of ``data.columns``."""
    reads: ClassVar[tuple[str, ...]] = ("text",)
    """What its model takes in: texts need a tokenizer, images (``image``) an image processor."""
    demo: ClassVar[str | None] = None
    """The folder of its built-in demo corpus."""
    auto_model: ClassVar[str]
    """The class that puts its head on an encoder: an auto class of transformers, or one of
    `ftk.models.architectures.heads`."""
    problem_type: ClassVar[str | None] = None
    """What transformers calls its kind of problem, for those who load the saved model with it."""
    score: ClassVar[str]
    """The metric by which the best model is chosen."""
    higher_is_better: ClassVar[bool] = True
    writes_records: ClassVar[bool] = True
    """Whether a prediction belongs to a row of the input, and is written as one."""
    tuned: ClassVar[tuple[str, ...]] = ()
    """The fields that ``tune`` settles, with these values of the others; where a config gives them, they stay."""
    rows_at_once: ClassVar[int] = 512
    """Rows whose outputs are held at once, and whose predictions come together; they are sorted by length among
    themselves, so padding stays small."""
    fitted: ClassVar[tuple[str, ...]] = ()
    """The fields that training alone fills in, from its rows; a config that gives them is refused."""
    given: ClassVar[tuple[str, ...]] = ()
    """The fields that name files of whoever runs a command: null in every model folder, or the folder is refused."""

    def __post_init__(self) -> None:
        """Refuse fields that cannot work.

        Raises:
            ConfigError: all of ``faults``.
        """
        if faults := list(self.faults()):
            raise ConfigError(*faults)

    def faults(self) -> Iterator[str]:
        """What is wrong with the values of the fields, each told as ``task.key=value: what is meant``."""
        yield from ()

    @property
    def whole_batches(self) -> str | None:
        """What else to do for less memory, where the loss compares the rows of a batch with each other, so that a batch
        that is cut would have another loss; None, the default, where each row has a loss of its own."""
        return None

    @abstractmethod
    def training_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        """Train, validation and test.

        Raises:
            DataError: all faults that the policies do not let pass, each with file and line.
        """

    @abstractmethod
    def test_corpus(self, data: DataConfig, labels: Labels | None, notes: Notes) -> Corpus:
        """The test split alone, for a model that knows these labels.

        Raises:
            DataError: all faults that the policies do not let pass, each with file and line.
        """

    @abstractmethod
    def predictor(self) -> Predictor:
        """What ``ftk predict`` runs."""

    def check_model(self, model: Any, features: Any) -> None:
        """Refuse a model that cannot do what the fields ask for; by default none is refused.

        Raises:
            ModelError: it cannot.
        """
        return

    def begin(self, model: Any, features: Any) -> None:
        """Settle what a head with random weights begins with; by default it begins as transformers makes it.

        Args:
            model: on the CPU, before any step.
            features: of the training split.
        """
        return

    def configure(self, model: Any) -> None:
        """Write into the configs of a model what its folder is to say of it beside the weights; by default nothing.

        Args:
            model: on the CPU, before any step.
        """
        return

    def learned(self, model: Any) -> dict[str, float]:
        """Numbers among the weights that people want to know when training has ended, by name; by default none."""
        return {}

    @abstractmethod
    def collate(self, features: Any, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """Some windows as padded tensors.

        Args:
            features: of this task.
            windows: which of them.
            pad_id: what short ones are filled up with.
            noise: what random choices are a function of; None where the same choice is to be made each time.
        """

    @abstractmethod
    def forward(self, model: Any, batch: Batch) -> Any:
        """What the model says of the targets of a batch."""

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> Loss:
        """The summed loss over the targets of a batch."""

    @abstractmethod
    def outputs(self, outputs: Any, features: Any, batch: Batch) -> list[NDArray[Any]]:
        """What is kept of each window of a batch, on the CPU and small."""

    @abstractmethod
    def decode(
        self,
        examples: Sequence[Any],
        features: Any,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> Sequence[Any]:
        """One prediction for each of ``examples``, the rows from ``first_row`` on, its windows merged."""

    @abstractmethod
    def metric(self, labels: Labels | None) -> Metric:
        """A fresh metric."""

    @abstractmethod
    def record(self, example: Any, prediction: Any) -> dict[str, Any]:
        """What is written for one row: the prediction, and the columns of the input that it does not replace."""

    def scored_rows(self, validation: int, *, last: bool) -> int | None:
        """How many rows of the validation split, from the first on, are predicted and scored while training goes on.

        The loss is over all rows whatever it says. Where predicting is costly, a validation may do without scores:
        such validations are compared by their loss with one another, and not at all with those that have scores. When
        training is done, every row is predicted.

        Args:
            validation: its number in the run, from 1 on.
            last: whether the run ends with it.

        Returns:
            A number of rows; None, the default: all.
        """
        return None

    def tune(self, scored: Sequence[tuple[Any, Any]], labels: Labels | None) -> Task:
        """The task with its ``tuned`` fields as they suit the validation split best.

        They say how a prediction is decided, never what the model computes. They are saved with the model.

        Args:
            scored: the examples of the validation split, each with its prediction.
            labels: of the model.
        """
        return self

    @property
    def untuned(self) -> str | None:
        """What holds where there is no validation split to tune on, in words; None where nothing is to be tuned."""
        return None

    def fields(self) -> dict[str, Any]:
        """The fields as plain values, to be saved."""
        return {
            item.name: value.value if isinstance(value := getattr(self, item.name), Enum) else value
            for item in dataclasses.fields(self)
        }
