"""Checks and decodes image files."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""The formats that are decoded. Pillow would pass others, such as EPS, to programs on the machine."""
_MOST_PIXELS = 1 << 26
_MOST_BYTES = 1 << 28
_SMALL = (16, 16)
"""To check an image, a JPEG is decoded at an eighth of its size, which finds the same faults."""
_THREADS = 8
_AT_ONCE = 1 << 27
"""Pixels of images that are decoded at the same time, however many threads there are: 4 bytes each, or twice that."""
_BLOCK = 1 << 12
"""Items that threads get at once: waiting items have a cost."""
_OF_GREY = {"L;2": 85, "L;4": 17}
"""The factors by which Pillow scales greys of less than 8 bits, but not the grey that is transparent."""

_filters = threading.Lock()
"""Held by a thread while it has changed Python's warning filters."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ImageFault(Exception):
    """Why a file cannot be used as an image.

    Attributes:
        kind: of the finding.
        reason: what is wrong with this file; may be empty.
        values: values that the texts of the kind use.
    """

    def __init__(self, kind: FindingKind, reason: str = "", **values: Any) -> None:
        super().__init__(reason or kind.id)
        self.kind, self.reason, self.values = kind, reason, values


def is_image_name(path: Path | str) -> bool:
    """Whether the name of a file says that it is an image."""
    return Path(path).suffix.lower() in ENDINGS


def digest_of(source: Path | bytes) -> str:
    """The SHA-256 of an image file, which is decoded completely first.

    Args:
        source: the file, or its content.

    Raises:
        ImageFault: it cannot be used.
    """
    content = _content(source)
    with _opened(content) as image, _image_faults():
        image.draft(None, _SMALL)
        with _room.for_pixels(image.width * image.height):
            image.load()
            _turn(image)
            _seen(image.crop((0, 0, 1, 1)), "RGB", wide=image.format == "PPM")  # one pixel is as good as all of them
    return hashlib.sha256(content).hexdigest()


@contextmanager
def pixels_of(source: Path | bytes, mode: str, digest: str | None = None) -> Iterator[Image]:
    """A decoded image, the right way up, with white for what is transparent.

    It is a context because the memory of all images together is bounded, and this image counts until it is left.

    Args:
        source: a file, or its content.
        mode: of Pillow: RGB, or L for shades of grey.
        digest: the SHA-256 that the file must have; None allows any.

    Raises:
        ImageFault: it cannot be used, or is another file.
    """
    content = _content(source)
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        raise ImageFault(kinds.IMAGE_CHANGED, "its content has changed since")
    with _opened(content) as image, _room.for_pixels(image.width * image.height):
        with _image_faults():
            image.load()
            method, wide = _turn(image), image.format == "PPM"
            seen = _seen(image if method is None else image.transpose(method), mode, wide=wide)
        yield seen


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None) -> list[Result]:
    """The results of ``work`` for all items, in order; decoders release Python's lock.

    Args:
        work: computes a result.
        items: any number of them.
        threads: how many; None uses one for each processor, at most 8.
    """
    threads = min(threads or os.cpu_count() or 1, _THREADS, len(items))
    if threads < 2:
        return [work(item) for item in items]
    pool = ThreadPoolExecutor(threads, thread_name_prefix="images")
    try:
        blocks = (items[first : first + _BLOCK] for first in range(0, len(items), _BLOCK))
        return [result for block in blocks for result in pool.map(work, block)]
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def refuse_decompression_bombs() -> Iterator[None]:
    """A context in which Pillow raises for a small file of very many pixels, where it would only warn.

    Warning filters belong to the whole process, so enter this context around threads, not inside them. Threads that
    enter it at the same time take turns.
    """
    from PIL import Image

    with _filters, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _content(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        if len(source) > _MOST_BYTES:
            raise ImageFault(kinds.IMAGE_OF_MANY_BYTES, most=_MOST_BYTES)
        return source
    try:
        status = os.stat(source)
        if not stat.S_ISREG(status.st_mode):
            raise ImageFault(kinds.IMAGE_NOT_A_FILE)
        if status.st_size > _MOST_BYTES:
            raise ImageFault(kinds.IMAGE_OF_MANY_BYTES, most=_MOST_BYTES)
        return source.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageFault(kinds.IMAGE_MISSING) from None
    except (OSError, ValueError) as error:  # a path may also hold a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageFault(kinds.IMAGE_UNREADABLE, reason) from error


@contextmanager
def _opened(content: bytes) -> Iterator[Image]:
    """An opened image, before any pixel is decoded.

    Raises:
        ImageFault: it is not an image, or too large.
    """
    from PIL import Image

    with _image_faults():
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
    with image:
        if image.width * image.height > _MOST_PIXELS:
            raise _too_large(f"{image.width:,} x {image.height:,}")
        _scale_transparency(image)
        yield image


@contextmanager
def _image_faults() -> Iterator[None]:
    """A context that turns whatever Pillow raises into an ImageFault.

    Raises:
        ImageFault: it cannot be used.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except ImageFault:
        raise
    except UnidentifiedImageError:
        raise ImageFault(kinds.NOT_AN_IMAGE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except Exception as error:  # decoders raise exceptions of all kinds; each means that the file is damaged
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageFault(kinds.IMAGE_DAMAGED, reason[:120]) from error


class _Room:
    """Limits the pixels that threads decode at the same time.

    Args:
        most: how many; a larger image waits until no other is being decoded.
    """

    def __init__(self, most: int) -> None:
        self._most, self._free = most, most
        self._left = threading.Condition()

    @contextmanager
    def for_pixels(self, number: int) -> Iterator[None]:
        """A context for one image; it waits until there is room for the image."""
        number = min(number, self._most)
        with self._left:
            self._left.wait_for(lambda: number <= self._free)
            self._free -= number
        try:
            yield
        finally:
            with self._left:
                self._free += number
                self._left.notify_all()


_room = _Room(_AT_ONCE)


def _scale_transparency(image: Image) -> None:
    """Scale the transparent colour of an opened PNG to the range of its decoded pixels.

    Pillow leaves it as it is in the file if greys have less than 8 bits, or colours 16.
    """
    hidden = image.info.get("transparency")
    raw = [tile.args for tile in getattr(image, "tile", ())]
    if isinstance(hidden, int) and raw and raw[0] in _OF_GREY:
        image.info["transparency"] = hidden * _OF_GREY[raw[0]]
    elif isinstance(hidden, tuple) and raw == ["RGB;16B"]:
        image.info["transparency"] = tuple(value >> 8 for value in hidden)


def _turn(image: Image) -> Transpose | None:
    """How to turn an image according to its EXIF; None: not at all.

    ``ImageOps.exif_transpose`` would also copy images that need no turn.
    """
    from PIL.ExifTags import Base
    from PIL.Image import Transpose

    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(image.getexif().get(Base.Orientation, 1))


def _seen(image: Image, mode: str, *, wide: bool) -> Image:
    """A decoded image converted to another mode of Pillow, with white for what is transparent.

    Args:
        image: the decoded image.
        mode: of Pillow.
        wide: whether 32-bit numbers are 16-bit greys, as in Pillow's images of PGM.
    """
    from PIL import Image as pillow

    if image.mode == "F" or (image.mode == "I" and not wide):
        raise ImageFault(kinds.IMAGE_WITHOUT_RANGE, f"mode {image.mode}")
    if image.mode.startswith("I"):
        image = _of_eight_bits(image)
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        page = pillow.new("RGB", image.size, "white")
        page.paste(image, mask=image)
        image = page
    return image if image.mode == mode else image.convert(mode)


def _of_eight_bits(image: Image) -> Image:
    """The upper 8 bits of a 16-bit image, with an alpha channel if one grey is transparent."""
    import numpy as np
    from PIL import Image as pillow

    values = np.asarray(image)
    found = pillow.fromarray((values >> 8).astype(np.uint8))
    if (hidden := image.info.get("transparency")) is not None:
        found.putalpha(pillow.fromarray(np.where(values == hidden, 0, 255).astype(np.uint8)))
    return found


def _too_large(size: str = "") -> ImageFault:
    return ImageFault(kinds.IMAGE_OF_MANY_PIXELS, size, most=_MOST_PIXELS)
