"""Image files: whether they can be used, and their pixels."""

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
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What is decoded: formats of pixels. Pillow would hand others, such as EPS, to programs that it finds."""
_MOST_PIXELS = 1 << 26
_MOST_BYTES = 1 << 28
_SMALL = (16, 16)
"""Where an image is only looked at, a JPEG is decoded at an eighth of its size, which finds the same faults."""
_THREADS = 8
_AT_ONCE = 1 << 27
"""Pixels of images that are decoded at the same time, however many threads there are: 4 bytes each, or twice that."""
_BLOCK = 1 << 12
"""Items that threads are given at once: what waits has a cost of its own."""
_OF_GREY = {"L;2": 85, "L;4": 17}
"""What Pillow multiplies shades of grey of less than 8 bits by, but not the one that is transparent."""

_filters = threading.Lock()
"""Held by the one thread that has changed Python's filters of warnings."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ImageFault(Exception):
    """Why a file cannot be used as an image.

    Attributes:
        what: the kind of fault, as the notes count it.
        advice: what to do.
        reason: what is wrong with this one; may be empty.
    """

    def __init__(self, what: str, advice: str, reason: str = "") -> None:
        super().__init__(reason or what)
        self.what, self.advice, self.reason = what, advice, reason


def is_image_name(path: Path | str) -> bool:
    """Whether the name of a file says that it is an image."""
    return Path(path).suffix.lower() in ENDINGS


def digest_of(path: Path) -> str:
    """The SHA-256 of an image file that can be decoded, all of which is tried.

    Raises:
        ImageFault: it cannot be used.
    """
    content = _content(path)
    with _opened(content) as image, _told():
        image.draft(None, _SMALL)
        with _room.for_pixels(image.width * image.height):
            image.load()
            _turn(image)
            _seen(image.crop((0, 0, 1, 1)), "RGB", wide=image.format == "PPM")  # one pixel is as good as all of them
    return hashlib.sha256(content).hexdigest()


@contextmanager
def pixels_of(path: Path, mode: str, digest: str | None = None) -> Iterator[Image]:
    """An image as it is to be seen: the right way up, what is transparent white.

    A context, for the memory that images take has a bound, and this one counts until it is left.

    Args:
        path: a file.
        mode: of Pillow: RGB, or L for shades of grey.
        digest: the SHA-256 that the file must have; None: any.

    Raises:
        ImageFault: it cannot be used, or is another file.
    """
    content = _content(path)
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        raise ImageFault("image|images that has|have changed", "", "its content has changed since")
    with _opened(content) as image, _room.for_pixels(image.width * image.height):
        with _told():
            image.load()
            method, wide = _turn(image), image.format == "PPM"
            seen = _seen(image if method is None else image.transpose(method), mode, wide=wide)
        yield seen


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None) -> list[Result]:
    """The results of some items, in their order; decoders work outside of Python's lock.

    Args:
        work: what is done with each.
        items: may be many.
        threads: how many; None: one for each processor, 8 at the most.
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
def bombs_refused() -> Iterator[None]:
    """A context in which Pillow raises for what it would only warn of: a small file of very many pixels.

    Filters of warnings are those of the whole process, so this stands around threads, not in them; of several threads
    that enter it, one at a time is inside.
    """
    from PIL import Image

    with _filters, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _content(path: Path) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageFault("image|images that is|are no regular file", "A path names one image.")
        if status.st_size > _MOST_BYTES:
            raise ImageFault("image|images of too many bytes", f"At most {_MOST_BYTES:,} are read.")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageFault(
            "image|images that is|are not there", "A path is relative to the file that it stands in."
        ) from None
    except (OSError, ValueError) as error:  # a path may also hold a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageFault("image|images that cannot be read", "", reason) from error


@contextmanager
def _opened(content: bytes) -> Iterator[Image]:
    """An image of which no pixel is decoded yet.

    Raises:
        ImageFault: there is none, or it is too large.
    """
    from PIL import Image

    with _told():
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
    with image:
        if image.width * image.height > _MOST_PIXELS:
            raise _too_large(f"{image.width:,} x {image.height:,}")
        _scale_transparency(image)
        yield image


@contextmanager
def _told() -> Iterator[None]:
    """A context that tells in which way a file cannot be used, whatever Pillow says.

    Raises:
        ImageFault: it cannot be used.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except ImageFault:
        raise
    except UnidentifiedImageError:
        raise ImageFault(
            "file|files without an image in it|them",
            "Images are PNG, JPEG, GIF, BMP, WebP, TIFF or PPM.",
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except Exception as error:  # decoders raise of all kinds; each means that the file is not what it should be
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageFault("image|images that is|are damaged", "Decoding stops before the end.", reason[:120]) from error


class _Room:
    """The pixels that threads may have decoded at the same time.

    Args:
        most: how many; an image of more waits until there are no others.
    """

    def __init__(self, most: int) -> None:
        self._most, self._free = most, most
        self._left = threading.Condition()

    @contextmanager
    def for_pixels(self, number: int) -> Iterator[None]:
        """A context for one image, which begins when there is room for it."""
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
    """Bring the colour that an opened PNG says is transparent to the range that its pixels are decoded to.

    Pillow leaves it as it stands in the file where shades of grey have less than 8 bits, and colours 16.
    """
    hidden = image.info.get("transparency")
    raw = [tile.args for tile in getattr(image, "tile", ())]
    if isinstance(hidden, int) and raw and raw[0] in _OF_GREY:
        image.info["transparency"] = hidden * _OF_GREY[raw[0]]
    elif isinstance(hidden, tuple) and raw == ["RGB;16B"]:
        image.info["transparency"] = tuple(value >> 8 for value in hidden)


def _turn(image: Image) -> Transpose | None:
    """How an image is to be turned, by its EXIF; None: not at all.

    ``ImageOps.exif_transpose`` copies what is not to be turned.
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
    """A decoded image in another mode of Pillow, its transparency taken into account.

    Args:
        image: as it is decoded.
        mode: of Pillow.
        wide: whether numbers of 32 bits are shades of 16, as Pillow has those of PGM.
    """
    from PIL import Image as pillow

    if image.mode == "F" or (image.mode == "I" and not wide):
        raise ImageFault(
            "image|images whose pixels are numbers without a range",
            "Save them with 8 or 16 bits a channel.",
            f"mode {image.mode}",
        )
    if image.mode.startswith("I"):
        image = _of_eight_bits(image)
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        page = pillow.new("RGB", image.size, "white")
        page.paste(image, mask=image)
        image = page
    return image if image.mode == mode else image.convert(mode)


def _of_eight_bits(image: Image) -> Image:
    """An image of 16 bits with the upper 8 of them, and with an alpha channel where one shade is transparent."""
    import numpy as np
    from PIL import Image as pillow

    values = np.asarray(image)
    found = pillow.fromarray((values >> 8).astype(np.uint8))
    if (hidden := image.info.get("transparency")) is not None:
        found.putalpha(pillow.fromarray(np.where(values == hidden, 0, 255).astype(np.uint8)))
    return found


def _too_large(size: str = "") -> ImageFault:
    return ImageFault("image|images of too many pixels", f"At most {_MOST_PIXELS:,} are decoded.", size)
