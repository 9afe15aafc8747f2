"""What plain transformers computes for the rows of a batch of ftk, each of them alone and without padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def alone(task: str, model: Any, batch: Any) -> list[Tensor]:
    """The outputs for each row of a batch: logits as the task's ``forward`` gives them.

    Args:
        task: its name.
        model: as ``from_pretrained`` gives it, in evaluation mode.
        batch: of ftk.
    """
    found = []
    with torch.inference_mode():
        for row, real in enumerate(batch.inputs["attention_mask"].bool()):
            outputs = _row(model, batch, row, real)
            if task == "question-answering":
                both = torch.stack([outputs.start_logits[0], outputs.end_logits[0]])[:, : int(real.sum())]
                found.append(both.masked_fill(~batch.targets["possible"][row][real], float("-inf")))
            elif task == "text-classification":
                found.append(outputs.logits[0])
            else:
                found.append(outputs.logits[0][_places(batch, row)])
    return found


def _row(model: Any, batch: Any, row: int, real: Tensor) -> Any:
    """The outputs for a row without padding; with its padding where the model fails without."""
    inputs = {name: tensor[row] for name, tensor in batch.inputs.items() if name in _INPUTS}
    try:
        return model(**{name: tensor[real][None] for name, tensor in inputs.items()})
    except RuntimeError:
        return model(**{name: tensor[None] for name, tensor in inputs.items()})


_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def in_rows(task: str, outputs: Tensor, batch: Any) -> list[Tensor]:
    """The outputs of ftk for a batch, row by row, as ``alone`` gives them."""
    if task == "question-answering":
        lengths = batch.inputs["attention_mask"].sum(1).tolist()
        return [row[:, :length] for row, length in zip(outputs, lengths, strict=True)]
    if task == "text-classification":
        return list(outputs)
    rows = _rows_of_places(batch)
    return [outputs[rows == row] for row in range(len(batch.windows))]


def first_loss(task: str, model: Any, batches: Iterable[Any]) -> float:
    """The mean loss over the targets of a step."""
    total, count = 0.0, 0
    for batch in batches:
        found = alone(task, model, batch)
        if task == "question-answering":
            losses = [cross_entropy(logits, span) for logits, span in zip(found, batch.targets["span"], strict=True)]
            total += float(sum(losses))
        else:
            logits = torch.stack(found) if task == "text-classification" else torch.cat(found)
            total += float(cross_entropy(logits.float(), batch.targets["label"], reduction="sum"))
        count += batch.count
    return total / count


def largest_difference(found: Iterable[Tensor], wanted: Iterable[Tensor]) -> float:
    """The largest difference, relative to the largest output if that is above 1; infinite if shapes differ."""
    return max(_differences(found, wanted), default=float("inf"))


def _differences(found: Iterable[Tensor], wanted: Iterable[Tensor]) -> Iterator[float]:
    for one, other in zip(found, wanted, strict=True):
        if one.shape != other.shape or not torch.equal(one.isinf(), other.isinf()):
            yield float("inf")
        elif (finite := other.isfinite()).any():
            difference = float((one[finite] - other[finite]).abs().max() / other[finite].abs().max().clamp(min=1.0))
            yield difference if difference == difference else float("inf")


def _rows_of_places(batch: Any) -> Tensor:
    return batch.targets["position"] // batch.inputs["input_ids"].shape[1]


def _places(batch: Any, row: int) -> Tensor:
    """The places in one row that have an output."""
    own = _rows_of_places(batch) == row
    return batch.targets["position"][own] % batch.inputs["input_ids"].shape[1]
