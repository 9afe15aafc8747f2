"""What all tasks have in common that give a row one label of many: names, weights, loss and probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.values import Batch, Labels, Loss, Scores
from ftk.data.rows.label_names import in_order, names_faults, read_names, shortened
from ftk.errors import DataError
from ftk.tasks.shared.class_weights import Sampling, Weighing, balanced, drawn_by_weight
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.data.batching.features import Features, Ragged


@dataclass(kw_only=True)
class OneLabel(Weighing, RowTask):
    """One label of many, for a task to inherit from. Its examples have ``target``, ``weight`` and ``row``."""

    label_names: Any
    sampling: Sampling

    def __post_init__(self) -> None:
        super().__post_init__()
        self.label_names = read_names(self.label_names)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from names_faults(self.label_names)

    def fit(self, examples: Sequence[Any]) -> OneLabel:
        if self.class_weights != "balanced":
            return self
        return replace(self, class_weights=balanced(example.target for example in examples))

    def labels(self, examples: Sequence[Any]) -> Labels:
        found = in_order(example.target for example in examples)
        if len(found) < 2:
            raise DataError(
                f"data.train: all rows have one label, {found[0]}; there is nothing to learn. data.columns.label names "
                "the column."
            )
        return Labels(found)

    def check_fields(self, labels: Labels | None) -> None:
        assert labels is not None
        self.weight_of(labels.names)

    def check_labels(
        self, examples: Sequence[Any], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        assert labels is not None
        for example in examples:
            if example.target not in labels.ids:
                note_unseen(example, example.target, labels, split, policy, notes)

    def sampling_weights(self, examples: Sequence[Any]) -> NDArray[np.float64] | None:
        """How often each row is drawn in training; None: each once a pass."""
        weights = drawn_by_weight(examples)
        if self.sampling is Sampling.natural or any(example.target is None for example in examples):
            return weights
        import numpy as np

        counts = Counter(example.target for example in examples)
        each = np.array([1 / counts[example.target] for example in examples])
        return each if weights is None else each * weights

    def target_columns(self, examples: Sequence[Any], labels: Labels | None) -> dict[str, Ragged]:
        """What ``collate`` needs of the labels of some rows, one entry a row."""
        import numpy as np

        from ftk.data.batching.features import Ragged

        assert labels is not None
        ids = np.array([labels.ids.get(example.target, -1) for example in examples], dtype=np.int32)
        columns = {"label": Ragged.of(list(ids[:, None]))}
        weights = self.weight_of(labels.names)
        if weights is not None:
            each = np.append(np.array(weights, dtype=np.float32), np.float32(0))[ids]
            columns["weight"] = Ragged.of(list(each[:, None]), np.float32)
        return columns

    def target_tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """``label`` and, where labels have weights, ``weight``: [windows]."""
        import torch

        columns = features.columns
        targets = {}
        if "label" in columns:
            targets["label"] = torch.tensor([int(columns["label"][window][0]) for window in windows])
        if "weight" in columns:
            targets["weight"] = torch.tensor([float(columns["weight"][window][0]) for window in windows])
        return targets

    def counted(self, targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        """Over how many windows the loss of a batch is: those whose label the model knows."""
        return int((targets["label"] >= 0).sum()) if "label" in targets else len(windows)

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        from ftk.tasks.shared.losses import one_of_many

        label = batch.targets["label"]
        total = one_of_many(
            outputs, label, weight=batch.targets.get("weight"), smoothing=self.label_smoothing, focal=self.focal
        )
        return Loss(total, batch.count)

    def scores(self, logits: Tensor) -> Tensor:
        """[windows, labels] log-probabilities."""
        return logits.log_softmax(-1)

    @staticmethod
    def probabilities(scores: NDArray[np.float32], labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row, from [rows, labels] log-probabilities that need not be ones."""
        import numpy as np

        assert labels is not None
        shares = np.exp(scores.astype(np.float64))
        shares /= shares.sum(-1, keepdims=True)
        return [Scores(labels.names, row) for row in shares.astype(np.float32)]

    @staticmethod
    def decided(prediction: Scores) -> dict[str, Any]:
        """What a record says: ``label``, ``score``, and ``scores`` by label."""
        scores = prediction.rounded
        label = prediction.names[int(prediction.values.argmax())]
        return {"label": label, "score": scores[label], "scores": scores}


def note_unseen(example: Any, name: str, labels: Labels, split: str, policy: Unseen, notes: Notes) -> None:
    """Treat a label that training lacks by policy."""
    what = f"row|rows of {split} with a label that training lacks"
    where = f"{example.row.where}: {shortened(name)}"
    known = ", ".join(map(shortened, labels.names[:20])) + (", …" if len(labels.names) > 20 else "")
    if policy is Unseen.error:
        notes.error(what, f"The model knows {known}. data.unseen_labels=count scores them as missed.", where)
    else:
        notes.count(what, "counted as missed (data.unseen_labels=count)", where)
