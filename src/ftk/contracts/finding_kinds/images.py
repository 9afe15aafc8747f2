"""Findings about images."""

from ftk.contracts.finding_kinds.making import error

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Images
EMPTY_IMAGE_PATH = error("empty-image-path", "{row|rows} with an empty path of an image", "'{column}' holds the path.")
IMAGE_CHANGED = error("image-changed", "{image|images} that {has|have} changed")
IMAGE_MISSING = error("image-missing", "{image|images} that {does|do} not exist",
    "A path is relative to the file that names it.")
IMAGE_NOT_A_FILE = error("image-not-a-file", "{image|images} that {is|are} not a regular file",
    "A path names one image.")
IMAGE_OF_MANY_BYTES = error("image-of-many-bytes", "{image|images} of too many bytes", "At most {most:,} are read.")
IMAGE_OF_MANY_PIXELS = error("image-of-many-pixels", "{image|images} of too many pixels",
    "At most {most:,} are decoded.")
IMAGE_UNREADABLE = error("image-unreadable", "{image|images} that cannot be read")
NOT_AN_IMAGE = error("not-an-image", "{file|files} without an image in {it|them}",
    "Images are PNG, JPEG, GIF, BMP, WebP, TIFF or PPM.")
IMAGE_DAMAGED = error("image-damaged", "{image|images} that {is|are} damaged", "Decoding stops before the end.")
IMAGE_WITHOUT_RANGE = error("image-without-range", "{image|images} whose pixel values have no fixed range",
    "Save them with 8 or 16 bits per channel.")
# fmt: on
