"""SHA-256 of files."""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as stream:
        return digest_of(stream, hashlib.sha256())


def digest_of(stream: BinaryIO, digest: Any) -> str:
    """What a digest of ``hashlib`` makes of the rest of a stream, in hexadecimal."""
    while block := stream.read(1 << 20):
        digest.update(block)
    return str(digest.hexdigest())
