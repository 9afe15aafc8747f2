"""Image files: which can be decoded, to which pixels, and what is reported about the others."""

import hashlib
import os
import struct
import threading
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.data.images import decoding as module
from ftk.data.images.decoding import (
    ImageFault,
    digest_of,
    in_threads,
    is_image_name,
    pixels_of,
    refuse_decompression_bombs,
)

FORMATS = ("png", "jpg", "gif", "bmp", "webp", "tiff", "ppm")


def photo(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    """A picture in which every pixel is another colour."""
    rows, columns = np.mgrid[: size[1], : size[0]]
    colours = np.stack([rows * 5, columns * 5, (rows + columns) * 2], -1).astype(np.uint8)
    return Image.fromarray(colours).convert(mode)


def seen(path: Path, mode: str = "RGB") -> np.ndarray:
    """The pixels of an image as a model's processor gets them."""
    with pixels_of(path, mode) as image:
        assert image.mode == mode
        return np.asarray(image)


def fault_of(path: Path | str) -> ImageFault:
    with refuse_decompression_bombs(), pytest.raises(ImageFault) as caught:
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
    assert np.array_equal(seen(path), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_every_mode_becomes_colours_or_grey(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode in ("CMYK", "YCbCr") else "a.png")
    photo(mode=mode).save(path)
    assert seen(path).shape == (30, 40, 3)
    assert seen(path, "L").shape == (30, 40)
    assert len(digest_of(path)) == 64


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert seen(tmp_path / "deep.png", "L").tolist() == [[0, 0, 1, 255]]


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    drawn = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    drawn.putpixel((1, 0), (0, 0, 0, 0))
    drawn.save(tmp_path / "a.png")
    drawn.convert("P").save(tmp_path / "p.png", transparency=Image.new("P", (1, 1)).getpixel((0, 0)))
    assert seen(tmp_path / "a.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]
    palette_seen = seen(tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as palette:
        hidden = np.asarray(palette.convert("RGBA"))[..., 3] == 0
    assert hidden.any()
    assert (palette_seen[hidden] == 255).all()


def test_a_photo_is_turned_the_way_it_was_taken(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    photo().save(tmp_path / "a.png", exif=exif)
    assert seen(tmp_path / "a.png").shape == (40, 30, 3)
    expected = np.asarray(photo().transpose(Image.Transpose.ROTATE_270))
    assert np.array_equal(seen(tmp_path / "a.png"), expected)


def png(size: tuple[int, int], bits: int, colour: int, row: bytes, hidden: bytes = b"") -> bytes:
    """A PNG of one row, or of no more than that; ``hidden`` is the colour that is transparent."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0))
    head += chunk(b"tRNS", hidden) if hidden else b""
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


def png_header(width: int, height: int) -> bytes:
    """A PNG of which there is little more than what says how large it is."""
    return png((width, height), 8, 2, bytes(99))


@pytest.mark.parametrize("maximum", [65535, 1023])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "raw"])
def test_a_pgm_of_more_than_eight_bits_is_read(tmp_path: Path, maximum: int, plain: bool) -> None:
    values = np.array([[0, 255, 256, maximum]])
    head = f"P{2 if plain else 5} 4 1 {maximum}\n".encode()
    body = " ".join(map(str, values[0])).encode() if plain else values.astype(">u2").tobytes()
    (tmp_path / "a.pgm").write_bytes(head + body)
    assert len(digest_of(tmp_path / "a.pgm")) == 64
    expected = np.rint(values * (65535 / maximum)).astype(int) >> 8
    assert seen(tmp_path / "a.pgm", "L").tolist() == expected.tolist()


GREY, COLOUR = 0, 2
HIDDEN = {
    "two bits": (2, GREY, bytes([0b00011011]), b"\0\2", [0, 85, 255, 255]),
    "four bits": (4, GREY, bytes([0x01, 0xF2]), b"\0\1", [0, 255, 255, 34]),
    "eight bits": (8, GREY, bytes([0, 1, 2, 3]), b"\0\2", [0, 1, 255, 3]),
    "sixteen bits": (16, GREY, struct.pack(">4H", 0, 1, 0x300, 0x301), b"\3\0", [0, 0, 255, 3]),
    "sixteen bits a channel": (16, COLOUR, b"\1\2" * 3 + b"\3\4" * 3 + bytes(12), b"\3\4" * 3, [1, 255, 0, 0]),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_transparent_shade_is_white_whatever_the_depth(tmp_path: Path, name: str) -> None:
    bits, colour, row, hidden, expected = HIDDEN[name]
    (tmp_path / "a.png").write_bytes(png((4, 1), bits, colour, row, hidden))
    assert len(digest_of(tmp_path / "a.png")) == 64
    assert seen(tmp_path / "a.png")[0].tolist() == [[shade] * 3 for shade in expected]


def test_half_transparent_pixels_is_mixed_with_white_as_pillow_does_it(tmp_path: Path) -> None:
    shades = np.indices((256, 256)).transpose(1, 2, 0).astype(np.uint8)
    drawn = Image.fromarray(shades[..., [0, 0, 0, 1]])
    drawn.save(tmp_path / "a.png")
    page = Image.new("RGBA", drawn.size, "white")
    page.alpha_composite(drawn)
    assert np.array_equal(seen(tmp_path / "a.png"), np.asarray(page.convert("RGB")))
    assert np.array_equal(seen(tmp_path / "a.png", "L"), np.asarray(page.convert("L")))


def test_a_file_that_has_changed_is_not_the_one_that_was_checked(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.png")
    digest = digest_of(tmp_path / "a.png")
    with pixels_of(tmp_path / "a.png", "RGB", digest) as image:
        assert image.size == (40, 30)
    photo().rotate(180).save(tmp_path / "a.png")
    with pytest.raises(ImageFault, match="content has changed"), pixels_of(tmp_path / "a.png", "RGB", digest):
        pass


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: None, kinds.IMAGE_MISSING),
        (lambda path: path.mkdir(), kinds.IMAGE_NOT_A_FILE),
        (lambda path: os.mkfifo(path), kinds.IMAGE_NOT_A_FILE),
        (lambda path: path.write_bytes(b""), kinds.NOT_AN_IMAGE),
        (lambda path: path.write_text("A text."), kinds.NOT_AN_IMAGE),
        (lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), kinds.NOT_AN_IMAGE),
        (lambda path: path.write_bytes(png_header(10, 10)), kinds.IMAGE_DAMAGED),
        (lambda path: path.write_bytes(png_header(8193, 8193)), kinds.IMAGE_OF_MANY_PIXELS),
        (lambda path: path.write_bytes(png_header(12000, 12000)), kinds.IMAGE_OF_MANY_PIXELS),
        (lambda path: path.write_bytes(png_header(60000, 60000)), kinds.IMAGE_OF_MANY_PIXELS),
        (lambda path: Image.fromarray(np.ones((4, 4), np.float32)).save(path, "TIFF"), kinds.IMAGE_WITHOUT_RANGE),
        (lambda path: Image.fromarray(np.ones((4, 4), np.int32)).save(path, "TIFF"), kinds.IMAGE_WITHOUT_RANGE),
        (lambda path: path.write_bytes(b"Pf 2 1 -1.0\n" + bytes(8)), kinds.IMAGE_WITHOUT_RANGE),
        # Of one byte where two are due Pillow says when it opens it, or later.
        (lambda path: path.write_bytes(png((4, 1), 8, 0, bytes(4), b"\0")), (kinds.IMAGE_DAMAGED, kinds.NOT_AN_IMAGE)),
    ],
)
def test_what_cannot_be_used_is_reported_by_its_kind(
    tmp_path: Path, make: Any, kind: FindingKind | tuple[FindingKind, ...]
) -> None:
    make(tmp_path / "a.png")
    assert fault_of(tmp_path / "a.png").kind in (kind if isinstance(kind, tuple) else (kind,))


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tiff", "ppm", "webp"])
def test_a_file_that_ends_too_early_is_damaged(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    photo((80, 80)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert fault_of(path).kind in (kinds.IMAGE_DAMAGED, kinds.NOT_AN_IMAGE)


def test_a_path_with_a_zero_byte_cannot_be_read() -> None:
    assert fault_of("a\0b.png").kind == kinds.IMAGE_UNREADABLE


def test_threads_keep_the_order() -> None:
    assert in_threads(lambda number: number * 2, list(range(100)), 4) == list(range(0, 200, 2))
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda number: 1 // number, [1, 2, 0, 3], 4)


@pytest.mark.slow
def test_threads_are_not_given_everything_at_once() -> None:
    """What waits to be done takes memory: of many items, only some do."""
    number = 30_000
    tracemalloc.start()
    try:
        assert in_threads(abs, range(-number, 0), 2)[0] == number
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500 * number


def test_pixels_in_memory_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two and a half images: two are there at the same time, never three; one of more comes alone."""
    path, large = tmp_path / "a.png", tmp_path / "b.png"
    photo().save(path)
    photo((80, 60)).save(large)
    monkeypatch.setattr(module, "_room", module._Room(40 * 30 * 5 // 2))
    lock, pairs = threading.Lock(), threading.Barrier(2)
    inside, most = 0, []

    def look(path: Path) -> None:
        nonlocal inside
        with pixels_of(path, "RGB") as image:
            with lock:
                inside += 1
                most.append((image.width, inside))
            if image.width == 40:
                pairs.wait(timeout=60)
            with lock:
                inside -= 1

    in_threads(look, [path] * 40 + [large] * 8, 8)
    assert {count for width, count in most if width == 40} == {1, 2}
    assert {count for width, count in most if width == 80} == {1}
