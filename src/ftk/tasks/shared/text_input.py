"""What tasks share that predict one thing for a whole text, or for a pair of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, WindowPlan
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.texts import Target, TextExample, TextReader, has_pairs
from ftk.data.text.text_windows import TextEncoder, TextWindow, add_segments, takes_segments
from ftk.tasks.shared.records import with_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor

COLUMNS = ("text", "pair", "label", "weight")
"""The columns of a task on texts."""
ROLES = ("text", "pair")
"""The roles of their texts, for the prefixes of a model."""
AUTO_MODEL = "AutoModelForSequenceClassification"
"""The class that puts a head on the first token of a text, or on its pooled tokens."""


class Pooling(Enum):
    """How the outputs for the windows of a long text become one prediction."""

    mean = "mean"
    max = "max"
    first = "first"


class Targets(Protocol):
    """What a text's task learns: ``SingleLabel``, for instance."""

    def sampling_weights(self, examples: Sequence[Any]) -> NDArray[np.float64] | None:
        """[rows] how often each is drawn in training; None: each once per epoch."""
        ...

    def columns(self, examples: Sequence[Any], labels: Labels | None) -> dict[str, Ragged]:
        """What a batch needs of the targets, one entry per row."""
        ...

    def tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """The targets of a batch."""
        ...

    def count(self, targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        """The number of windows that the loss of a batch is over."""
        ...


@dataclass(frozen=True, slots=True)
class TextInput:
    """Reads texts and pairs, cuts them into windows, and pools what the model computes of the windows.

    Attributes:
        pooling: how the windows of a text become one prediction; a field of the task.
        pairs: whether rows have a second text: auto, true or false; a field of the task.
        label_columns: the names by which a label column is recognised.
        roles: of the text and of the second one, for the prefixes of a model.
    """

    pooling: Pooling
    pairs: Any
    label_columns: tuple[str, ...]
    roles: tuple[str, str] = ROLES

    def validate(self) -> Iterator[str]:
        """Yield the mistakes in the values."""
        if self.pairs != "auto" and not isinstance(self.pairs, bool):
            yield f"task.pairs={self.pairs}: it must be auto, true or false."

    def resolved_pairs(self, rows: Sequence[Row], reading: Reading) -> Any:
        """The field ``pairs``, with ``auto`` replaced: if one row has a second text, all must have one."""
        return has_pairs(rows, reading.columns) if self.pairs == "auto" else self.pairs

    def read(self, rows: Iterable[Row], reading: Reading, target: Target) -> list[TextExample]:
        """Check rows and make an example of each.

        Args:
            rows: of one split.
            reading: how they are read.
            target: makes the target of a labelled row and its label column, or columns. Raises RowFault.
        """
        return TextReader(
            columns=reading.columns,
            labelled=reading.labelled,
            target=target,
            labels=self.label_columns,
            pairs=None if self.pairs == "auto" else self.pairs,
            notes=reading.notes,
            unlabelled=reading.unlabelled,
        ).read(rows)

    def features(self, examples: Sequence[TextExample], encoding: Encoding, targets: Targets) -> Features:
        """The windows of some texts: ``input_ids``, for pairs ``segment``, and the columns of the targets."""
        pairs = any(example.pair is not None for example in examples)
        encoder = TextEncoder(encoding.processor, encoding.windows, pairs=pairs, notes=encoding.notes)
        firsts = encoder.tokens([example.text for example in examples], role=self.roles[0])
        others = [example.pair or "" for example in examples]
        seconds = encoder.tokens(others, role=self.roles[1]) if pairs else None
        rows: list[int] = []
        ids: list[NDArray[np.int32]] = []
        segments: list[NDArray[np.int32]] = []
        for number, (first, _) in enumerate(firsts):
            second = next(seconds)[0] if seconds is not None else None
            windows = encoder.windows(first, second)
            if second is not None and encoder.is_cut(len(first), len(second)):
                where = examples[number].row.where
                encoding.notes.add(kinds.CUT_PAIR, where, most=encoding.windows.max_windows)
            windows = self._read_windows(windows, encoding.windows, encoding.notes)
            rows += [number] * len(windows)
            ids += [window.input_ids for window in windows]
            segments += [np.array([window.segment], dtype=np.int32) for window in windows]
        columns = {"input_ids": Ragged.of(ids)}
        if pairs and takes_segments(encoding.processor):
            columns["segment"] = Ragged.of(segments)
        row = np.array(rows, dtype=np.int64)
        if all(example.target is not None for example in examples):
            for name, of_rows in targets.columns(examples, encoding.labels).items():
                columns[name] = Ragged.of([of_rows[number] for number in rows], of_rows.values.dtype.type)
        weights = targets.sampling_weights(examples)
        return Features(columns, row, encoding.pad_id, None if weights is None else weights[row])

    def _read_windows(self, windows: list[TextWindow], plan: WindowPlan, notes: Notes) -> list[TextWindow]:
        """The windows of a text that are read."""
        if len(windows) == 1:
            return windows
        if self.pooling is Pooling.first:
            notes.add(kinds.LONG_ROW, policy="first", length=plan.length)
            return windows[:1]
        notes.add(kinds.LONG_ROW, policy="pooled", length=plan.length, pooling=self.pooling.value)
        notes.add(kinds.WINDOWS, number=len(windows))
        return windows

    def collate(self, features: Features, windows: Sequence[int], targets: Targets) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; targets: [windows, …]."""
        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        if "segment" in features.columns:
            add_segments(inputs, [int(features.columns["segment"][window][0]) for window in windows])
        tensors = targets.tensors(features, windows)
        return Batch(inputs, tensors, windows, count=targets.count(tensors, windows), tokens=tokens)

    def pooled(self, outputs: RowOutputs, rows: int) -> NDArray[np.float32]:
        """[rows, outputs] the scores of some rows, pooled over their windows."""
        over = np.max if self.pooling is Pooling.max else np.mean
        found = []
        for row in range(rows):
            windows = outputs.of(row)
            found.append(windows[0] if len(windows) == 1 else over(windows, axis=0))
        return np.asarray(found, dtype=np.float32)


def logits_of(model: Any, batch: Batch) -> Tensor:
    """[windows, outputs] the logits of a model for a batch, in fp32."""
    logits: Tensor = model(**batch.inputs).logits.float()
    return logits


def text_record(example: TextExample, result: dict[str, Any], gold: str) -> dict[str, Any]:
    """A record: the other columns of the input, the texts, the result, and the gold standard under its name."""
    texts = {"text": example.text} if example.pair is None else {"text": example.text, "pair": example.pair}
    result = {**texts, **result}
    if example.gold is not None:
        result[gold] = example.gold
    return with_columns(example.columns, result)
