"""Checks of what a task returns, so that a mistake in a task is reported with the class and the member that made it."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

from ftk.contracts.values import Loss
from ftk.errors import RunError
from ftk.system.strict_json import finite

if TYPE_CHECKING:
    from ftk.contracts.row import Row
    from ftk.contracts.task import Task
    from ftk.contracts.values import Batch

Each = TypeVar("Each", bound=Sequence[Any])

_PLACES = 5
"""Rows that a message names."""
_PLAIN = (bool, int, float, str, type(None))
"""What a score may be, besides dicts and lists of these."""


def checked_loss(task: Task, outputs: Any, batch: Batch) -> Loss:
    """The task's loss for a batch. Nothing is computed for the checks, and no GPU is waited for.

    Raises:
        RunError: it is not a ``Loss`` with a scalar sum, or its count is not that of the batch.
    """
    from torch import Tensor

    loss = task.loss(outputs, batch)
    if not isinstance(loss, Loss):
        raise _fault(task, "loss", f"a {type(loss).__name__}", "a Loss: the sum over the targets, and their number")
    if not isinstance(loss.sum, Tensor):
        raise _fault(task, "loss", f"a Loss whose sum is a {type(loss.sum).__name__}", "a tensor with a gradient there")
    if loss.sum.ndim:
        raise _fault(
            task,
            "loss",
            f"a Loss whose sum has the shape {list(loss.sum.shape)}",
            'a scalar, the sum over all targets: reduction="sum" in torch\'s losses, or .sum()',
        )
    if not isinstance(loss.count, Integral) or loss.count != batch.count:
        given = loss.count if isinstance(loss.count, Integral) else f"of the type {type(loss.count).__name__}"
        raise _fault(
            task,
            "loss",
            f"a Loss whose count is {given}",
            f"batch.count, which {type(task).__name__}.collate set to {batch.count}",
        )
    return loss


def one_for_each(owner: object, member: str, found: Each, number: int, of: str, for_each: str) -> Each:
    """What a member of a task returned, if it has one entry for each thing that it was given.

    Args:
        owner: the task or the predictor.
        member: its method.
        found: what the method returned.
        number: how many entries there should be.
        of: what the entries are, in words.
        for_each: what the method was given, in words.

    Raises:
        RunError: there are more or fewer.
    """
    if len(found) != number:
        raise _fault(owner, member, f"{len(found)} {of} for {number} {for_each}", "one for each, in their order")
    return found


def check_examples(owner: object, rows: Sequence[Row], examples: Sequence[Any]) -> None:
    """Refuse rows that became no example although the notes have no error about them.

    Raises:
        RunError: with the first rows that have none.
    """
    if len(examples) == len(rows):
        return
    known = {id(getattr(example, "row", None)) for example in examples}
    missing = [row.where for row in rows if id(row) not in known]
    where = ""
    if missing:
        more = f" and {len(missing) - _PLACES} more" if len(missing) > _PLACES else ""
        where = f" (no example: {', '.join(missing[:_PLACES])}{more})"
    raise _fault(
        owner,
        "read",
        f"{len(examples)} examples for {len(rows)} rows{where}",
        "one for each row, and add an error to reading.notes for a row that cannot be used",
    )


def checked_scores(task: Task, metric: Any, *, needed: bool) -> dict[str, Any]:
    """What a metric computes, with NumPy's and torch's numbers as plain ones; None for NaN and infinity.

    Args:
        task: whose metric it is.
        metric: has seen all rows.
        needed: whether the score that chooses the best model must be among them. ``loss`` is ftk's own.

    Raises:
        RunError: it is not a dict of numbers, or lacks the score.
    """
    scores = metric.compute()
    if not isinstance(scores, dict):
        raise _fault(metric, "compute", f"a {type(scores).__name__}", "a dict: the scores by name")
    scores = {name: _plain(metric, name, value) for name, value in scores.items()}
    # A loss is compared and checked; any other score that is no number does not exist.
    scores = {name: value if name == "loss" else finite(value) for name, value in scores.items()}
    wanted = task.spec.score
    if needed and wanted != "loss" and wanted not in scores:
        names = ", ".join(map(str, scores)) or "none at all"
        raise RunError(
            f"{type(task).__name__}.spec: score='{wanted}' chooses the best model, but {type(metric).__name__}.compute "
            f"gave no score of this name. It gave: {names}."
        )
    return scores


def _plain(metric: object, name: str, value: Any) -> Any:
    """A score as JSON has it."""
    if hasattr(value, "tolist"):  # NumPy and torch
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(metric, f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(metric, name, inner) for inner in value]
    if not isinstance(value, _PLAIN):
        given = f"a {type(value).__name__} as {name}"
        raise _fault(metric, "compute", given, "numbers, texts, None, or dicts and lists of these")
    return value


def _fault(owner: object, member: str, given: str, wanted: str) -> RunError:
    return RunError(f"{type(owner).__name__}.{member} gave {given}; it should give {wanted}.")
