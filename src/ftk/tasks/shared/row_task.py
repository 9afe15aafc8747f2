"""Tasks whose rows are held in memory as examples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.task import Task

if TYPE_CHECKING:
    from ftk.config.schema import DataConfig, Unseen
    from ftk.contracts.notes import Notes
    from ftk.contracts.protocols import Corpus, Place, Predictions, Predictor
    from ftk.contracts.row import Row
    from ftk.contracts.values import Labels, WindowPlan
    from ftk.data.batching.features import Features


@dataclass(kw_only=True)
class RowTask(Task):
    """A task whose rows are held in memory as examples.

    ``read`` checks rows and makes examples, ``fit`` and ``labels`` learn from those of the training split, and
    ``features`` makes windows of them.
    """

    subject: ClassVar[str] = "text"
    """What two rows share that are the same to learn from, for messages."""
    labels_are: ClassVar[str | None] = "labels"
    """What the outputs of the model are called where a run says them; None where they are nothing to a user."""
    groups_are: ClassVar[str] = "training rows that all belong together"
    """What rows are called of which no part can be cut off for validation; see ``group``."""

    def settle(self, rows: Sequence[Row], *, columns: dict[str, Any], notes: Notes) -> RowTask:
        """The task with those of its fields settled that say how rows are read, from the rows of the training split.

        It is called before any split is read, so that all are read alike.
        """
        return self

    @abstractmethod
    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[Any]:
        """Check rows and make an example of each; with ``labelled`` a row without its labels is an error.

        An example keeps its Row as ``row``: messages about it say where it stands.
        """

    @abstractmethod
    def key(self, example: Any) -> str:
        """What makes two examples the same text, for finding duplicates; empty where there is nothing to learn from."""

    def texts(self, example: Any) -> Iterable[str]:
        """What a vocabulary is learned from; by default the text itself."""
        return (self.key(example),)

    def files(self, examples: Sequence[Any]) -> dict[str, str]:
        """The SHA-256 of what rows name beside the files that they stand in, by what it is; by default nothing."""
        return {}

    def group(self, example: Any) -> str:
        """What stays on one side when validation is cut off from the training rows; by default the text itself."""
        return self.key(example)

    def fit(self, examples: Sequence[Any]) -> RowTask:
        """The task with those of its fields settled that depend on the training data."""
        return self

    @abstractmethod
    def labels(self, examples: Sequence[Any]) -> Labels | None:
        """The labels of the training split; None for a task that has none."""

    def check_fields(self, labels: Labels | None) -> None:
        """Refuse fields that name labels that there are not; by default there are none.

        Raises:
            ConfigError: which, and which labels there are.
        """
        return

    @abstractmethod
    def check_labels(
        self, examples: Sequence[Any], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        """Find labels that training lacks, and treat them by policy."""

    @abstractmethod
    def features(
        self, examples: Sequence[Any], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        """Windows of numbers; a row may become several, or none.

        ``tokenizer`` is what the task's model reads with (``reads``): a tokenizer, an image processor, or a
        ``ftk.models.loading.image_processor.TextAndImages`` with both.
        """

    def ready(
        self, predictions: Predictions, tokenizer: Any, plan: WindowPlan, data: DataConfig, notes: Notes, place: Place
    ) -> None:
        """Do what ``ftk predict`` has to do once, before the first row; by default that is nothing.

        Args:
            predictions: runs the model over examples of this predictor.
            tokenizer: of the model.
            plan: by which texts are cut into windows.
            data: the data section of the config.
            notes: are told of faults.
            place: where it is done.
        """
        return

    def training_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        from ftk.data.row_corpus import read_training_corpus

        return read_training_corpus(data, self, notes)

    def test_corpus(self, data: DataConfig, labels: Labels | None, notes: Notes) -> Corpus:
        from ftk.data.row_corpus import read_test_corpus

        return read_test_corpus(data, self, labels, notes)

    def predictor(self) -> Predictor:
        return self
