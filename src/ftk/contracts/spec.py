"""The facts about a task that others read: values, no methods to override."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from ftk.contracts.confidence import Confidence
    from ftk.contracts.explanations import Explains
    from ftk.contracts.notes import Notes
    from ftk.contracts.outcomes import FindAnswers, FindErrors, Statistics
    from ftk.contracts.saved_head import SavedHead
    from ftk.contracts.values import Batch, Labels

    Adopt = Callable[[Any, SavedHead, Notes], tuple[Any, Labels | None]]
    Beside = Callable[..., Mapping[str, Any]]
    Explain = Callable[[Any], Explains]
    Settle = Callable[[Any, SavedHead | None, Notes], Any]
    RowLosses = Callable[[Any, Batch], Tensor]
    LabelExamples = Callable[[Any, Labels, Notes], Sequence[Any]]

LOCAL_FILE: Mapping[str, Any] = {"local_file": True}
"""Metadata of a field that names a file of the user. It must be null in every model folder, else the folder is refused:
``candidates: str | None = field(metadata=LOCAL_FILE)``."""
STATISTIC: Mapping[str, Any] = {"statistic": True}
"""Metadata of a field that only training fills in, from its rows. A config that sets it is refused."""
OF_OTHERS: Mapping[str, Any] = {"of_others": True}
"""Metadata of a field that is about models of other tools. A training that sets it is refused."""


class Probe(Enum):
    """What the head of a task is, for a linear model that is fitted to the states of a frozen encoder: the targets of
    a batch have it as ``label``, and how much each counts as ``weight``.

    ``classes``: [windows] one class of many. ``labels``: [windows, labels] any number of labels. ``numbers``: [windows,
    outputs]. ``tokens``: [words] one class for each ``position``, which counts in windows * time.
    """

    classes = "classes"
    labels = "labels"
    numbers = "numbers"
    tokens = "tokens"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that messages about a task use.

    Attributes:
        subject: what two rows share that are equal to learn from.
        labels: what the outputs of the model are called; None if they mean nothing to a user.
        groups: what rows of one group are called, see ``Example.group``.
    """

    subject: str = "text"
    labels: str | None = "labels"
    groups: str = "training rows that all belong together"


@dataclass(frozen=True, slots=True)
class Scoring:
    """How many rows of the validation split are predicted and scored while training runs.

    The loss is always over all rows. If predicting is costly, a validation may do without scores: such validations are
    compared with one another by their loss, and never with those that have scores. When training has ended, every row
    is predicted.

    Attributes:
        every: each validation with a multiple of this number, and the last one, has scores; None: none has.
        rows: the number of rows that are predicted, from the first on; None: all.
    """

    every: int | None = 1
    rows: int | None = None

    def rows_at(self, validation: int, *, last: bool) -> int | None:
        """The number of rows to predict in a validation; None: all.

        Args:
            validation: its number in the run, counted from 1.
            last: whether the run ends with it.
        """
        if self.every is None or (validation % self.every and not last):
            return 0
        return self.rows


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictorSpec:
    """What is needed to run a model.

    Attributes:
        auto_model: the class that puts the head on an encoder: an auto class of transformers, or one of
            `ftk.models.architectures.heads`.
        rows_at_once: the number of rows whose outputs are held in memory together. Their windows are sorted by length,
            so more rows mean less padding. They are fewer for a model with thousands of labels.
        labels_each_token: whether the outputs have a number for each label at each token, and not for each window.
    """

    auto_model: str
    rows_at_once: int = 512
    labels_each_token: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec(PredictorSpec):
    """The facts about a task.

    Attributes:
        columns: the columns that it reads, the keys of ``data.columns``.
        score: the metric that chooses the best model.
        higher_is_better: whether a higher ``score`` is better.
        lower_is_better: the names of metrics for which lower is better, for a user who chooses the best model by one of
            them (``train.metric``).
        command: the command that trains it, pretrain or finetune.
        modalities: what its model reads: ``text`` needs a tokenizer, ``image`` an image processor.
        prefixes: the roles of its texts that the prefixes of a model (``model.text_prefix``) stand before; none if what
            it predicts are places or tokens of the text.
        demo: the folder of its built-in demo corpus, if it has one.
        problem_type: what transformers calls this kind of problem; it is written to config.json.
        writes_records: whether each row has a prediction that is written to ``predictions/``.
        tunable_fields: the fields that ``Task.tune`` sets on the validation split. A value from the config wins.
        untuned_default: describes what is used if there is no validation split to tune on; None if nothing is tuned.
        in_batch_loss_hint: set if the loss compares the rows of a batch with one another. Such a batch must not be cut
            into micro batches; the hint says how else to save memory.
        scoring: how many rows are predicted while training runs.
        finds_spans: whether it marks parts of its texts. No entry of a vocabulary that is learned for it covers several
            characters of scripts without spaces.
        in_memory: whether all rows must be in memory, because windows are made of several rows together, or are no
            numbers in flat arrays.
        adopt: takes over a model that another tool trained: gets the task, the head of the model and notes, and returns
            the task with the fields that training would have set, and the labels in the order of the outputs. It raises
            ``ModelError`` if the outputs are not what the task predicts, and ``ConfigError`` if a field does not fit
            the labels. None: only models that ftk trained for the task can be used.
        settle: gets the task, the head that the files of the model name from which it is trained (None for random
            weights), and notes about what they decide; gives the task with the fields that these files decide. It
            raises ``ModelError`` if they ask for what ftk does not have. None: they decide none.
        keeps_class: whether other libraries open its models by the class of transformers, so that
            ``model.pooling=auto`` never puts a head of ftk on one.
        beside: the JSON files by which other libraries know how to use the model, with their contents, by name; gets
            the config of the model, the length of its windows, and ``prefix``: what stands before texts. None: they
            need none.
        statistics: gets the records of a split and the fields of the task, and gives the numbers of each row that add
            up to ``score``, and to other scores, by name. None: intervals and comparisons are not known for the task.
        answers: the same for the answers of the model, each right or wrong. None: they are neither.
        row_losses: gets the outputs of ``forward`` and the batch, and gives [windows] the negative log-likelihood of
            the label of each window, of the worst one where it has several, for ``train.dynamics``. None: training
            leaves no losses of rows.
        errors: the same for numbers that are near the right ones or far from them. None: it predicts no numbers.
        explains: gets the task, and says how its predictions are explained. None: they are not.
        probe: what its head is, so that it can be fitted to the states of a frozen encoder before the first step. None:
            it begins with random weights.
        label_examples: gets the task, the labels of the model and notes, and gives examples whose texts are the names
            or descriptions of labels; the fit of the head learns from them, too. None: labels have no texts.
        confidence: the probabilities in its predictions. None: it has none that could be calibrated.
        wording: the words of messages.
    """

    columns: tuple[str, ...]
    score: str
    higher_is_better: bool = True
    lower_is_better: frozenset[str] = frozenset({"loss"})
    command: str = "finetune"
    modalities: tuple[str, ...] = ("text",)
    prefixes: tuple[str, ...] = ()
    demo: str | None = None
    problem_type: str | None = None
    writes_records: bool = True
    tunable_fields: tuple[str, ...] = ()
    untuned_default: str | None = None
    in_batch_loss_hint: str | None = None
    scoring: Scoring = Scoring()
    finds_spans: bool = False
    in_memory: bool = False
    adopt: Adopt | None = None
    settle: Settle | None = None
    keeps_class: bool = False
    beside: Beside | None = None
    statistics: Statistics | None = None
    answers: FindAnswers | None = None
    row_losses: RowLosses | None = None
    errors: FindErrors | None = None
    explains: Explain | None = None
    probe: Probe | None = None
    label_examples: LabelExamples | None = None
    confidence: Confidence | None = None
    wording: Wording = Wording()


def adopt_as_it_is(task: Any, head: SavedHead, notes: Notes) -> tuple[Any, None]:
    """The task itself, for ``TaskSpec.adopt``: nothing of it depends on training rows."""
    return task, None


def local_file_fields(task: Any) -> tuple[str, ...]:
    """The names of the fields of a task, or of a task's class, that have the metadata ``LOCAL_FILE``."""
    return _marked(task, LOCAL_FILE)


def statistics_fields(task: Any) -> tuple[str, ...]:
    """The names of the fields of a task, or of a task's class, that have the metadata ``STATISTIC``."""
    return _marked(task, STATISTIC)


def of_others_fields(task: Any) -> tuple[str, ...]:
    """The names of the fields of a task, or of a task's class, that have the metadata ``OF_OTHERS``."""
    return _marked(task, OF_OTHERS)


def _marked(task: Any, mark: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(task) if mark.items() <= item.metadata.items())
