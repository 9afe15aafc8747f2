"""Runs a model over windows, to predictions and scores: for validation, evaluate and predict, in constant memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ftk.contracts.contexts import RowOutputs
from ftk.contracts.protocols import DescribesRows, Runnable, Windows
from ftk.contracts.task import Task
from ftk.contracts.task_checks import checked_loss, checked_scores, one_for_each
from ftk.contracts.values import Batch, Labels, with_highest
from ftk.core.hardware import Hardware
from ftk.core.world import SingleProcess, World
from ftk.data.batching.order import token_batches

Seen = Callable[[Any, Batch], None]
"""Is called with the outputs of the model for each batch."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A model with all that is needed to run it over features.

    Attributes:
        model: on its device.
        runnable: the task whose model it is, or a predictor.
        labels: of the model.
        hardware: where it runs.
        batch_tokens: the number of tokens in a batch.
        poll: is called between batches; may raise to stop.
        world: the ranks among which the batches are shared.
    """

    model: nn.Module
    runnable: Runnable
    labels: Labels | None
    hardware: Hardware
    batch_tokens: int
    poll: Callable[[], None]
    world: World = field(default_factory=SingleProcess)

    def predictions(
        self, examples: Sequence[Any], features: Windows, seen: Seen | None = None
    ) -> Iterator[tuple[Any, Any]]:
        """Yield each example with its prediction, in order.

        Raises:
            RunError: ``to_numpy`` or ``decode`` did not return one entry for each window or example.
        """
        self.model.eval()
        lengths = features.lengths
        at_once = self.runnable.spec.rows_at_once
        for first in range(0, len(examples), at_once):
            part = examples[first : first + at_once]
            windows = features.windows_of(first, first + len(part))
            outputs = RowOutputs(features, first, self._outputs(features, windows, lengths, seen))
            decoded = self.runnable.decode(part, outputs, self.labels)
            one_for_each(self.runnable, "decode", decoded, len(part), "predictions", "examples")
            yield from zip(part, decoded, strict=True)

    @torch.inference_mode()
    def _outputs(
        self, features: Windows, windows: range, lengths: NDArray[Any], seen: Seen | None
    ) -> dict[int, NDArray[Any]]:
        found: dict[int, NDArray[Any]] = {}
        for batch, outputs in self.outputs(features, windows, lengths):
            if seen is not None:
                seen(outputs, batch)
            arrays = self.runnable.to_numpy(outputs, features, batch)
            one_for_each(self.runnable, "to_numpy", arrays, len(batch.windows), "arrays", "windows")
            found.update(zip(batch.windows, arrays, strict=True))
        return self.world.gather(found)

    @torch.inference_mode()
    def outputs(self, features: Windows, windows: range, lengths: NDArray[Any]) -> Iterator[tuple[Batch, Any]]:
        """Yield this rank's share of some windows in batches, each with the outputs of the model.

        Args:
            features: all windows.
            windows: the numbers of those that are run.
            lengths: of all windows.
        """
        batches = token_batches(np.array(windows, dtype=np.int64), lengths, self.batch_tokens)
        for part in islice(batches, self.world.rank, None, self.world.size):
            self.poll()
            batch = self.runnable.collate(features, part.tolist(), None).to(self.hardware.device)
            with self.hardware.autocast():
                outputs = self.runnable.forward(self.model, batch)
            yield batch, outputs


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

    @torch.inference_mode()
    def add(self, outputs: Any, batch: Batch) -> None:
        """Add the loss of a batch."""
        loss = checked_loss(self.task, outputs, batch)
        self.sum += float(loss.sum)
        self.count += loss.count

    def mean(self) -> dict[str, float]:
        """``loss`` over all ranks; nothing if no target counts, because training has none of the labels."""
        total, count = self.world.sum(torch.tensor([self.sum, self.count], dtype=torch.float64)).tolist()
        return {"loss": total / count} if count else {}


@dataclass(frozen=True)
class Evaluator:
    """Scores what a runner predicts.

    Attributes:
        runner: of the task.
        task: whose metrics are computed.
        highest: how many scores by label a record has; None: all.
    """

    runner: Runner
    task: Task
    highest: int | None = None

    def score(
        self,
        examples: Sequence[Any],
        features: Windows,
        write: Callable[[dict[str, Any]], None] | None = None,
        *,
        rows: int | None = None,
    ) -> dict[str, Any]:
        """The metrics over labelled examples, with ``loss`` if the model knows the label of any.

        Args:
            examples: the rows.
            features: their windows, with labels.
            write: is given one record a row.
            rows: so many rows are predicted and scored, from the first on; the loss is over all. None: all rows.

        Raises:
            RunError: the task or its metric returned something else than it should; see ``contracts.task_checks``.
        """
        metric = self.task.metric(self.runner.labels)
        loss = LossTotal(self.task, self.runner.world)
        scored = examples[:rows]
        records: list[dict[str, Any]] = []
        for example, prediction in self.runner.predictions(scored, features, loss.add):
            metric.update(example, prediction)
            if write is None:
                continue
            record = self.task.record(example, with_highest(prediction, self.highest))
            if isinstance(metric, DescribesRows):
                records.append(record)
            else:
                write(record)
        others = features.windows_of(len(scored), len(examples))
        for batch, outputs in self.runner.outputs(features, others, features.lengths):
            loss.add(outputs, batch)
        scores = checked_scores(self.task, metric, needed=bool(scored))
        if write is not None and isinstance(metric, DescribesRows):
            for record, facts in zip(records, metric.row_facts(), strict=True):
                write({**record, **facts})
        return {**loss.mean(), **scores}

    def tuned(self, examples: Sequence[Any], features: Windows) -> tuple[Task, dict[str, Any]]:
        """The task tuned on labelled examples, and the metrics over them that it then reaches."""
        loss = LossTotal(self.task, self.runner.world)
        scored = list(self.runner.predictions(examples, features, loss.add))
        task = self.task.tune(scored, self.runner.labels)
        metric = task.metric(self.runner.labels)
        for example, prediction in scored:
            metric.update(example, prediction)
        return task, {**loss.mean(), **checked_scores(task, metric, needed=bool(scored))}
