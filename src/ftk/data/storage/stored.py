"""A list of objects in a temporary file: what does not fit into memory, read back when it is asked for."""

from __future__ import annotations

import pickle
import tempfile
import threading
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ftk.errors import DataError

Item = TypeVar("Item")

_BLOCK = 64
"""Objects that are written, and read, together. They share what they have in common, such as the name of their file."""


@contextmanager
def _named_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder}: temporary files for data that does not fit into memory cannot be written: {error.strerror}. "
            "data.cache_dir names another folder."
        ) from error


def scratch_file(folder: Path) -> IO[bytes]:
    """A file without a name in a folder, which is made if need be; the file is gone when it is closed, or the process
    ends.

    Raises:
        DataError: it cannot be made.
    """
    with _named_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder, prefix="ftk-")


class ScratchFile:
    """A temporary file that is written from the beginning to the end, and read anywhere.

    Args:
        folder: on a disk with room.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.size = 0
        self._file = scratch_file(folder)
        self._lock = threading.Lock()

    def __del__(self) -> None:
        if hasattr(self, "_file"):  # it could be made
            self._file.close()

    def append(self, content: Any) -> None:
        """Write bytes, or an array, at the end.

        Raises:
            DataError: the disk is full.
        """
        with _named_errors(self.folder), self._lock:
            self._file.seek(self.size)
            self._file.write(content)
        self.size += memoryview(content).nbytes

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from ``begin`` up to ``end``; several threads may read at once."""
        with self._lock:
            self._file.seek(begin)
            return self._file.read(end - begin)

    def mapped(self, dtype: Any) -> NDArray[Any]:
        """All of it as an array that is mapped into memory, and cannot be changed."""
        if not self.size:
            return np.zeros(0, dtype=dtype)
        with _named_errors(self.folder):
            self._file.flush()
            return np.memmap(self._file, dtype=dtype, mode="r")


class StoredWriter(Generic[Item]):
    """Writes objects to a temporary file, in order.

    The file holds pickles. Nobody else can write to it: it has no name.

    Args:
        folder: for the file.
        key: a fact about each object that is kept in memory, as its hash; None: no fact.
    """

    def __init__(self, folder: Path, key: Callable[[Item], tuple[Hashable, ...]] | None = None) -> None:
        self._file = ScratchFile(folder)
        self._key = key
        self._open: list[Item] = []
        self._ends = array("q", [0])
        self._hashes = array("q")
        self._number = 0

    def extend(self, items: Iterable[Item]) -> None:
        """Write some objects.

        Raises:
            DataError: the disk is full.
        """
        for item in items:
            if self._key is not None:
                self._hashes.extend(map(hash, self._key(item)))
            self._open.append(item)
            self._number += 1
            if len(self._open) == _BLOCK:
                self._close_block()

    def _close_block(self) -> None:
        self._file.append(pickle.dumps(self._open, protocol=pickle.HIGHEST_PROTOCOL))
        self._ends.append(self._file.size)
        self._open = []

    def finished(self) -> Stored[Item]:
        """The objects, to be read; nothing can be written after this."""
        if self._open:
            self._close_block()
        hashes = np.frombuffer(self._hashes, dtype=np.int64) if self._hashes else np.zeros(0, dtype=np.int64)
        table = hashes.reshape(self._number, -1) if self._number else hashes.reshape(0, 0)
        return Stored(_Blocks(self._file, self._ends), table, None, self._number)


class _Blocks:
    """The blocks of a file of objects. The last one that was read is held."""

    def __init__(self, file: ScratchFile, ends: Sequence[int]) -> None:
        self.file = file
        self._ends = ends
        self._last: tuple[int, list[Any]] = (-1, [])

    def __getitem__(self, block: int) -> list[Any]:
        last = self._last
        if last[0] != block:
            content = self.file.read(self._ends[block], self._ends[block + 1])
            last = self._last = (block, pickle.loads(content))  # noqa: S301 (only this process can have written it)
        return last[1]

    def size_of(self, number: int) -> float:
        """About how many bytes an object takes in the file."""
        block = number // _BLOCK
        return (self._ends[block + 1] - self._ends[block]) / _BLOCK


class Stored(Sequence[Item]):
    """Objects in a temporary file, or some of them in any order: a list that holds only some numbers in memory.

    An object that is asked for twice may be two equal objects. A slice is ``Stored``, too.
    """

    def __init__(
        self, blocks: _Blocks, hashes: NDArray[np.int64], numbers: NDArray[np.int64] | None, size: int
    ) -> None:
        self._blocks = blocks
        self._hashes = hashes
        self._numbers = numbers
        self._size = size

    @property
    def hashes(self) -> NDArray[np.int64]:
        """[objects, facts] the hashes of the facts about each object; they mean nothing to another process."""
        return self._hashes if self._numbers is None else self._hashes[self._numbers]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Stored[Item]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.take(np.arange(self._size, dtype=np.int64)[index])
        if not -self._size <= index < self._size:
            raise IndexError(index)
        return self._at(index % self._size)

    def __iter__(self) -> Iterator[Item]:
        return (self._at(index) for index in range(self._size))

    def _number(self, index: int) -> int:
        return index if self._numbers is None else int(self._numbers[index])

    def _at(self, index: int) -> Any:
        block, position = divmod(self._number(index), _BLOCK)
        return self._blocks[block][position]

    def take(self, numbers: NDArray[np.int64]) -> Stored[Item]:
        """Some of the objects.

        Args:
            numbers: [objects] of these, in the order that is wanted.
        """
        own = numbers if self._numbers is None else self._numbers[numbers]
        return Stored(self._blocks, self._hashes, own, len(own))

    def parts(self, most: int, bytes_in_part: int = 64 << 20) -> Iterator[list[Item]]:
        """Yield the objects in order, in lists.

        Args:
            most: the number of objects in a list.
            bytes_in_part: about so many bytes of the file are in a list, or one object.
        """
        part: list[Item] = []
        size = 0.0
        for index in range(self._size):
            part.append(self._at(index))
            size += self._blocks.size_of(self._number(index))
            if len(part) == most or size >= bytes_in_part:
                yield part
                part, size = [], 0.0
        if part:
            yield part


def taken(items: Sequence[Item], numbers: Sequence[int] | NDArray[np.int64]) -> Sequence[Item]:
    """Some items of a list, which are a list, or stored, as it is.

    Args:
        items: a list or ``Stored``.
        numbers: of the items, in the order that is wanted.
    """
    if isinstance(items, Stored):
        return items.take(np.asarray(numbers, dtype=np.int64))
    return [items[number] for number in numbers]
