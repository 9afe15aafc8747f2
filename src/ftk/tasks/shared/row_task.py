"""Tasks whose rows are a list of examples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ftk.contracts.task import Task
from ftk.data.row_corpus import read_test_corpus, read_training_corpus

if TYPE_CHECKING:
    from typing import Self

    from ftk.config.schema import DataConfig
    from ftk.contracts.contexts import Encoding, Reading
    from ftk.contracts.notes import Notes
    from ftk.contracts.protocols import Corpus, Predictor
    from ftk.contracts.row import Row
    from ftk.contracts.values import Labels, UnseenLabel
    from ftk.data.batching.features import Features


@dataclass(kw_only=True)
class RowTask(Task):
    """A task whose rows are a list of examples, in memory or on disk. ``Task`` lists the order in which its members are
    called."""

    def resolve_auto(self, rows: Sequence[Row], reading: Reading) -> Self:
        """The task with those ``auto`` fields set that decide how rows are read. By default itself.

        Args:
            rows: of the training split. No split has been read yet, so that all are read alike.
            reading: how they will be read.
        """
        return self

    @abstractmethod
    def read(self, rows: Iterable[Row], reading: Reading) -> list[Any]:
        """Check rows and make an example of each, with the attributes of ``ftk.contracts.example.Example``.

        Faults go to ``reading.notes``; the run stops once all rows have been seen. A split that is on disk is read in
        several calls.
        """

    def learn(self, examples: Sequence[Any]) -> Self:
        """The task with the fields set that depend on the training rows, such as weights of classes.

        By default itself.
        """
        return self

    @abstractmethod
    def labels(self, examples: Sequence[Any]) -> Labels | None:
        """The labels of training rows; None for a task that has none.

        Raises:
            DataError: there is nothing to learn.
        """

    def unseen(self, examples: Sequence[Any], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        """Yield the labels of a split that the model does not know. The corpus applies ``data.unseen_labels``.

        By default nothing is unseen.

        Args:
            examples: of the split.
            labels: of the model.
            split: validation or test, for messages.
        """
        yield from ()

    @abstractmethod
    def features(self, examples: Sequence[Any], encoding: Encoding) -> Features:
        """Make windows of numbers. A row may become several windows, or none.

        The windows of a split that is on disk are made in several calls.
        """

    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        return read_test_corpus(data, self, labels, notes) if test_only else read_training_corpus(data, self, notes)

    def predictor(self) -> Predictor:
        return self
