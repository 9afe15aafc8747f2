"""The outputs of a model for some rows, kept so that they can be decoded as if they were divided by a temperature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ftk.contracts.contexts import RowOutputs
from ftk.contracts.protocols import Windows
from ftk.contracts.values import Batch
from ftk.core.evaluate import Runner

MOST_ROWS = 8192
"""Rows from which a calibration is made: more would move a temperature by less than a hundredth."""
_MOST_NUMBERS = 1 << 27
_ROWS_OF_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Outputs:
    """The logits of a model for blocks of rows.

    Attributes:
        runner: of the model.
        examples: all rows.
        features: of all rows.
        blocks: the rows that were run, as ranges of their numbers.
        logits: the outputs for each batch of their windows, on the CPU; the batches have no tensors.
    """

    runner: Runner
    examples: Sequence[Any]
    features: Windows
    blocks: tuple[range, ...]
    logits: tuple[tuple[Batch, torch.Tensor], ...]

    @classmethod
    @torch.inference_mode()
    def of(
        cls,
        runner: Runner,
        examples: Sequence[Any],
        features: Windows,
        *,
        watch: Callable[[Batch], None] | None = None,
    ) -> Outputs:
        """Run a model over rows; of too many, over blocks of them that are spread evenly.

        Args:
            runner: of the model.
            examples: all rows.
            features: of all rows.
            watch: is called after each batch.
        """
        runner.model.eval()
        blocks = tuple(_blocks(runner, features, len(examples), MOST_ROWS))
        logits = []
        for block in blocks:
            windows = features.windows_of(block.start, block.stop)
            for batch, outputs in runner.outputs(features, windows, features.lengths):
                logits.append((replace(batch, inputs={}, targets={}), outputs.float().cpu()))
                if watch is not None:
                    watch(batch)
        return cls(runner, examples, features, blocks, tuple(logits))

    @property
    def rows(self) -> list[int]:
        """The numbers of the rows that were run."""
        return [row for block in self.blocks for row in block]

    def at(self, temperature: float, part: slice | None = None) -> list[tuple[Any, Any]]:
        """Each of these rows with its prediction for logits that are divided by a temperature.

        Args:
            temperature: above 0.
            part: which of the rows; None: all.
        """
        runnable, labels = self.runner.runnable, self.runner.labels
        found: dict[int, Any] = {}
        for batch, logits in self.logits:
            arrays = runnable.to_numpy(logits / temperature, self.features, batch)
            found.update(zip(batch.windows, arrays, strict=True))
        pairs: list[tuple[Any, Any]] = []
        if part is not None:
            for row in self.rows[part]:
                [prediction] = runnable.decode([self.examples[row]], RowOutputs(self.features, row, found), labels)
                pairs.append((self.examples[row], prediction))
            return pairs
        for block in self.blocks:
            examples = self.examples[block.start : block.stop]
            decoded = runnable.decode(examples, RowOutputs(self.features, block.start, found), labels)
            pairs += zip(examples, decoded, strict=True)
        return pairs


def _blocks(runner: Runner, features: Windows, rows: int, most_rows: int) -> Iterator[range]:
    """The blocks of rows that are run: all, or as many as fit, spread evenly."""
    labels = len(runner.labels.names) if runner.labels is not None else 1
    each = features.lengths.sum() if runner.runnable.spec.labels_each_token else len(features)
    fitting = int(_MOST_NUMBERS // max(1, labels * each // max(1, rows)))
    starts = range(0, rows, _ROWS_OF_BLOCK)
    wanted = max(1, min(most_rows, fitting) // _ROWS_OF_BLOCK)
    step = max(1.0, len(starts) / wanted)
    for number in range(min(wanted, len(starts))):
        start = starts[int(number * step)]
        yield range(start, min(start + _ROWS_OF_BLOCK, rows))
