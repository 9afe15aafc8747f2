"""What a batch gets of the images of its rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ftk.data.batching.random_draws import CounterRandom
from ftk.data.images import features as module
from ftk.data.images.decoding import digest_of
from ftk.data.images.examples import ImageFile
from ftk.data.images.features import ImageFeatures, Pixels, augmented
from ftk.errors import DataError


class Counting:
    """An image processor that makes 3 x 8 x 8 of whatever comes, and counts what came."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, images: list[Image.Image], return_tensors: str) -> dict[str, Any]:
        self.count += len(images)
        return {"pixel_values": [np.asarray(image.resize((8, 8))).transpose(2, 0, 1) / 255 for image in images]}


@pytest.fixture
def image_files(tmp_path: Path) -> list[ImageFile]:
    found = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (10, 10), (40 * number, 0, 0)).save(path)
        found.append(ImageFile(path.name, path, digest_of(path)))
    return found


def test_images_come_in_the_order_of_the_rows_and_are_decoded_once(image_files: list[ImageFile]) -> None:
    processor = Counting()
    pixels = Pixels(image_files, processor, (3, 8, 8))
    for threads in (1, 3):
        found = pixels([5, 0, 5, 2], threads)
        assert found.shape == (4, 3, 8, 8)
        assert found.dtype == np.float32
        assert np.allclose(found[:, 0, 0, 0] * 255, [200, 0, 200, 80])
    assert processor.count == 3


def test_what_does_not_fit_into_memory_is_decoded_again(
    image_files: list[ImageFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT", 2 * 4 * 3 * 8 * 8)
    processor = Counting()
    pixels = Pixels(image_files, processor, (3, 8, 8))
    first, second = pixels(range(6), 1), pixels(range(6), 1)
    assert np.array_equal(first, second)
    assert processor.count == 6 + 4


def test_an_image_that_is_gone_or_damaged_since_is_named(image_files: list[ImageFile]) -> None:
    pixels = Pixels(image_files, Counting(), (3, 8, 8))
    image_files[1].path.unlink()
    image_files[2].path.write_bytes(b"no image")
    for number in (1, 2):
        with pytest.raises(DataError, match=f"{number}.png: the image was good when the rows were read"):
            pixels([0, number], 2)


def test_an_image_that_was_replaced_since_is_named(image_files: list[ImageFile]) -> None:
    """It can be decoded, and is of the same size: what is learned of it would be another image's."""
    pixels = Pixels(image_files, Counting(), (3, 8, 8))
    Image.new("RGB", (10, 10), "blue").save(image_files[3].path)
    with pytest.raises(DataError, match=r"3.png: .*\(its content has changed since\).*start the run again"):
        pixels([0, 3], 2)


@pytest.mark.parametrize(
    ("size", "tokens"), [((3, 64, 64), 16), ((3, 224, 224), 196), ((1, 8, 8), 1), ((3, 40, 16), 2)]
)
def test_an_image_counts_by_its_size(image_files: list[ImageFile], size: tuple[int, int, int], tokens: int) -> None:
    features = ImageFeatures({}, np.arange(6), 0, pixels=Pixels(image_files, Counting(), size))
    assert features.lengths.tolist() == [tokens] * 6
    assert features.longest == len(features.tokens_in_use()) == 0
    assert f"{size[1]} x {size[2]} pixels in {'grey' if size[0] == 1 else 'colour'}" in features.sizes(512)


def draws(epochs: list[int], windows: list[int], seed: int = 3) -> CounterRandom:
    return CounterRandom(seed, np.array(epochs), np.array(windows))


def test_images_are_moved_as_one_by_one() -> None:
    """Pixel by pixel: mirrored where the draw says so, and shifted with the edges drawn out."""
    images = np.random.default_rng(0).random((40, 3, 10, 14), dtype=np.float32)
    chance = draws([0] * 40, list(range(40)))
    found = augmented(images, chance, flip=True, shift=0.3)
    mirrored = chance(1, 1)[:, 0] < 0.5
    down = np.rint((2 * chance(2, 1)[:, 0] - 1) * 3.0).astype(int)
    right = np.rint((2 * chance(3, 1)[:, 0] - 1) * 0.3 * 14).astype(int)
    assert 5 < mirrored.sum() < 35
    assert set(down) == set(range(-3, 4))
    for number, image in enumerate(images):
        seen = image[:, :, ::-1] if mirrored[number] else image
        padded = np.pad(seen, ((0, 0), (14, 14), (14, 14)), mode="edge")
        across = right[number]
        expected = padded[:, 14 - down[number] : 24 - down[number], 14 - across : 28 - across]
        assert np.array_equal(found[number], expected)


def test_changes_are_a_function_of_seed_pass_and_window() -> None:
    images = np.random.default_rng(0).random((4, 1, 16, 16), dtype=np.float32)
    together = augmented(images, draws([2] * 4, [5, 6, 7, 8]), flip=True, shift=0.25)
    alone = augmented(images[2:3], draws([2], [7]), flip=True, shift=0.25)
    assert np.array_equal(together[2:3], alone)
    others = [draws([3] * 4, [5, 6, 7, 8]), draws([2] * 4, [5, 6, 7, 8], seed=4)]
    assert all(not np.array_equal(together, augmented(images, other, flip=True, shift=0.25)) for other in others)
    assert np.array_equal(augmented(images, draws([2] * 4, [5, 6, 7, 8]), flip=False, shift=0.0), images)
