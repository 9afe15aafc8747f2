"""What a task of your own imports: the classes to inherit from, and the values that pass through it."""

from ftk.contracts import finding_kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.example import Example
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.spec import LOCAL_FILE, STATISTIC, Scoring, TaskSpec, Wording
from ftk.contracts.task import Task
from ftk.contracts.values import Batch, Labels, Loss, UnseenLabel
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_task import RowTask

__all__ = [
    "LOCAL_FILE",
    "STATISTIC",
    "Batch",
    "Encoding",
    "Example",
    "Features",
    "FindingKind",
    "Labels",
    "Loss",
    "Notes",
    "Ragged",
    "Reading",
    "Row",
    "RowOutputs",
    "RowTask",
    "SampleSeed",
    "Scoring",
    "Task",
    "TaskSpec",
    "UnseenLabel",
    "Wording",
    "finding_kinds",
    "padded_inputs",
    "with_columns",
]
