"""What a task of your own imports: the classes to inherit from, and the values that pass through it."""

from ftk.contracts import finding_kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.example import Example, Number, Tie
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.spec import LOCAL_FILE, STATISTIC, Scoring, TaskSpec, Wording
from ftk.contracts.task import Task
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.text.word_windows import SubwordEncoder
from ftk.data.text.words import Words, split_words
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_task import RowTask
from ftk.tasks.shared.single_label import SingleLabel
from ftk.tasks.shared.text_input import Pooling, TextInput, logits_of, text_record

__all__ = [
    "LOCAL_FILE",
    "STATISTIC",
    "Batch",
    "ClassMetric",
    "ClassWeights",
    "Encoding",
    "Example",
    "Features",
    "FindingKind",
    "Labels",
    "Loss",
    "Notes",
    "Number",
    "Pooling",
    "Ragged",
    "Reading",
    "Row",
    "RowFault",
    "RowOutputs",
    "RowTask",
    "SampleSeed",
    "Sampling",
    "Scores",
    "Scoring",
    "SingleLabel",
    "SubwordEncoder",
    "Task",
    "TaskSpec",
    "TextExample",
    "TextInput",
    "Tie",
    "UnseenLabel",
    "Wording",
    "Words",
    "finding_kinds",
    "logits_of",
    "padded_inputs",
    "read_rows",
    "split_words",
    "text_record",
    "with_columns",
]
