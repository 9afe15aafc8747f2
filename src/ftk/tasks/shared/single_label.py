"""What tasks share that give each row one label: targets, loss, probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.contracts.row import NoClass, Row
from ftk.contracts.values import Batch, Labels, Loss, Scores, UnseenLabel, shortest
from ftk.data.batching.features import Ragged
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.label_names import NO_CLASS, TRUTH, in_order, is_number, name_of, names_faults, shortened
from ftk.data.rows.label_variants import is_variant, looks
from ftk.data.rows.odd_labels import is_mark
from ftk.errors import DataError
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.shared.class_weights import ClassWeights, Sampling, balanced, drawn_by_weight
from ftk.tasks.shared.label_columns import labels_of_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.notes import Notes
    from ftk.contracts.saved_head import SavedHead
    from ftk.data.batching.features import Features


@dataclass(frozen=True, slots=True)
class SingleLabel:
    """One label for each row. Examples have ``target``, ``weight`` and ``row``.

    Attributes:
        weights: the settings of the loss.
        label_names: the names of labels that rows give as numbers; None if rows have the names.
        sampling: how often the rows of a class are drawn.
        logit_adjustment: how far training corrects for frequent labels being frequent; 0: not at all.
        priors: pairs of a label and its share of the training rows, in the order of the labels; None: not learned.
    """

    weights: ClassWeights
    label_names: Any
    sampling: Sampling
    logit_adjustment: float = 0.0
    priors: Any = None

    def validate(self, labels: Labels | None) -> Iterator[str]:
        """Yield the mistakes in the values."""
        yield from self.weights.validate(labels.names if labels is not None else None)
        yield from self._wrong_adjustment()
        if labels is None:
            yield from names_faults(self.label_names)

    def _wrong_adjustment(self) -> Iterator[str]:
        strength = self.logit_adjustment
        if not 0 <= strength < float("inf"):
            yield f"task.logit_adjustment={strength}: it must be at least 0; 1 corrects for the whole skew."
            return
        others = (
            ("sampling", self.sampling is Sampling.balanced),
            ("class_weights", self.weights.is_balanced),
        )
        for name, is_balanced in others if strength else ():
            if is_balanced:
                yield (
                    f"task.logit_adjustment={strength}: task.{name}=balanced corrects for the same skew; both would "
                    "correct for it twice: leave out one of the two."
                )

    def target(self, row: Row, column: str | list[str]) -> str:
        """The label of a row, from one column, or from a list of columns that stand for one class each.

        Raises:
            RowFault: the columns hold none.
        """
        if isinstance(column, list):
            return _only(labels_of_columns(row, column), row)
        value = row.values[column]
        if hasattr(value, "tolist"):  # an array in a data frame
            value = value.tolist()
        if isinstance(value, (list, tuple)) and value:
            if len(value) > 1:
                raise RowFault(kinds.SEVERAL_LABELS, place_of(row, column))
            value = value[0]
        if isinstance(value, NoClass):
            raise RowFault(kinds.UNLABELLED_ROW, row.where, label=NO_CLASS)
        if value is None or value != value or value in ([], ()):
            raise RowFault(kinds.EMPTY_LABEL, place_of(row, column), column=column)
        return name_of(value, row, column, self.label_names)

    def learned(self, examples: Sequence[Any]) -> dict[str, Any]:
        """The fields ``class_weights`` and ``priors`` of the task, as far as training rows decide them.

        Raises:
            DataError: there are fewer than two labels.
        """
        found = {"class_weights": self.class_weights(examples)}
        return {**found, "priors": self._shares(examples)} if self.logit_adjustment else found

    def _shares(self, examples: Sequence[Any]) -> list[list[Any]]:
        """Each label with its share of the rows that training draws; one without rows counts as one row."""
        drawn: Counter[str] = Counter()
        for example in examples:
            drawn[example.target] += example.weight
        counts = {name: drawn[name] or 1.0 for name in self.labels(examples).names}
        total = sum(counts.values())
        return [[name, count / total] for name, count in counts.items()]

    def class_weights(self, examples: Sequence[Any]) -> Any:
        """The field ``class_weights``, with ``balanced`` replaced by the weights that balance these rows."""
        if self.weights.is_balanced:
            return balanced(example.target for example in examples)
        return self.weights.class_weights

    def labels(self, examples: Sequence[Any]) -> Labels:
        """The labels of training rows, and those that ``label_names`` names without a row.

        Raises:
            DataError: there are fewer than two.
        """
        found = in_order(example.target for example in examples)
        if len(found) < 2:
            raise DataError(
                f"data.train: all rows have one label, {found[0]}; there is nothing to learn. data.columns.label names "
                "the column."
            )
        return Labels(in_order((*found, *(self.label_names or ()))))

    def unseen(self, examples: Sequence[Any], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        """Yield the labels that the model does not know."""
        assert labels is not None
        for example in examples:
            if example.target not in labels.ids:
                yield unseen_label(example, example.target, labels, split)

    def sampling_weights(self, examples: Sequence[Any]) -> NDArray[np.float64] | None:
        """[rows] how often each is drawn in training; None: each once per epoch."""
        weights = drawn_by_weight(examples)
        if self.sampling is Sampling.natural or any(example.target is None for example in examples):
            return weights
        counts = Counter(example.target for example in examples)
        each = np.array([1 / counts[example.target] for example in examples])
        return each if weights is None else each * weights

    def columns(self, examples: Sequence[Any], labels: Labels | None) -> dict[str, Ragged]:
        """What a batch needs of the labels, one entry per row: ``label``, -1 for one that the model does not know; and
        ``weight``, if labels have weights."""
        assert labels is not None
        assert self.priors is None or [name for name, _ in self.priors] == list(labels.names)
        ids = np.array([labels.ids.get(example.target, -1) for example in examples], dtype=np.int32)
        columns = {"label": Ragged.of(list(ids[:, None]))}
        weights = self.weights.of(labels.names)
        if weights is not None:
            each = np.append(np.array(weights, dtype=np.float32), np.float32(0))[ids]
            columns["weight"] = Ragged.of(list(each[:, None]), np.float32)
        return columns

    def tensors(self, features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """``label`` and, if labels have weights, ``weight``: [windows]."""
        import torch

        columns = features.columns
        targets = {}
        if "label" in columns:
            targets["label"] = torch.tensor([int(columns["label"][window][0]) for window in windows])
        if "weight" in columns:
            targets["weight"] = torch.tensor([float(columns["weight"][window][0]) for window in windows])
        return targets

    def count(self, targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        """The number of windows whose label the model knows: those that the loss is over."""
        return int((targets["label"] >= 0).sum()) if "label" in targets else len(windows)

    def loss(self, logits: Tensor, batch: Batch) -> Loss:
        """The summed cross entropy of [windows, labels] logits.

        With ``logit_adjustment`` it is that of the logits plus so many times the logarithm of the shares of the labels
        (Menon et al. 2021, "Long-Tail Learning via Logit Adjustment", the loss of section 5): what a label owes to its
        frequency is not learned, and predictions are made without it.
        """
        if self.logit_adjustment and self.priors is not None:
            shares = logits.new_tensor([share for _, share in self.priors])
            logits = logits + self.logit_adjustment * shares.log()
        total = self.weights.cross_entropy(logits, batch.targets["label"], batch.targets.get("weight"))
        return Loss(total, batch.count)

    @staticmethod
    def to_numpy(logits: Tensor) -> list[NDArray[Any]]:
        """[labels] log-probabilities of each window."""
        return list(logits.log_softmax(-1).cpu().numpy())

    @staticmethod
    def predictions(scores: NDArray[np.float32], labels: Labels | None) -> list[Scores]:
        """The probabilities of the labels for each row.

        Args:
            scores: [rows, labels] log-probabilities; they need not sum to 1.
            labels: of the model.
        """
        assert labels is not None
        shares = np.exp(scores.astype(np.float64))
        shares /= shares.sum(-1, keepdims=True)
        return [Scores(labels.names, row) for row in shares.astype(np.float32)]

    @staticmethod
    def result(prediction: Scores) -> dict[str, Any]:
        """The part of a record that says what was predicted: ``label``, ``score``, and ``scores`` by label.

        ``likelier_label`` is there if another label has a higher score than the one that was decided on before the
        scores were calibrated.
        """
        best, values = prediction.best, prediction.values
        likelier = int(values.argmax())
        other = {"likelier_label": prediction.names[likelier]} if values[likelier] > values[best] else {}
        return {
            "label": prediction.names[best],
            "score": shortest(values[best]),
            **other,
            "scores": prediction.by_name,
        }


def settle_priors(task: Any, head: SavedHead | None, notes: Notes) -> Any:
    """The task with ``priors`` in the order of the outputs: a model with the labels of the rows keeps its own order."""
    shares = dict(task.priors or ())
    if head is None or set(head.names) != set(shares):
        return task
    return replace(task, priors=[[name, shares[name]] for name in head.names])


def _only(labels: tuple[str, ...], row: Row) -> str:
    """The only one of these labels.

    Raises:
        RowFault: there are none, or several.
    """
    if len(labels) != 1:
        place = f"{row.where}: {', '.join(labels)}" if labels else row.where
        raise RowFault(task_kinds.NOT_ONE_LABEL, place, found=len(labels))
    return labels[0]


def unseen_label(example: Any, name: str, labels: Labels, split: str) -> UnseenLabel:
    """A label of a row that the model does not know."""
    if is_mark(name):
        return UnseenLabel(kinds.UNSEEN_MARK, example.row.where, {"part": split, "label": name})
    known = ", ".join(map(shortened, labels.names[:20])) + (", …" if len(labels.names) > 20 else "")
    place = f"{example.row.where}: {shortened(name)}"
    return UnseenLabel(_kind_of_unseen(name, labels.names), place, {"part": split, "known": known})


def _kind_of_unseen(name: str, known: tuple[str, ...]) -> FindingKind:
    """In what a label that the model does not know differs from those that it knows."""
    numbers, seen = _facts_of(known)
    if is_number(name):
        return kinds.UNSEEN_LABEL if numbers else kinds.UNSEEN_NUMBER
    if name in TRUTH and set(TRUTH).isdisjoint(known):
        return kinds.UNSEEN_TRUTH
    if numbers == len(known):
        return kinds.UNSEEN_NAME
    return kinds.UNSEEN_SPELLING if is_variant(name, seen) else kinds.UNSEEN_LABEL


@lru_cache(maxsize=4)
def _facts_of(known: tuple[str, ...]) -> tuple[int, frozenset[str]]:
    """How many labels are numbers, and what a reader sees of them: the same for each label that is not known."""
    return sum(map(is_number, known)), looks(known)
