"""Image files: whether they can be used, and their pixels."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What is decoded: formats of pixels. Pillow would hand others, such as EPS, to programs that it finds."""
_MOST_PIXELS = 1 << 26
_MOST_BYTES = 1 << 28
_SMALL = (16, 16)
"""Where an image is only looked at, a JPEG is decoded at an eighth of its size, which finds the same faults."""
_THREADS = 8

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
    _decoded(io.BytesIO(content), "RGB", small=True)
    return hashlib.sha256(content).hexdigest()


def pixels_of(path: Path, mode: str) -> Image:
    """An image as it is to be seen: the right way up, what is transparent white.

    Args:
        path: a file.
        mode: of Pillow: RGB, or L for shades of grey.

    Raises:
        ImageFault: it cannot be used.
    """
    return _decoded(io.BytesIO(_content(path)), mode, small=False)


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
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def bombs_refused() -> Iterator[None]:
    """A context in which Pillow raises for what it would only warn of: a small file of very many pixels.

    Filters of warnings are those of the whole process, so this stands around threads, not in them.
    """
    from PIL import Image

    with warnings.catch_warnings():
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


def _decoded(stream: BinaryIO, mode: str, *, small: bool) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(stream, formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise _too_large(f"{image.width:,} x {image.height:,}")
            if small:
                image.draft(None, _SMALL)
            return _seen(image, mode)
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


def _seen(image: Image, mode: str) -> Image:
    """An opened image in another mode of Pillow, its rotation and its transparency taken into account."""
    import numpy as np
    from PIL import Image as pillow
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F"):
        raise ImageFault(
            "image|images whose pixels are numbers without a range",
            "Save them with 8 or 16 bits a channel.",
            f"mode {image.mode}",
        )
    if image.mode.startswith("I;16"):
        image = pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        page = pillow.new("RGBA", image.size, "white")
        page.alpha_composite(image)
        image = page
    return image.convert(mode)


def _too_large(size: str = "") -> ImageFault:
    return ImageFault("image|images of too many pixels", f"At most {_MOST_PIXELS:,} are decoded.", size)
