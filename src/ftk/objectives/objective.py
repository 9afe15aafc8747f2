"""The objective of a training step: forward passes, a loss, and its gradients."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ftk.contracts.task_checks import checked_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ftk.contracts.task import Task
    from ftk.contracts.values import Batch


def _unseen(outputs: Any, batch: Batch) -> None:
    """What is done with outputs that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What the training step offers an objective for one micro batch.

    Attributes:
        autocast: a context in which forward passes run in the precision of the hardware. Losses are computed outside.
        backward: adds the gradients of a *summed* loss. It divides by the number of targets of the whole step, and
            scales for fp16, so that gradients of micro batches add up to those of the batch.
        rng: ``rng(n)`` is a context in which dropout is the n-th draw, a function of (seed, step, micro batch, n).
            A pass outside of it uses the step's own stream of random numbers, which continues afterwards unchanged.
        seen: takes note of the outputs of the pass that the loss is computed from, for the losses of single rows. An
            objective without outputs of the task's own kind does not call it.
    """

    autocast: Callable[[], AbstractContextManager[object]]
    backward: Callable[[Tensor], None]
    rng: Callable[[int], AbstractContextManager[None]]
    seen: Callable[[Any, Batch], None] = _unseen


class Objective(Protocol):
    """Turns micro batches into gradients. The training step calls it once a micro batch."""

    passes: ClassVar[int]
    """Forward and backward passes that it runs for a micro batch."""

    def __call__(self, model: nn.Module, task: Task, batch: Batch, run: Pass) -> Tensor:
        """Add the gradients of a micro batch to the parameters.

        Args:
            model: in training mode.
            task: gives the outputs and the loss.
            batch: on the model's device.
            run: precision, backward pass and random numbers of this micro batch.

        Returns:
            The loss that the run reports: a sum over the targets of the batch, detached, on the model's device.
        """
        ...


class Plain:
    """The task's own loss: one forward and one backward pass."""

    passes: ClassVar[int] = 1

    def __call__(self, model: nn.Module, task: Task, batch: Batch, run: Pass) -> Tensor:
        with run.autocast():
            outputs: Any = task.forward(model, batch)
        loss = checked_loss(task, outputs, batch)
        run.seen(outputs, batch)
        run.backward(loss.sum)
        return loss.sum.detach()
