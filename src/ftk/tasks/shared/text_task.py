"""What all tasks have in common that say one thing of a whole text, or of two texts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise
from ftk.data.examples.texts import TextExample, TextReader, has_pairs
from ftk.tasks.shared.class_weights import drawn_by_weight
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features, Ragged


class Pooling(Enum):
    """How what a model says of the windows of a long text becomes one prediction."""

    mean = "mean"
    max = "max"
    first = "first"


@dataclass(kw_only=True)
class TextTask(RowTask):
    """One prediction a text, or a pair of texts, from a head on its first token or its pooled ones."""

    roles: ClassVar[tuple[str, ...]] = ("text", "pair", "label", "weight")
    auto_model: ClassVar[str] = "AutoModelForSequenceClassification"
    label_columns: ClassVar[tuple[str, ...]]
    """Names that the label column is known by."""

    pooling: Pooling
    pairs: Any

    @abstractmethod
    def target(self, row: Row, column: Any) -> Any:
        """What is to be learned of a row.

        Args:
            row: labelled.
            column: of its label; a list of columns where the config names one.

        Raises:
            RowFault: the column does not hold that.
        """

    @abstractmethod
    def target_columns(self, examples: Sequence[TextExample], labels: Labels | None) -> dict[str, Ragged]:
        """What ``collate`` needs of the targets of some rows, one entry a row."""

    @abstractmethod
    def target_tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """The targets of a batch: its ``targets``."""

    def counted(self, targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        """Over how many windows the loss of a batch is."""
        return len(windows)

    @abstractmethod
    def scores(self, logits: Tensor) -> Tensor:
        """[windows, outputs] logits to what is pooled over the windows of a row."""

    def sampling_weights(self, examples: Sequence[TextExample]) -> NDArray[np.float64] | None:
        """How often each row is drawn in training; None: each once a pass."""
        return drawn_by_weight(examples)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.pairs != "auto" and not isinstance(self.pairs, bool):
            yield f"task.pairs={self.pairs}: it is auto, true or false."

    def settle(self, rows: Sequence[Row], *, columns: dict[str, Any], notes: Notes) -> TextTask:
        """``pairs``: where one row has a second text all have to."""
        if self.pairs != "auto":
            return self
        return replace(self, pairs=has_pairs(rows, columns))

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[TextExample]:
        return TextReader(
            columns=columns,
            labelled=labelled,
            target=self.target,
            labels=self.label_columns,
            pairs=None if self.pairs == "auto" else self.pairs,
            notes=notes,
        ).read(rows)

    def key(self, example: TextExample) -> str:
        return example.texts

    def features(
        self, examples: Sequence[TextExample], tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes
    ) -> Features:
        import numpy as np

        from ftk.data.batching.features import Features, Ragged
        from ftk.data.text.text_windows import TextEncoder, takes_segments

        pairs = any(example.pair is not None for example in examples)
        encoder = TextEncoder(tokenizer, plan, pairs=pairs)
        firsts = encoder.tokens([example.text for example in examples])
        seconds = encoder.tokens([example.pair or "" for example in examples]) if pairs else None
        rows: list[int] = []
        ids: list[NDArray[np.int32]] = []
        segments: list[NDArray[np.int32]] = []
        for number, (first, _) in enumerate(firsts):
            windows = encoder.windows(first, next(seconds)[0] if seconds is not None else None)
            windows = self._pooled(windows, plan, notes)
            rows += [number] * len(windows)
            ids += [window.input_ids for window in windows]
            segments += [np.array([window.segment], dtype=np.int32) for window in windows]
        columns = {"input_ids": Ragged.of(ids)}
        if pairs and takes_segments(tokenizer):
            columns["segment"] = Ragged.of(segments)
        row = np.array(rows, dtype=np.int64)
        if all(example.target is not None for example in examples):
            for name, of_rows in self.target_columns(examples, labels).items():
                columns[name] = Ragged.of([of_rows[number] for number in rows], of_rows.values.dtype.type)
        weights = self.sampling_weights(examples)
        return Features(columns, row, None if weights is None else weights[row])

    def _pooled(self, windows: list[Any], plan: WindowPlan, notes: Notes) -> list[Any]:
        """The windows that are read."""
        if len(windows) == 1:
            return windows
        what = f"row|rows longer than {plan.length} tokens"
        if self.pooling is Pooling.first:
            notes.count(what, "read up to the end of the first window (task.pooling=first)")
            return windows[:1]
        notes.count(what, f"read in overlapping windows, of which the {self.pooling.value} counts")
        notes.count("window|windows", "for the rows longer than one", number=len(windows))
        return windows

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``, for pairs ``token_type_ids``: [windows, time]; targets: [windows, …]."""
        from ftk.data.batching.features import padded_inputs
        from ftk.data.text.text_windows import add_segments

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], pad_id)
        if "segment" in features.columns:
            add_segments(inputs, [int(features.columns["segment"][window][0]) for window in windows])
        targets = self.target_tensors(features, windows)
        return Batch(inputs, targets, windows, count=self.counted(targets, windows), tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, outputs] logits."""
        return model(**batch.inputs).logits.float()

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[outputs] scores of each window."""
        return list(self.scores(outputs).cpu().numpy())

    def pooled(
        self, count: int, features: Features, first_row: int, outputs: dict[int, NDArray[Any]]
    ) -> NDArray[np.float32]:
        """[rows, outputs] the scores of some rows, over their windows."""
        import numpy as np

        over = np.max if self.pooling is Pooling.max else np.mean
        rows = []
        for row in range(first_row, first_row + count):
            windows = [outputs[window] for window in features.windows_of(row, row + 1)]
            rows.append(windows[0] if len(windows) == 1 else over(windows, axis=0))
        return np.asarray(rows, dtype=np.float32)

    @staticmethod
    def written(example: TextExample, result: dict[str, Any], gold: str) -> dict[str, Any]:
        """A record: the other columns of the input, the texts, the result, and the gold standard under its name."""
        texts = {"text": example.text} if example.pair is None else {"text": example.text, "pair": example.pair}
        result = {**texts, **result}
        if example.gold is not None:
            result[gold] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
