"""Sources and targets: read from rows, and as padded tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.examples.sequences import GeneratedText, SequenceExample, SequenceReader
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.generation.features import SequenceEncoder, SequenceFeatures
from ftk.tasks.shared.class_weights import drawn_by_weight
from ftk.tasks.shared.records import with_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LongSources(Enum):
    """What to do with a source that is longer than a window."""

    first = "first"
    error = "error"


class LongTargets(Enum):
    """What to do with a target that is longer than ``max_target_length``."""

    cut = "cut"
    error = "error"


@dataclass(frozen=True, slots=True)
class SequenceInput:
    """How sources and targets are read; the attributes are fields of the task with the same names.

    Attributes:
        source_prefix: is put before each source.
        long_sources: the policy for sources that are longer than a window.
        max_target_length: the number of tokens of a target that are learned, special ones included.
        long_targets: the policy for targets that are longer.
    """

    source_prefix: str
    long_sources: LongSources
    max_target_length: int
    long_targets: LongTargets

    def validate(self) -> Iterator[str]:
        """Yield the mistakes in the values."""
        if self.max_target_length < 1:
            yield f"task.max_target_length={self.max_target_length}: it must be at least 1."

    def read(self, rows: Iterable[Row], reading: Reading) -> list[SequenceExample]:
        """Check rows and make an example of each."""
        reader = SequenceReader(
            columns=reading.columns,
            labelled=reading.labelled,
            notes=reading.notes,
            unlabelled=reading.unlabelled,
        )
        examples = reader.read(rows)
        for example in examples:
            example.prefix = self.source_prefix
        return examples

    def features(self, examples: Sequence[SequenceExample], encoding: Encoding) -> SequenceFeatures:
        """One window for each source that the tokenizer leaves something of: ``input_ids``, and for labelled rows
        ``labels``.

        Raises:
            DataError: a source or a target is too long for the policies.
        """
        notes = encoding.notes
        encoder = SequenceEncoder(
            encoding.processor,
            encoding.windows,
            prefix=self.source_prefix,
            longest=self.max_target_length,
            notes=notes,
        )
        rows: list[int] = []
        ids: list[NDArray[np.int32]] = []
        for number, (source, is_long) in enumerate(encoder.sources([example.source for example in examples])):
            row = examples[number].row
            if source is None and examples[number].source.strip():
                notes.add(kinds.VANISHED_SOURCE, row.where)
            if is_long:
                policy = self.long_sources.value
                notes.add(kinds.LONG_SOURCE, row.where, policy=policy, length=encoding.windows.length)
            if source is not None:
                rows.append(number)
                ids.append(source)
        columns = {"input_ids": Ragged.of(ids)}
        if examples and all(example.targets is not None for example in examples):
            columns["labels"] = Ragged.of(self._targets(encoder, [examples[number] for number in rows], notes))
        notes.raise_errors()
        index = np.array(rows, dtype=np.int64)
        weights = drawn_by_weight(examples)
        weight = None if weights is None else weights[index]
        return SequenceFeatures(columns, index, encoding.pad_id, weight, encoding.processor)

    def _targets(self, encoder: Any, examples: Sequence[SequenceExample], notes: Notes) -> list[NDArray[np.int32]]:
        found = []
        texts = [example.targets[0] if example.targets else "" for example in examples]
        for example, (ids, is_long) in zip(examples, encoder.targets(texts), strict=True):
            found.append(ids)
            if is_long:
                policy = self.long_targets.value
                notes.add(kinds.LONG_TARGET, example.row.where, policy=policy, most=self.max_target_length)
        return found


def references_of(rows: Iterable[Row], reading: Reading) -> Iterator[str]:
    """Yield the targets of rows. Rows with a fault are skipped: the fault is counted when all rows are read."""
    for row in rows:
        for example in SequenceReader(columns=reading.columns, labelled=True, notes=Notes()).read([row]):
            yield from example.references


def sequence_batch(features: Features, windows: Sequence[int]) -> Batch:
    """``input_ids``, ``attention_mask``: [windows, time].

    The targets: ``labels``, [windows, length], -100 at padding; ``label`` and ``place``, [tokens], the tokens of all
    targets one after the other, and their places in the flat ``labels``. The model makes the input of its decoder from
    ``labels``, because it knows the token that a text begins with.
    """
    import torch

    from ftk.models.forward.generation import IGNORED

    columns = features.columns
    inputs, tokens = padded_inputs([columns["input_ids"][window] for window in windows], features.pad_id)
    if "labels" not in columns:
        return Batch(inputs, {}, windows, count=0, tokens=tokens)
    padded, count = padded_inputs([columns["labels"][window] for window in windows], IGNORED)
    labels = padded["input_ids"]
    place = torch.flatten(labels != IGNORED).nonzero()[:, 0]
    targets = {"labels": labels, "place": place, "label": labels.flatten()[place]}
    positions = inputs["input_ids"].numel() + labels.numel()
    return Batch(inputs, targets, windows, count=count, tokens=tokens + count, positions=positions)


def sequence_record(example: SequenceExample, prediction: GeneratedText) -> dict[str, Any]:
    """``source``, ``target``, the text that is generated, ``unfinished`` if it is; ``gold_target`` if there is one."""
    result: dict[str, Any] = {"source": example.source, "target": prediction.text}
    if prediction.unfinished:
        result["unfinished"] = True
    if example.gold is not None:
        result["gold_target"] = example.gold
    return with_columns(example.columns, result)
