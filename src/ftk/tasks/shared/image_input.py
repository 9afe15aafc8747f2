"""The images of a batch, and the random changes to them in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.data.batching.random_draws import CounterRandom
from ftk.data.images.features import ImageFeatures, Pixels, augmented

if TYPE_CHECKING:
    from ftk.contracts.contexts import SampleSeed
    from ftk.contracts.values import Batch


@dataclass(frozen=True, slots=True)
class ImageInput:
    """The settings of random changes to images; the attributes are fields of the task with the same names.

    Attributes:
        flip: whether to mirror images left to right, with a chance of one half.
        shift: the share of its height and width by which an image is augmented at most.
    """

    flip: bool
    shift: float

    def validate(self) -> Iterator[str]:
        """Yield the mistakes in the values."""
        if not 0 <= self.shift < 1:
            yield f"task.shift={self.shift}: it must be at least 0 and below 1, a share of the image's side."

    def add_pixels(
        self, batch: Batch, features: ImageFeatures, windows: Sequence[int], seed: SampleSeed | None
    ) -> Batch:
        """The batch with ``pixel_values``, [windows, channels, height, width], of the images of its rows.

        Random changes are a function of the seed, the pass over the data and the window.
        """
        import torch

        assert features.pixels is not None
        pixels = features.pixels([int(features.row[window]) for window in windows], torch.get_num_threads())
        if seed is not None and (self.flip or self.shift):
            draws = CounterRandom(seed.seed, seed.epoch, np.asarray(windows, dtype=np.int64))
            pixels = augmented(pixels, draws, flip=self.flip, shift=self.shift)
        inputs = {**batch.inputs, "pixel_values": torch.from_numpy(pixels)}
        patches = features.patches * len(windows)
        tokens = batch.tokens + patches
        return replace(batch, inputs=inputs, tokens=tokens, positions=tokens + batch.padding)


def pixels_of(examples: Sequence[Any], processor: Any) -> Pixels:
    """The images of some examples, as an image processor makes them."""
    from ftk.models.loading.image_processor import shape_of

    return Pixels([example.image for example in examples], processor, shape_of(processor))
