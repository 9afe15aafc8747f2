"""Runs a model over windows, to predictions and scores: for validation, evaluate and predict, in constant memory."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ftk.contracts.confidence import BesideRows
from ftk.contracts.contexts import RowOutputs
from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import DescribesRows, JudgesModel, Runnable, Windows
from ftk.contracts.task import Task
from ftk.contracts.task_checks import checked_scores, one_for_each
from ftk.contracts.values import Batch, Labels, with_highest
from ftk.core.hardware import Hardware
from ftk.core.layouts import laid_out, places_apart
from ftk.core.loss_total import LossTotal
from ftk.core.non_finite import NotFinite, NotFiniteError, SingleWindows, not_finite
from ftk.core.world import SingleProcess, World
from ftk.data.batching.order import token_batches

Seen = Callable[[Any, Batch], None]
"""Is called with the outputs of the model for each batch."""
Sum = Callable[[Any, Batch], float]
"""The summed loss of a batch, given the outputs of the model."""
Rescore = Callable[[Any], Any]
"""Gives a prediction its calibrated scores; its decision stays."""

_MANY_LABELS = 1000
_NUMBERS_AT_ONCE = 1 << 25
"""With more labels than that, so many outputs are held in memory together, whatever ``rows_at_once`` says."""


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
        plain: loads the same model for fp32, where ``model`` was changed to be faster; None: it was not.
        layout: how windows of different lengths share a batch.
        rescore: changes the scores of predictions; None: they are those of the model.
    """

    model: nn.Module
    runnable: Runnable
    labels: Labels | None
    hardware: Hardware
    batch_tokens: int
    poll: Callable[[], None]
    world: World = field(default_factory=SingleProcess)
    plain: Callable[[], nn.Module] | None = None
    layout: Layout = USUAL
    rescore: Rescore | None = None

    def predictions(
        self, examples: Sequence[Any], features: Windows, seen: Seen | None = None, *, keep: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        """Yield each example with its prediction, in order.

        Args:
            examples: the rows.
            features: their windows.
            seen: is called with the outputs for each batch.
            keep: rows for which the model computes numbers that are not finite have a ``NotFinite`` instead of a
                prediction; otherwise they are refused.

        Raises:
            NotFiniteError: there are such rows.
            RunError: ``to_numpy`` or ``decode`` did not return one entry for each window or example.
        """
        self.model.eval()
        lengths = features.lengths
        for first, end in self._parts(len(examples), features):
            part = examples[first:end]
            found = self._outputs(features, features.windows_of(first, end), lengths, seen)
            lost = self._lost(part, first, features, found)
            if lost and not keep:
                raise NotFiniteError(list(lost.values()), others=len(lost) < len(examples))
            decoded = self.runnable.decode(part, RowOutputs(features, first, found), self.labels)
            one_for_each(self.runnable, "decode", decoded, len(part), "predictions", "examples")
            for row, (example, prediction) in enumerate(zip(part, decoded, strict=True)):
                if row in lost or self.rescore is None:
                    yield example, lost.get(row, prediction)
                else:
                    yield example, self.rescore(prediction)

    def _parts(self, rows: int, features: Windows) -> Iterator[tuple[int, int]]:
        """Yield the first row, and the row after the last one, of the rows whose outputs are in memory together."""
        spec, labels = self.runnable.spec, len(self.labels.names) if self.labels is not None else 0
        lengths, first = features.lengths, 0
        while first < rows:
            end = min(first + spec.rows_at_once, rows)
            if labels > _MANY_LABELS:
                windows = features.windows_of(first, end)
                each = lengths[windows.start : windows.stop] if spec.labels_each_token else np.ones(len(windows))
                fitting = int(np.searchsorted(np.cumsum(each), _NUMBERS_AT_ONCE // labels, side="right"))
                end = max(first + 1, self._row_of(windows.start + fitting, features, first, end))
            yield first, end
            first = end

    @staticmethod
    def _row_of(window: int, features: Windows, first: int, end: int) -> int:
        """The row of a window, or ``end`` if it is none of these rows."""
        return bisect_right(range(end), window, lo=first, key=lambda row: features.windows_of(first, row + 1).stop)

    def _lost(
        self, part: Sequence[Any], first: int, features: Windows, found: dict[int, NDArray[Any]]
    ) -> dict[int, NotFinite]:
        """The rows with numbers that are not finite. The outputs for their windows become 0, so they can be decoded."""
        windows = not_finite(found)
        if not windows:
            return {}
        single = self.single(features)
        lost = set(single.lost(windows, found))
        if not lost:
            return {}
        cause, rows = single.cause(min(lost)), {}
        for row, example in enumerate(part):
            own = [window for window in features.windows_of(first + row, first + row + 1) if window in lost]
            if own:
                rows[row] = single.row(example, own, cause)
        return rows

    def single(self, features: Windows, loss: Sum | None = None) -> SingleWindows:
        """Runs single windows."""
        return SingleWindows(self.runnable, self.model, self.plain, self.hardware, features, loss, self.layout)

    def refuse_loss(self, examples: Sequence[Any], features: Windows, windows: Sequence[int], loss: Sum) -> NoReturn:
        """Stop because a loss is not finite.

        Args:
            examples: all rows.
            features: their windows.
            windows: of the batch with this loss.
            loss: the summed loss of a batch.

        Raises:
            NotFiniteError: with the rows whose loss it is.
        """
        single = self.single(features, loss)
        lost = [window for window in windows if single.computed(window) is None] or list(windows)
        cause = single.cause(lost[0])
        rows = {self._row_of(window, features, 0, len(examples)): window for window in sorted(lost)}
        found = [single.row(examples[row], [window], cause) for row, window in rows.items()]
        raise NotFiniteError(found, others=len(found) < len(examples))

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
    def outputs(self, features: Windows, windows: Sequence[int], lengths: NDArray[Any]) -> Iterator[tuple[Batch, Any]]:
        """Yield this rank's share of some windows in batches, each with the outputs of the model.

        Args:
            features: all windows.
            windows: the numbers of those that are run.
            lengths: of all windows.
        """
        numbers = np.array(windows, dtype=np.int64)
        groups = (numbers[places] for places in places_apart(self.layout, features, numbers))
        batches = (part for group in groups for part in token_batches(group, lengths, self.batch_tokens))
        for part in islice(batches, self.world.rank, None, self.world.size):
            self.poll()
            batch = laid_out(self.runnable.collate(features, part.tolist(), None), self.layout, features)
            batch = batch.to(self.hardware.device)
            with self.hardware.autocast():
                outputs = self.runnable.forward(self.model, batch)
            yield batch, outputs


def both(one: Seen, other: Seen) -> Seen:
    """Calls both."""

    def seen(outputs: Any, batch: Batch) -> None:
        one(outputs, batch)
        other(outputs, batch)

    return seen


@dataclass(frozen=True)
class Evaluator:
    """Scores what a runner predicts.

    Attributes:
        runner: of the task.
        task: whose metrics are computed.
        highest: how many scores by label a record has; None: all.
        beside: looks at each row, and adds to its record; None: nothing does.
    """

    runner: Runner
    task: Task
    highest: int | None = None
    beside: BesideRows | None = None

    def score(
        self,
        examples: Sequence[Any],
        features: Windows,
        write: Callable[[dict[str, Any]], None] | None = None,
        *,
        rows: int | None = None,
        notes: Notes | None = None,
    ) -> dict[str, Any]:
        """The metrics over labelled examples, with ``loss`` if the model knows the label of any.

        Args:
            examples: the rows.
            features: their windows, with labels.
            write: is given one record a row.
            rows: so many rows are predicted and scored, from the first on; the loss is over all. None: all rows.
            notes: collects what the metric says of the model beside its scores.

        Raises:
            NotFiniteError: the model computes numbers that are not finite, or its loss is not.
            RunError: the task or its metric returned something else than it should; see ``contracts.task_checks``.
        """
        metric = self.task.metric(self.runner.labels)
        loss = LossTotal(self.task, self.runner.world)
        scored = examples[:rows]
        records: list[dict[str, Any]] = []
        seen = loss.add if self.beside is None else both(loss.add, self.beside.seen)
        for number, (example, prediction) in enumerate(self.runner.predictions(scored, features, seen)):
            metric.update(example, prediction)
            more = {} if self.beside is None else self.beside.row(number, features, example, prediction)
            if write is None:
                continue
            record = {**self.task.record(example, with_highest(prediction, self.highest)), **more}
            if isinstance(metric, DescribesRows):
                records.append(record)
            else:
                write(record)
        others = features.windows_of(len(scored), len(examples))
        for batch, outputs in self.runner.outputs(features, others, features.lengths):
            loss.add(outputs, batch)
        self._check(loss, examples, features)
        scores = checked_scores(self.task, metric, needed=bool(scored))
        if notes is not None and scored and isinstance(metric, JudgesModel):
            metric.judge(notes)
        if write is not None and isinstance(metric, DescribesRows):
            for record, facts in zip(records, metric.row_facts(), strict=True):
                write({**record, **facts})
        return {**loss.mean(), **scores}

    def tuned(self, examples: Sequence[Any], features: Windows) -> tuple[Task, dict[str, Any]]:
        """The task tuned on labelled examples, and the metrics over them that it then reaches."""
        loss = LossTotal(self.task, self.runner.world)
        scored = list(self.runner.predictions(examples, features, loss.add))
        self._check(loss, examples, features)
        task = self.task.tune(scored, self.runner.labels)
        metric = task.metric(self.runner.labels)
        for example, prediction in scored:
            metric.update(example, prediction)
        return task, {**loss.mean(), **checked_scores(task, metric, needed=bool(scored))}

    def _check(self, loss: LossTotal, examples: Sequence[Any], features: Windows) -> None:
        """Refuse a loss that is not finite."""
        if loss.lost:
            self.runner.refuse_loss(examples, features, loss.lost, loss.of)
