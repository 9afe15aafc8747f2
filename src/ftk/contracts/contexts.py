"""What a task is given at each step of its life: one value for each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ftk.config.schema import DataConfig
    from ftk.contracts.notes import Notes
    from ftk.contracts.progress import Progress
    from ftk.contracts.values import Labels, WindowPlan

Predictions = Callable[[Sequence[Any], Any], Iterator[tuple[Any, Any]]]
"""Runs a model over examples and their features; gives each example with its prediction, in order."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without labels is an error.
        notes: collects faults and facts.
        unlabelled: ``data.unlabelled``: what is done with rows without a label if ``labelled``, ``error`` or ``drop``.
        offsets: ``data.offsets``: what the offsets of spans count.
        seen: what rows have shown about their file, for rows that are read part by part: readers keep it there for the
            next part. None: all rows are read together.
    """

    columns: dict[str, Any]
    labelled: bool
    notes: Notes
    unlabelled: str = "error"
    offsets: str = "auto"
    seen: dict[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How examples become numbers.

    Attributes:
        processor: prepares the input of the model, see ``TaskSpec.modalities``: a tokenizer, an image processor, or a
            ``ftk.models.loading.image_processor.TextAndImages`` with both.
        labels: in the order of the model's outputs; None for a task without labels, and in prediction.
        windows: how long texts are cut.
        notes: collects faults and facts.
    """

    processor: Any
    labels: Labels | None
    windows: WindowPlan
    notes: Notes

    @property
    def pad_id(self) -> int:
        """The token that pads short texts; the attention mask hides it. 0 if the processor has none."""
        return getattr(self.processor, "pad_token_id", None) or 0


@dataclass(frozen=True, slots=True)
class SampleSeed:
    """The seed of the random choices in a batch. They are a function of this seed and of the numbers of the windows.

    Attributes:
        seed: of the run.
        epoch: [windows] the pass over the data in which each window is seen.
    """

    seed: int
    epoch: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowOutputs:
    """The model's outputs for some consecutive rows.

    Attributes:
        features: the features of the whole split.
        first_row: the number of the first of these rows in the split.
        by_window: what ``Task.to_numpy`` kept of each window.
    """

    features: Any
    first_row: int
    by_window: Mapping[int, NDArray[Any]]

    def windows(self, row: int) -> range:
        """The windows of a row; ``row`` counts from 0 within these rows."""
        number = self.first_row + row
        found: range = self.features.windows_of(number, number + 1)
        return found

    def of(self, row: int) -> list[NDArray[Any]]:
        """The outputs for each window of a row; ``row`` counts from 0 within these rows."""
        return [self.by_window[window] for window in self.windows(row)]

    def starting_at(self, row: int) -> RowOutputs:
        """The outputs from one of these rows on."""
        return RowOutputs(self.features, self.first_row + row, self.by_window)


@dataclass(frozen=True, slots=True)
class Place:
    """Where predictions are made: what a predictor may use before it sees the first row.

    Attributes:
        model: identifies the weights and how they are computed with. Two places with the same ``model`` give the same
            outputs, so it can be part of the key of a cache.
        predictions: runs the model over examples and their features.
        encoding: how examples become numbers; its notes collect what the preparation finds.
        data: the data section of the config.
        progress: shows the progress of long work.
    """

    model: str
    predictions: Predictions
    encoding: Encoding
    data: DataConfig
    progress: Progress
