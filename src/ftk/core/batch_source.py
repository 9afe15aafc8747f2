"""The batches of each optimizer step, as a function of the step's number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.contexts import SampleSeed
from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.protocols import Order, Windows
from ftk.contracts.task import Task
from ftk.contracts.values import Batch
from ftk.core.layouts import laid_out, places_apart
from ftk.core.world import World


@dataclass(frozen=True, slots=True)
class StepBatches:
    """The micro batches of one step.

    Attributes:
        windows: [windows] of the step that this rank computes.
        epochs: [windows] the epoch in which each window is seen.
        micro_batch: the largest number of windows in a micro batch; None: all of them in one.
        batches: the micro batches, in the order of ``windows``.
    """

    windows: NDArray[np.int64]
    epochs: NDArray[np.int64]
    micro_batch: int | None
    batches: Sequence[Batch]

    @property
    def count(self) -> int:
        """Targets in all micro batches."""
        return sum(batch.count for batch in self.batches)

    @property
    def tokens(self) -> int:
        """Real tokens in all micro batches."""
        return sum(batch.tokens for batch in self.batches)

    @property
    def padding(self) -> int:
        """Padding in all micro batches."""
        return sum(batch.padding for batch in self.batches)


@dataclass(frozen=True, kw_only=True)
class BatchSource:
    """Gives the batches of step n. Nothing in it changes from step to step, so that a resumed run needs no state.

    Attributes:
        task: makes batches of windows.
        features: the windows of the training split.
        order: which windows each step has.
        seed: of the run; random choices within a batch depend on it, the epoch and the window.
        world: the ranks among which the windows of a step are shared.
        pinned: whether batches lie in memory from which a GPU can copy while it computes.
        layout: how windows of different lengths share a micro batch.
    """

    task: Task
    features: Windows
    order: Order
    seed: int
    world: World
    pinned: bool = False
    layout: Layout = USUAL

    def step(self, step: int, micro_batch: int | None) -> StepBatches:
        """The micro batches of a step that this rank computes.

        Args:
            step: its number, counted from 0.
            micro_batch: the largest number of windows in a micro batch; None: all of them in one.
        """
        windows, epochs = self.world.share(*self.order.step(step))
        return self.cut(windows, epochs, micro_batch)

    def cut(self, windows: NDArray[np.int64], epochs: NDArray[np.int64], micro_batch: int | None) -> StepBatches:
        """Some windows as micro batches."""
        size = micro_batch or len(windows)
        groups = places_apart(self.layout, self.features, windows)
        parts = [group[begin : begin + size] for group in groups for begin in range(0, len(group), size)]
        batches = [self._batch(windows[part], epochs[part]) for part in parts]
        order = np.concatenate(groups)
        return StepBatches(windows[order], epochs[order], micro_batch, batches)

    def _batch(self, windows: NDArray[np.int64], epochs: NDArray[np.int64]) -> Batch:
        batch = self.task.collate(self.features, windows.tolist(), SampleSeed(self.seed, epochs))
        return laid_out(batch, self.layout, self.features).pinned(self.pinned)

    def longest(self, number: int, micro_batch: int | None) -> StepBatches:
        """This rank's share of the windows with the most tokens, as micro batches.

        Where only windows of one length share a micro batch, these are the longest window, and the windows of the
        length whose micro batch has the most tokens: the longest ones may all be of different lengths.
        """
        lengths = self.features.lengths[:]
        order = np.argsort(-lengths, kind="stable")
        windows, groups = order[:number], places_apart(self.layout, self.features, order)
        if len(groups) > 1:
            size = min(micro_batch or number, number)
            most = max((order[group] for group in groups), key=lambda group: int(lengths[group[:size]].sum()))
            windows = np.union1d(order[:1], most[:number])
        windows, epochs = self.world.share(windows, np.zeros(len(windows), dtype=np.int64))
        return self.cut(windows, epochs, micro_batch)

    def most_tokens(self, windows: NDArray[np.int64]) -> int:
        """Tokens in the longest of some windows."""
        return int(max(self.features.lengths[windows]))

    def places(self, windows: NDArray[np.int64]) -> str:
        """Where some windows come from, for messages."""
        return self.features.places(windows)
