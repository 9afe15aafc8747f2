"""The targets of rows with any number of labels, and the initial bias of each label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.config.spelling.writing import pasted
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, UnseenLabel
from ftk.data.batching.features import Features, Ragged
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import RowFault, list_in, place_of, unreadable_list
from ftk.data.rows.columns import find_column
from ftk.data.rows.label_names import in_order, name_of
from ftk.data.rows.lists import ListFault, begins_like_list, list_or_value, quoted_items
from ftk.data.rows.tags.tag_spelling import is_unbalanced
from ftk.errors import DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.multi_label.label_cells import LABEL_COLUMNS, fault_of, named, vector_of
from ftk.tasks.shared.class_weights import ClassWeights, drawn_by_weight
from ftk.tasks.shared.label_columns import labels_of_columns, truth_of
from ftk.tasks.shared.single_label import unseen_label

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_BRACKET = re.compile(r"[()\[\]{}]")
_CALL = re.compile(r"\s*[A-Za-z_][\w.]*\(\s*[\[{]")
"""How an object begins that a program printed: ``Counter({``, ``OrderedDict([``."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Any number of labels for each row.

    Attributes:
        weights: the settings of the loss.
        label_names: the names of labels that rows give as numbers; None if rows have the names.
        separator: the sign between the labels of one cell.
        vectors: whether the column holds vectors of 0 and 1, with a place for each name.
    """

    weights: ClassWeights
    label_names: Any
    separator: str
    vectors: bool = False

    def target(self, row: Row, column: Any) -> tuple[str, ...]:
        """The labels of a row, from one column, or from a list of columns that stand for one label each.

        Raises:
            RowFault: the columns hold none.
        """
        if isinstance(column, list):
            return labels_of_columns(row, column)
        value = list_in(row, column, "labels", braces=True)
        if self.vectors and value is not None and str(value).strip() not in ("", "[]"):
            vector = vector_of(value, bits=True)
            if vector is None or len(vector) != len(self.label_names):
                raise fault_of(row, column, len(self.label_names))
            return named(vector, self.label_names)
        if str(value).strip().lower() in ("true", "false"):
            raise RowFault(kinds.TRUTH_VALUES, f"{row.where}: {column}={value!r}", columns=pasted([column]))
        if value is None:
            return ()
        if isinstance(value, (dict, list)) and (given := _by_name(value)) is not None:
            return given
        if isinstance(value, str):
            quoted = quoted_items(value) if value.lstrip()[:1] in ("'", '"') else None
            value = quoted or self._parts(row, column, value)
        if not isinstance(value, (list, tuple)):
            value = [value]
        return tuple(dict.fromkeys(name_of(item, row, column, self.label_names) for item in _unwrapped(value)))

    def _parts(self, row: Row, column: str, text: str) -> list[str]:
        """The labels in a cell, with the separator or a line end between them.

        Raises:
            RowFault: the cell is a printed object, or a separator is inside of brackets and so a part of a label.
        """
        lines = text.splitlines() if "\n" in text or "\r" in text else [text]
        parts = [part for line in lines for part in line.split(self.separator) if part.strip()]
        if not _BRACKET.search(text):
            return parts
        if _CALL.match(text):
            raise unreadable_list(row, column, "labels", ListFault("it is an object of a program, printed"))
        if text.strip() == "()":  # Python's empty tuple
            return []
        broken = [part for part in parts if is_unbalanced(part)] if len(parts) > 1 else []
        if broken and (not is_unbalanced(text) or any(part.lstrip()[0] in "([{" for part in broken)):
            raise RowFault(kinds.PARTED_LABEL, place_of(row, column), separator=self.separator)
        return parts

    def gold(self, row: Row, column: Any) -> tuple[str, ...]:
        """The labels that an unlabelled row may have. A vector of 0 and 1 has a place for each name.

        Raises:
            RowFault: the columns hold none, or a list may be a vector as well as numbers of labels.
        """
        names = self.label_names or ()
        vector = None if isinstance(column, list) else vector_of(row.values[column])
        if vector is None or len(vector) != len(names):
            return self.target(row, column)
        if len(set(vector)) == len(vector):
            raise RowFault(kinds.NOT_ZERO_OR_ONE, row.where)
        return named(vector, names)

    def class_weights(self, examples: Sequence[TextExample]) -> Any:
        """The field ``class_weights``, with ``balanced`` replaced by the weights that balance these rows."""
        if not self.weights.is_balanced:
            return self.weights.class_weights
        counts = dict.fromkeys(in_order(name for example in examples for name in example.target), 0)
        for example in examples:
            for name in example.target:
                counts[name] += 1
        return {name: (len(examples) - count) / count for name, count in counts.items()}

    def labels(self, examples: Sequence[TextExample]) -> Labels:
        """The labels of training rows, and those that ``label_names`` names without a row.

        Raises:
            DataError: there are none.
        """
        found = in_order(name for example in examples for name in example.target)
        if not found:
            raise DataError("data.train: no row has a label; there is nothing to learn.")
        return Labels(in_order((*found, *(self.label_names or ()))))

    def unseen(self, examples: Sequence[TextExample], labels: Labels | None, split: str) -> Iterator[UnseenLabel]:
        """Yield the labels that the model does not know."""
        assert labels is not None
        for example in examples:
            for name in example.target:
                if name not in labels.ids:
                    yield unseen_label(example, name, labels, split)

    @staticmethod
    def sampling_weights(examples: Sequence[Any]) -> NDArray[np.float64] | None:
        """[rows] how often each is drawn in training; None: each once per epoch."""
        return drawn_by_weight(examples)

    def columns(self, examples: Sequence[TextExample], labels: Labels | None) -> dict[str, Ragged]:
        """``label``, the numbers of the labels that a row has; ``labels``, how many the model has; and ``weight``, of
        each label of the row, if labels have weights."""
        assert labels is not None
        ids = [
            np.unique([labels.ids[name] for name in example.target if name in labels.ids]).astype(np.int32)
            for example in examples
        ]
        number = np.array([len(labels.names)], dtype=np.int32)
        columns = {"label": Ragged.of(ids), "labels": Ragged.of([number] * len(examples))}
        weights = self.weights.of(labels.names)
        if weights is not None:
            each = np.array(weights, dtype=np.float32)
            columns["weight"] = Ragged.of([each[row] for row in ids], np.float32)
        return columns

    @staticmethod
    def tensors(features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        """``label`` and, if labels have weights, ``weight``: [windows, labels]."""
        import torch

        columns = features.columns
        if "label" not in columns:
            return {}
        shape = (len(windows), int(columns["labels"][windows[0]][0]))
        tensors = {"label": torch.zeros(shape)}
        if "weight" in columns:
            tensors["weight"] = torch.ones(shape)
        for row, window in enumerate(windows):
            ids = torch.from_numpy(columns["label"][window].astype(np.int64))
            tensors["label"][row, ids] = 1
            if "weight" in columns:
                tensors["weight"][row, ids] = torch.from_numpy(columns["weight"][window].copy())
        return tensors

    @staticmethod
    def count(targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        """The number of windows."""
        return len(windows)

    def loss(self, logits: Tensor, batch: Batch) -> Loss:
        """The summed binary cross entropy of [windows, labels] logits."""
        from ftk.tasks.shared.losses import multi_label_loss

        total = multi_label_loss(
            logits,
            batch.targets["label"],
            weight=batch.targets.get("weight"),
            smoothing=self.weights.label_smoothing,
            focal=self.weights.focal,
        )
        return Loss(total, batch.count)


def refuse_truth_values(rows: Sequence[Row], columns: Mapping[str, Any]) -> None:
    """Refuse a column of 0 and 1 whose name says that it holds labels.

    Raises:
        DataError: the column says of one label whether a row has it.
    """
    held: dict[str, set[str]] = {}
    for row in rows:
        column = find_column(row, "label", dict(columns), LABEL_COLUMNS, needed=False)
        if column is not None:
            value = list_or_value(row.values[column])
            value = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
            held.setdefault(column, set()).add(str(value).strip().removesuffix(".0"))
    for column, values in held.items():
        if values == {"0", "1"}:
            raise DataError(
                f"data.columns.label: all rows have 0 or 1 in '{column}'. data.columns.label={pasted([column])} reads "
                "it as a column that says of one label whether a row has it; task.label_names=[…] names two labels."
            )


def set_prior_odds(model: Any, features: Features) -> None:
    """Set the bias of a new head so that each label is as likely as it is in the training rows, for any text.

    If rare labels start with even odds, the model first learns to predict no label at all; a model that learns this
    from its features may lose what they encode about a text (Lin et al. 2017, section 3.3).
    """
    import torch

    columns, rows = features.columns, len(features)
    counts = np.bincount(columns["label"].values, minlength=int(columns["labels"][0][0]))
    present = torch.from_numpy(counts / rows)
    least = 1 / (rows + 1)
    odds = torch.logit(present.clamp(least, 1 - least)).float()
    for module in reversed(list(model.modules())):
        if isinstance(module, torch.nn.Linear) and module.bias is not None and module.out_features == len(odds):
            module.bias.data.copy_(odds)
            return


def _unwrapped(value: Sequence[Any]) -> Sequence[Any]:
    """The list that the only item of a list spells; any other list as it is."""
    if len(value) == 1 and isinstance(value[0], str) and begins_like_list(value[0]):
        inner = list_or_value(value[0])
        return inner if isinstance(inner, list) else value
    return value


def _by_name(value: Mapping[str, Any] | list[Any]) -> tuple[str, ...] | None:
    """The names that an object or a list of pairs says are there: {"room": 1, "price": 0}; None if it says anything
    else."""
    if isinstance(value, list):
        pairs = [item for item in value if isinstance(item, (list, tuple)) and len(item) == 2]
        if not pairs or len(pairs) < len(value) or any(isinstance(there, str) for _, there in pairs):
            return None
        value = {str(name): there for name, there in pairs}
    present = {name: truth_of(there) for name, there in value.items()}
    return None if None in present.values() else tuple(name for name, there in present.items() if there)
