"""Windows with images, which are decoded when a batch needs them and kept in a bounded amount of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.features import Features
from ftk.data.batching.random_draws import CounterRandom
from ftk.data.images.decoding import ImageFault, in_threads, pixels_of
from ftk.data.images.examples import ImageFile
from ftk.errors import DataError

_KEPT = 1 << 28
"""Bytes of images that are kept for the next pass over a split; others are decoded again."""
_PATCH = 16
"""Pixels along the side of a square that counts as one token, whatever patches the model has."""
_FLIP, _DOWN, _RIGHT = 1, 2, 3
"""The purposes of random numbers."""


class Pixels:
    """The images of some rows as pixels for a model.

    Args:
        images: one for each row.
        processor: of the model.
        shape: of its images: channels, height and width.
    """

    def __init__(self, images: Sequence[ImageFile], processor: Any, shape: tuple[int, int, int]) -> None:
        self.images = images
        self.shape = shape
        self._processor = processor
        self._mode = "L" if shape[0] == 1 else "RGB"
        self._room = _KEPT // (4 * shape[0] * shape[1] * shape[2])
        self._kept: dict[str, NDArray[np.float32]] = {}

    def __call__(self, rows: Sequence[int], threads: int) -> NDArray[np.float32]:
        """[rows, channels, height, width].

        Raises:
            DataError: a file is not what it was when the rows were read.
        """
        wanted = {self.images[row].digest: self.images[row] for row in rows}
        lacking = [file for digest, file in wanted.items() if digest not in self._kept]
        made = dict(zip((file.digest for file in lacking), in_threads(self._of, lacking, threads), strict=True))
        there = {digest: made[digest] if digest in made else self._kept[digest] for digest in wanted}
        # The first images are kept: a cache that evicts would hardly ever hit in a random order.
        for digest, image in list(made.items())[: max(0, self._room - len(self._kept))]:
            self._kept[digest] = image
        return np.stack([there[self.images[row].digest] for row in rows])

    def _of(self, file: ImageFile) -> NDArray[np.float32]:
        try:
            with pixels_of(file.source, self._mode, file.digest) as image:
                found = self._processor(images=[image], return_tensors="np")["pixel_values"][0]
        except ImageFault as fault:
            raise DataError(
                f"{file.path}: the image was good when the rows were read, and is not now ({fault}). Images must "
                "not change while a run reads them; start the run again."
            ) from fault
        array: NDArray[np.float32] = np.asarray(found, dtype=np.float32)
        return array


@dataclass(frozen=True, slots=True)
class ImageFeatures(Features):
    """Windows with an image each, and perhaps a text in the columns.

    Attributes:
        pixels: the images of the rows.
    """

    pixels: Pixels | None = None

    @property
    def patches(self) -> int:
        """The number of tokens that an image counts as."""
        assert self.pixels is not None
        _, height, width = self.pixels.shape
        return max(1, height // _PATCH) * max(1, width // _PATCH)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each window, special tokens and those of its image included."""
        patches = np.full(len(self), self.patches, dtype=np.int64)
        return patches + self.columns["input_ids"].lengths if "input_ids" in self.columns else patches

    def sizes(self, most: int) -> str:
        """A sentence about the size of the images and the lengths of the texts."""
        assert self.pixels is not None
        channels, height, width = self.pixels.shape
        colours = "grey" if channels == 1 else "colour"
        images = f"images of {height} x {width} pixels in {colours}, each counted as {self.patches} tokens"
        return f"{images}; {Features.sizes(self, most)}" if "input_ids" in self.columns else images


def augmented(pixels: NDArray[np.float32], draws: CounterRandom, *, flip: bool, shift: float) -> NDArray[np.float32]:
    """Images that are mirrored left to right with probability one half and shifted; edges are repeated to fill the gap.

    Args:
        pixels: [images, channels, height, width].
        draws: the random numbers of these images.
        flip: whether to mirror.
        shift: the share of the height and of the width up to which an image is augmented, in either direction.
    """
    height, width = pixels.shape[2:]
    mirrored = draws(_FLIP, 1)[:, 0] < (0.5 if flip else 0.0)
    down = np.rint((2 * draws(_DOWN, 1)[:, 0] - 1) * shift * height).astype(np.int64)
    right = np.rint((2 * draws(_RIGHT, 1)[:, 0] - 1) * shift * width).astype(np.int64)
    rows = np.clip(np.arange(height) - down[:, None], 0, height - 1)
    columns = np.clip(np.arange(width) - right[:, None], 0, width - 1)
    columns = np.where(mirrored[:, None], width - 1 - columns, columns)
    image = np.arange(len(pixels))
    found: NDArray[np.float32] = pixels[image[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return np.ascontiguousarray(found.transpose(0, 3, 1, 2))
