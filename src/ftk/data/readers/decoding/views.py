"""Several readers of one file, each with its own position."""

import io
import os
from typing import IO, Any


class View(io.RawIOBase):
    """A file from its beginning, beside other views of it; forked processes may have some, too."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}
        self._at = offset + (base[whence] if whence in base else os.fstat(self._file.fileno()).st_size)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        content = os.pread(self._file.fileno(), len(buffer), self._at)  # the position of the file itself is for all
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
