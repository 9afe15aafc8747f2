"""What tasks have in common whose rows name images: pixels in a batch, and random changes to them in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ftk.contracts.values import Batch, Noise

if TYPE_CHECKING:
    from ftk.data.images.features import ImageFeatures


@dataclass(kw_only=True)
class Seeing:
    """The fields of a task that shows its model images, for it to inherit from beside its base class."""

    flip: bool
    shift: float

    def faults(self) -> Iterator[str]:
        """Values that mean nothing."""
        yield from super().faults()  # type: ignore[misc]
        if not 0 <= self.shift < 1:
            yield f"task.shift={self.shift}: it is a share of an image's side, from 0 up to, but not, 1."

    def with_images(self, batch: Batch, features: ImageFeatures, windows: Sequence[int], noise: Noise | None) -> Batch:
        """A batch with ``pixel_values``, [windows, channels, height, width], of the images of its rows.

        What is changed at random is a function of the seed, the pass over the data and the window.
        """
        import numpy as np
        import torch

        from ftk.data.batching.random_draws import CounterRandom
        from ftk.data.images.features import moved

        assert features.pixels is not None
        pixels = features.pixels([int(features.row[window]) for window in windows], torch.get_num_threads())
        if noise is not None and (self.flip or self.shift):
            draws = CounterRandom(noise.seed, noise.epoch, np.asarray(windows, dtype=np.int64))
            pixels = moved(pixels, draws, flip=self.flip, shift=self.shift)
        inputs = {**batch.inputs, "pixel_values": torch.from_numpy(pixels)}
        patches = features.patches * len(windows)
        tokens = batch.tokens + patches
        return replace(batch, inputs=inputs, tokens=tokens, positions=tokens + batch.padding)
