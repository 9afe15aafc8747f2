"""The relation between two marked entities of a sentence: one label, which may have a direction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise, Scores
from ftk.data.examples.relations import RelationExample, RelationReader
from ftk.data.rows.label_names import name_of
from ftk.errors import DataError
from ftk.tasks.relation.metric import RelationMetric
from ftk.tasks.shared.single_label import OneLabel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features
    from ftk.tasks.relation.entity_windows import Signed


class Head(Enum):
    """What the label is read from."""

    entity_start = "entity_start"
    r_bert = "r_bert"


_AUTO_MODELS = {Head.entity_start: "AutoModelForEntityStart", Head.r_bert: "AutoModelForEntitySpans"}


@dataclass(kw_only=True)
class Relation(OneLabel):
    """One label for two entities. The fields are described in ``configs/task/relation.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("text", "tokens", "head", "tail", "label", "weight")
    demo: ClassVar[str | None] = "relation"
    score: ClassVar[str] = "f1_semeval"
    label_columns: ClassVar[tuple[str, ...]] = ("label", "relation", "labels", "class", "target")

    head: Head
    head_mark: str
    tail_mark: str
    head_sign: str
    tail_sign: str
    no_relation: str | None

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        for name in ("head_mark", "tail_mark"):
            if not re.fullmatch(r"[^\s<>/]+", getattr(self, name)):
                yield f"task.{name}={getattr(self, name)}: it is a name, without spaces, < > and /."
        for name in ("head_sign", "tail_sign"):
            if not re.fullmatch(r"\S+", getattr(self, name)):
                yield f"task.{name}={getattr(self, name)}: it is a sign such as @, without white space."
        for kind in ("mark", "sign"):
            tail = getattr(self, f"tail_{kind}")
            if getattr(self, f"head_{kind}") == tail:
                yield f"task.tail_{kind}={tail}: that of the head is the same; they must differ."

    @property
    def auto_model(self) -> str:  # type: ignore[override]
        return _AUTO_MODELS[self.head]

    def read(
        self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes
    ) -> list[RelationExample]:
        if isinstance(columns.get("label"), (list, tuple)):
            raise DataError("data.columns.label: two entities have one label here, in one column.")
        return RelationReader(
            columns=columns,
            labelled=labelled,
            marks=(self.head_mark, self.tail_mark),
            target=self._target,
            labels=self.label_columns,
            notes=notes,
        ).read(rows)

    def _target(self, row: Row, column: str) -> str:
        return name_of(row.values[column], row, column, self.label_names)

    def key(self, example: RelationExample) -> str:
        """The text with its signs: about other entities it is another one, and a vocabulary must have the signs."""
        return self._signed(example).text

    def _signed(self, example: RelationExample) -> Signed:
        from ftk.tasks.relation.entity_windows import signed

        if example.empty:  # the model has to see something; its answer is not written
            return signed("- -", (0, 1), (2, 3), (self.head_sign, self.tail_sign))
        return signed(example.text, example.head, example.tail, (self.head_sign, self.tail_sign))

    def check_labels(
        self, examples: Sequence[RelationExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        super().check_labels(examples, labels, split=split, policy=policy, notes=notes)
        assert labels is not None
        if self.no_relation is not None and self.no_relation not in labels.ids:
            notes.say(f"no label is '{self.no_relation}' (task.no_relation): all labels count in f1_semeval.")

    def features(
        self, examples: Sequence[RelationExample], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        """One window a row; ``head`` and ``tail`` are places in it: of the opening sign, of the entity from and to."""
        import numpy as np

        from ftk.data.batching.features import Features, Ragged
        from ftk.data.text.text_windows import TextEncoder
        from ftk.tasks.relation.entity_windows import EntityEncoder

        signs = (self.head_sign, self.tail_sign)
        encoder = EntityEncoder(TextEncoder(tokenizer, plan, pairs=False), signs, notes)
        windows = encoder.windows([self._signed(example) for example in examples], [each.row for each in examples])
        columns = {
            "input_ids": Ragged.of([window.input_ids for window in windows]),
            "head": Ragged.of([np.array(window.head, dtype=np.int32) for window in windows]),
            "tail": Ragged.of([np.array(window.tail, dtype=np.int32) for window in windows]),
        }
        if all(example.target is not None for example in examples):
            columns.update(self.target_columns(examples, labels))
        return Features(columns, np.arange(len(examples), dtype=np.int64), self.sampling_weights(examples))

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``head_start`` and ``tail_start``, [windows], or
        ``head_span`` and ``tail_span``, [windows, 2]; the targets: [windows]."""
        import numpy as np
        import torch

        from ftk.data.batching.features import padded_inputs

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], pad_id)
        for role in ("head", "tail"):
            places = torch.from_numpy(np.stack([features.columns[role][window] for window in windows]).astype(np.int64))
            if self.head is Head.entity_start:
                inputs[f"{role}_start"] = places[:, 0]
            else:
                inputs[f"{role}_span"] = places[:, 1:]
        targets = self.target_tensors(features, windows)
        return Batch(inputs, targets, windows, count=self.counted(targets, windows), tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, labels] logits."""
        return model(**batch.inputs).logits.float()

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return list(self.scores(outputs).cpu().numpy())

    def decode(
        self,
        examples: Sequence[RelationExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Scores]:
        """The probabilities of the labels for each row."""
        import numpy as np

        windows = features.windows_of(first_row, first_row + len(examples))
        return self.probabilities(np.stack([outputs[window] for window in windows]), labels)

    def metric(self, labels: Labels | None) -> RelationMetric:
        return RelationMetric(marks=(self.head_mark, self.tail_mark), no_relation=self.no_relation)

    def record(self, example: RelationExample, prediction: Scores) -> dict[str, Any]:
        """``text`` without marks, ``head`` and ``tail`` in it, ``label``, ``score``, ``scores`` by label;
        ``gold_label`` where the row has one. Of an empty row all but the text is null."""
        entities = {
            role: {"text": example.text[start:end], "start": start, "end": end}
            for role, (start, end) in (("head", example.head), ("tail", example.tail))
        }
        result = {"text": example.text, **entities, **self.decided(prediction)}
        if example.empty:
            result = dict.fromkeys(result) | {"text": ""}
        if example.gold is not None:
            result["gold_label"] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
