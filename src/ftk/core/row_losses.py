"""The losses of the rows of a step, as they were before its update."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ftk.contracts.spec import TaskSpec
from ftk.contracts.values import Batch


class RowLosses:
    """Collects the loss of each window of a step while its gradients are computed.

    The tensors stay on the device until ``take``, so that a GPU is not waited for.

    Args:
        spec: of a task with ``row_losses``.
    """

    def __init__(self, spec: TaskSpec) -> None:
        assert spec.row_losses is not None
        self._losses_of = spec.row_losses
        self._windows: list[int] = []
        self._losses: list[Tensor] = []

    def begin(self) -> None:
        """Forget the windows so far: the gradients of the step are computed from the beginning."""
        self._windows, self._losses = [], []

    @torch.no_grad()
    def add(self, outputs: Any, batch: Batch) -> None:
        """Take note of the losses of a micro batch.

        Args:
            outputs: of the task's ``forward``.
            batch: the micro batch.
        """
        self._windows += batch.windows
        self._losses.append(self._losses_of(outputs, batch))

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The windows of the step, and the loss of each, NaN for one without a known label; both are then forgotten."""
        windows = np.array(self._windows, dtype=np.int64)
        losses = torch.cat(self._losses).float().cpu().numpy() if self._losses else np.zeros(0, dtype=np.float32)
        self.begin()
        return windows, losses
