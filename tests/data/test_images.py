"""Image files: what can be decoded, how it is seen, and what is said of the rest."""

import hashlib
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ftk.data.images import ImageFault, bombs_refused, digest_of, in_threads, is_image_name, pixels_of

FORMATS = ("png", "jpg", "gif", "bmp", "webp", "tiff", "ppm")


def photo(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    """A picture in which every pixel is another colour."""
    rows, columns = np.mgrid[: size[1], : size[0]]
    colours = np.stack([rows * 5, columns * 5, (rows + columns) * 2], -1).astype(np.uint8)
    return Image.fromarray(colours).convert(mode)


def fault_of(path: Path | str) -> ImageFault:
    with bombs_refused(), pytest.raises(ImageFault) as caught:
        digest_of(Path(path))
    return caught.value


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_decoded(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    photo().save(path)
    assert is_image_name(path)
    assert digest_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    with Image.open(path) as same:
        expected = np.asarray(same.convert("RGB"))
    assert np.array_equal(np.asarray(pixels_of(path, "RGB")), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_every_mode_becomes_colours_or_grey(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode in ("CMYK", "YCbCr") else "a.png")
    photo(mode=mode).save(path)
    assert pixels_of(path, "RGB").mode == "RGB"
    assert pixels_of(path, "L").mode == "L"
    assert len(digest_of(path)) == 64


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert np.asarray(pixels_of(tmp_path / "deep.png", "L")).tolist() == [[0, 0, 1, 255]]


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    drawn = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    drawn.putpixel((1, 0), (0, 0, 0, 0))
    drawn.save(tmp_path / "a.png")
    drawn.convert("P").save(tmp_path / "p.png", transparency=Image.new("P", (1, 1)).getpixel((0, 0)))
    assert np.asarray(pixels_of(tmp_path / "a.png", "RGB")).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    seen = np.asarray(pixels_of(tmp_path / "p.png", "RGB"))
    with Image.open(tmp_path / "p.png") as palette:
        hidden = np.asarray(palette.convert("RGBA"))[..., 3] == 0
    assert hidden.any()
    assert (seen[hidden] == 255).all()


def test_a_photo_is_turned_the_way_it_was_taken(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    photo().save(tmp_path / "a.png", exif=exif)
    assert pixels_of(tmp_path / "a.png", "RGB").size == (30, 40)
    expected = np.asarray(photo().transpose(Image.Transpose.ROTATE_270))
    assert np.array_equal(np.asarray(pixels_of(tmp_path / "a.png", "RGB")), expected)


def png_header(width: int, height: int) -> bytes:
    """A PNG of which there is no more than what says how large it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "is|are not there"),
        (lambda path: path.mkdir(), "is|are no regular file"),
        (lambda path: os.mkfifo(path), "is|are no regular file"),
        (lambda path: path.write_bytes(b""), "without an image"),
        (lambda path: path.write_text("A text."), "without an image"),
        (lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "without an image"),
        (lambda path: path.write_bytes(png_header(10, 10)), "is|are damaged"),
        (lambda path: path.write_bytes(png_header(8193, 8193)), "of too many pixels"),
        (lambda path: path.write_bytes(png_header(12000, 12000)), "of too many pixels"),
        (lambda path: path.write_bytes(png_header(60000, 60000)), "of too many pixels"),
        (lambda path: Image.fromarray(np.ones((4, 4), np.float32)).save(path, "TIFF"), "numbers without a range"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_kind(tmp_path: Path, make: Any, what: str) -> None:
    make(tmp_path / "a.png")
    assert what in fault_of(tmp_path / "a.png").what


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tiff", "ppm", "webp"])
def test_a_file_that_ends_too_early_is_damaged(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    photo((80, 80)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    fault = fault_of(path)
    assert "damaged" in fault.what or "without an image" in fault.what


def test_a_path_with_a_zero_byte_cannot_be_read() -> None:
    assert "cannot be read" in fault_of("a\0b.png").what


def test_threads_keep_the_order() -> None:
    assert in_threads(lambda number: number * 2, list(range(100)), 4) == list(range(0, 200, 2))
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda number: 1 // number, [1, 2, 0, 3], 4)
