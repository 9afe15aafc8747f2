"""One way from windows to predictions and scores: for validation, evaluate and predict, in constant memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ftk.contracts.protocols import Predictor, Windows
from ftk.contracts.task import Task
from ftk.contracts.values import Batch, Labels
from ftk.core.hardware import Hardware
from ftk.data.batching.order import token_batches


@dataclass(slots=True)
class LossTotal:
    """The loss of an evaluation: a sum and its count."""

    sum: float = 0.0
    count: int = 0

    @property
    def mean(self) -> dict[str, float]:
        """``loss``; nothing where none of what was read counts, as rows that have labels which training lacks."""
        return {"loss": self.sum / self.count} if self.count else {}


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """A model with what is needed to run it over features."""

    model: nn.Module
    task: Task | Predictor
    labels: Labels | None
    hardware: Hardware
    pad_id: int
    batch_tokens: int
    poll: Callable[[], None]
    """Called between batches; may raise to stop."""

    def predictions(
        self, examples: Sequence[Any], features: Windows, loss: LossTotal | None = None
    ) -> Iterator[tuple[Any, Any]]:
        """Each example with its prediction, in order.

        Args:
            examples: the rows.
            features: their windows.
            loss: where given, the loss of labelled windows is added to it.
        """
        self.model.eval()
        for first in range(0, len(examples), self.task.rows_at_once):
            part = examples[first : first + self.task.rows_at_once]
            outputs = self._outputs(features, features.windows_of(first, first + len(part)), loss)
            yield from zip(part, self.task.decode(part, features, first, outputs, self.labels), strict=True)

    def score(
        self,
        examples: Sequence[Any],
        features: Windows,
        write: Callable[[dict[str, Any]], None] | None = None,
        *,
        rows: int | None = None,
    ) -> dict[str, Any]:
        """The metrics over labelled examples, ``loss`` among them where the model knows what is expected of any.

        Args:
            examples: the rows.
            features: their windows, with labels.
            write: is given one record a row.
            rows: how many are predicted and scored, from the first on; of the others there is the loss. None: all.
        """
        assert isinstance(self.task, Task)
        metric = self.task.metric(self.labels)
        loss = LossTotal()
        scored = examples[:rows]
        for example, prediction in self.predictions(scored, features, loss):
            metric.update(example, prediction)
            if write is not None:
                write(self.task.record(example, prediction))
        for _ in self._said(features, features.windows_of(len(scored), len(examples)), loss):
            pass
        return {**loss.mean, **metric.compute()}

    def tuned(self, examples: Sequence[Any], features: Windows) -> tuple[Task, dict[str, Any]]:
        """The task tuned on labelled examples, and the metrics over them as it then decides."""
        assert isinstance(self.task, Task)
        loss = LossTotal()
        scored = list(self.predictions(examples, features, loss))
        task = self.task.tune(scored, self.labels)
        metric = task.metric(self.labels)
        for example, prediction in scored:
            metric.update(example, prediction)
        return task, {**loss.mean, **metric.compute()}

    @torch.inference_mode()
    def _outputs(self, features: Windows, windows: range, loss: LossTotal | None) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for batch, outputs in self._said(features, windows, loss):
            found.update(zip(batch.windows, self.task.outputs(outputs, features, batch), strict=True))
        return found

    @torch.inference_mode()
    def _said(self, features: Windows, windows: range, loss: LossTotal | None) -> Iterator[tuple[Batch, Any]]:
        """What the model says of some windows, in batches."""
        for part in token_batches(np.array(windows, dtype=np.int64), features.lengths, self.batch_tokens):
            self.poll()
            batch = self.task.collate(features, part.tolist(), self.pad_id, None).to(self.hardware.device)
            with self.hardware.autocast():
                outputs = self.task.forward(self.model, batch)
            if loss is not None:
                assert isinstance(self.task, Task)
                total = self.task.loss(outputs, batch)
                loss.sum += float(total.sum)
                loss.count += total.count
            yield batch, outputs
