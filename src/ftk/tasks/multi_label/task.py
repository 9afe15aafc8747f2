"""Any number of labels for a text, or for two texts, each by a threshold of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Scores
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import RowFault, parse_json_list
from ftk.data.rows.columns import find_column
from ftk.data.rows.label_names import in_order, name_of, names_faults, read_names
from ftk.errors import ConfigError, DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.multi_label.metric import LabelSetMetric, best_thresholds
from ftk.tasks.shared.class_weights import Weighing
from ftk.tasks.shared.single_label import note_unseen
from ftk.tasks.shared.text_task import TextTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.data.batching.features import Features, Ragged

_PRESENT = {"1": True, "0": False, "true": True, "false": False}


@dataclass(kw_only=True)
class MultiLabel(Weighing, TextTask):
    """Any number of labels. The fields are described in ``configs/task/multi-label.yaml``."""

    demo: ClassVar[str | None] = "multi-label"
    problem_type: ClassVar[str | None] = "multi_label_classification"
    score: ClassVar[str] = "f1_micro"
    label_columns: ClassVar[tuple[str, ...]] = ("labels", "label", "categories", "classes", "tags")

    label_names: Any
    separator: str
    threshold: Any
    thresholds: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from names_faults(self.label_names)
        if not self.separator:
            yield 'task.separator=: it is the sign between the labels of one cell, such as ";".'
        fixed = self.threshold
        if fixed != "tuned" and not _is_probability(fixed):
            yield f"task.threshold={fixed}: it is tuned, or a probability between 0 and 1."
        given = self.thresholds
        if given is None:
            return
        if not isinstance(given, Mapping):
            yield f"task.thresholds={given}: it is null, or a probability by label: {{spam: 0.3}}."
            return
        for name, threshold in given.items():
            if not _is_probability(threshold):
                yield f"task.thresholds.{name}={threshold}: it is a probability between 0 and 1."
        if _is_probability(fixed):
            yield f"task.thresholds: task.threshold={fixed} would count instead; leave out one of the two."

    @property
    def tuned(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("thresholds",) if self.threshold == "tuned" else ()

    def settle(self, rows: Sequence[Row], *, columns: dict[str, Any], notes: Notes) -> TextTask:
        """As every task on texts; a column of 0 and 1 that is named as if it held labels is refused.

        Raises:
            DataError: it says of one label whether a row has it.
        """
        settled = super().settle(rows, columns=columns, notes=notes)
        if self.label_names is not None or isinstance(columns.get("label"), (list, tuple)):
            return settled
        held: dict[str, set[str]] = {}
        for row in rows:
            column = find_column(row, "label", columns, self.label_columns, needed=False)
            if column is not None:
                held.setdefault(column, set()).add(str(row.values[column]).strip().removesuffix(".0"))
        for column, values in held.items():
            if values == {"0", "1"}:
                raise DataError(
                    f"data.columns.label: all rows have 0 or 1 in '{column}'. data.columns.label=[{column}] reads it "
                    "as a column that says of one label whether a row has it; task.label_names=[…] names two labels."
                )
        return settled

    def target(self, row: Row, column: Any) -> tuple[str, ...]:
        if isinstance(column, list):
            return tuple(name for name in column if self._present(row, name))
        value = parse_json_list(row.values[column])
        if str(value).strip().lower() in ("true", "false"):
            raise RowFault(kinds.TRUTH_VALUES, f"{row.where}: {column}={value!r}", column=column)
        if value is None:
            return ()
        if isinstance(value, str):
            value = [part for part in value.split(self.separator) if part.strip()]
        if not isinstance(value, (list, tuple)):
            value = [value]
        names = tuple(dict.fromkeys(name_of(item, row, column, self.label_names) for item in value))
        return names

    def _present(self, row: Row, column: str) -> bool:
        """Whether a column of its own says that a row has a label."""
        value = row.values[column]
        text = str(value).strip().lower().removesuffix(".0")
        if text not in _PRESENT:
            shown = f"{column}={value!r}" if str(value).strip() and value is not None else f"{column} is empty"
            raise RowFault(kinds.NOT_ZERO_OR_ONE, f"{row.where}: {shown}"[:200])
        return _PRESENT[text]

    def fit(self, examples: Sequence[TextExample]) -> MultiLabel:
        if self.class_weights != "balanced":
            return self
        counts = dict.fromkeys(in_order(name for example in examples for name in example.target), 0)
        for example in examples:
            for name in example.target:
                counts[name] += 1
        return replace(self, class_weights={name: (len(examples) - count) / count for name, count in counts.items()})

    def labels(self, examples: Sequence[TextExample]) -> Labels:
        found = in_order(name for example in examples for name in example.target)
        if not found:
            raise DataError("data.train: no row has a label; there is nothing to learn.")
        return Labels(found)

    def check_fields(self, labels: Labels | None) -> None:
        assert labels is not None
        self.weight_of(labels.names)
        for name in self.thresholds or {}:
            if name not in labels.ids:
                known = ", ".join(labels.names[:20]) + (", …" if len(labels.names) > 20 else "")
                raise ConfigError(f"task.thresholds.{name}: there is no such label; there are {known}.")

    def check_labels(
        self, examples: Sequence[TextExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        assert labels is not None
        for example in examples:
            for name in example.target:
                if name not in labels.ids:
                    note_unseen(example, name, labels, split, policy, notes)

    def target_columns(self, examples: Sequence[TextExample], labels: Labels | None) -> dict[str, Ragged]:
        import numpy as np

        from ftk.data.batching.features import Ragged

        assert labels is not None
        present = np.zeros((len(examples), len(labels.names)), dtype=np.int32)
        for row, example in enumerate(examples):
            present[row, [labels.ids[name] for name in example.target if name in labels.ids]] = 1
        columns = {"label": Ragged.of(list(present))}
        weights = self.weight_of(labels.names)
        if weights is not None:
            each = np.where(present, np.array(weights, dtype=np.float32), np.float32(1))
            columns["weight"] = Ragged.of(list(each), np.float32)
        return columns

    def target_tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        import numpy as np
        import torch

        return {
            name: torch.from_numpy(np.stack([features.columns[name][window] for window in windows])).float()
            for name in ("label", "weight")
            if name in features.columns
        }

    def begin(self, model: Any, features: Features) -> None:
        """Each label as likely as it is in the training rows, for any text.

        With even odds for labels that are rare the first thing that is learned is to say no to everything, and a model
        that learns it by its features may lose what they tell of a text (Lin et al. 2017, section 3.3).
        """
        import torch

        label = features.columns["label"].values.reshape(len(features), -1)
        present = torch.from_numpy(label.mean(axis=0))
        least = 1 / (len(label) + 1)
        odds = torch.logit(present.clamp(least, 1 - least)).float()
        for module in reversed(list(model.modules())):
            if isinstance(module, torch.nn.Linear) and module.bias is not None and module.out_features == len(odds):
                module.bias.data.copy_(odds)
                return

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from ftk.tasks.shared.losses import several_of_many

        total = several_of_many(
            outputs,
            batch.targets["label"],
            weight=batch.targets.get("weight"),
            smoothing=self.label_smoothing,
            focal=self.focal,
        )
        return Loss(total, batch.count)

    def scores(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def decode(
        self,
        examples: Sequence[TextExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Scores]:
        """The probability of each label for each row."""
        assert labels is not None
        return [Scores(labels.names, row) for row in self.pooled(len(examples), features, first_row, outputs)]

    def tune(self, scored: Sequence[tuple[TextExample, Scores]], labels: Labels | None) -> MultiLabel:
        if self.threshold != "tuned":
            return self
        assert labels is not None
        found = best_thresholds(
            [example.target for example, _ in scored], [prediction.values for _, prediction in scored], labels.names
        )
        return replace(self, thresholds=found)

    @property
    def untuned(self) -> str | None:
        if self.threshold != "tuned" or self.thresholds is not None:
            return None
        return "a label is given from a probability of 0.5 on (task.threshold=… for another)"

    def threshold_of(self, name: str) -> float:
        """The probability from which on a label is given; one half where validation could say nothing of it."""
        if self.threshold != "tuned":
            return float(self.threshold)
        return float((self.thresholds or {}).get(name, 0.5))

    def metric(self, labels: Labels | None) -> LabelSetMetric:
        assert labels is not None
        return LabelSetMetric(labels.names, [self.threshold_of(name) for name in labels.names])

    def record(self, example: TextExample, prediction: Scores) -> dict[str, Any]:
        """``labels``, the likeliest first, ``scores`` by label; ``gold_labels`` where the row has some."""
        scores = prediction.rounded
        given = [
            name
            for name, value in zip(prediction.names, prediction.values, strict=True)
            if value >= self.threshold_of(name)
        ]
        given.sort(key=lambda name: -scores[name])
        return self.written(example, {"labels": given, "scores": scores}, "gold_labels")


def _is_probability(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1
