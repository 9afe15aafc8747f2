"""The loss of an evaluation."""

import math
from typing import Any

import torch

from ftk.contracts.task import Task
from ftk.contracts.task_checks import checked_loss
from ftk.contracts.values import Batch
from ftk.core.world import World


class LossTotal:
    """The loss of an evaluation: a sum and its count.

    Args:
        task: whose loss it is.
        world: the ranks that add to it.
    """

    def __init__(self, task: Task, world: World) -> None:
        self.task = task
        self.world = world
        self.sum = 0.0
        self.count = 0
        self.lost: list[int] = []
        """The windows of the first batch whose loss is not finite."""

    @torch.inference_mode()
    def add(self, outputs: Any, batch: Batch) -> None:
        """Add the loss of a batch."""
        loss = checked_loss(self.task, outputs, batch)
        total = float(loss.sum)
        if not math.isfinite(total) and not self.lost:
            self.lost = list(batch.windows)
        self.sum += total
        self.count += loss.count

    def of(self, outputs: Any, batch: Batch) -> float:
        """The summed loss of a batch, which is not added."""
        return float(checked_loss(self.task, outputs, batch).sum)

    def mean(self) -> dict[str, float]:
        """``loss`` over all ranks; nothing if no target counts, because training has none of the labels."""
        total, count = self.world.sum(torch.tensor([self.sum, self.count], dtype=torch.float64)).tolist()
        return {"loss": total / count} if count else {}
