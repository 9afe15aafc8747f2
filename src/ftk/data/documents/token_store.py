"""Tokenized documents on disk: memory-mapped shards with a checksum each, written once, read anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.permutation import mix
from ftk.system.cache import cache_key
from ftk.system.digests import sha256

SHARD_TOKENS = 1 << 23
"""Tokens after which a shard is closed: what an interrupted preparation does again is seconds of work."""
_AT_ONCE = 1 << 20
"""Tokens that are looked at together where all of them are."""
_MANIFEST = "store.json"
STORE_VERSION = 1
"""Of the files of a store."""


class Damaged(Exception):
    """A store, or a part of one, is not what was written."""


@dataclass(slots=True)
class Shard:
    """What the manifest says of one shard."""

    tokens: int
    pieces: int
    """Pieces of text in it; an interrupted preparation goes on behind them."""
    unknown: int
    """Tokens in it that stand for text that the vocabulary does not have."""
    files: dict[str, str]
    """SHA-256 by file name."""


@dataclass(slots=True)
class Manifest:
    """What a store holds."""

    settings: dict[str, Any]
    """What it was made from: the key of the cache, written out."""
    dtype: str
    words: bool
    """Whether the shards say which tokens begin a word."""
    shards: list[Shard] = field(default_factory=list)
    complete: bool = False
    notes: list[str] = field(default_factory=list)
    """What was said of the text while it was prepared; said again by every run that uses the store."""

    @property
    def tokens(self) -> int:
        """Tokens in all shards."""
        return sum(shard.tokens for shard in self.shards)

    @property
    def unknown(self) -> int:
        """Unknown tokens in all shards."""
        return sum(shard.unknown for shard in self.shards)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store, or of what an interrupted preparation left of one; None where there is none.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        saved = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if saved.pop("version") != STORE_VERSION:
            raise ValueError("another version of ftk wrote it")
        if saved.pop("check") != cache_key(saved):
            raise ValueError("it was changed")
        saved["shards"] = [Shard(**shard) for shard in saved["shards"]]
        return Manifest(**saved)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"{folder / _MANIFEST}: {error}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest, whole or not at all."""
    temporary = folder / f".{_MANIFEST}.tmp"
    saved = asdict(manifest)
    made = {"version": STORE_VERSION, "check": cache_key(saved), **saved}
    temporary.write_text(json.dumps(made, indent=1, default=str) + "\n", encoding="utf-8")
    temporary.replace(folder / _MANIFEST)


def verify(folder: Path, shards: Sequence[Shard]) -> None:
    """Read every file of some shards and compare its SHA-256.

    Raises:
        Damaged: a file is missing, or is not the one that was written.
    """
    files = [(folder / name, digest) for shard in shards for name, digest in shard.files.items()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        for problem in pool.map(lambda item: _problem(*item), files):
            if problem is not None:
                raise Damaged(problem)


def _problem(path: Path, digest: str) -> str | None:
    try:
        found = sha256(path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None if found == digest else f"{path}: its SHA-256 is not the one that was saved"


class ShardWriter:
    """Collects tokens and writes them as shards."""

    def __init__(self, folder: Path, manifest: Manifest, unknown_id: int | None) -> None:
        self._folder = folder
        self._manifest = manifest
        self._unknown_id = unknown_id
        self._before = manifest.tokens
        self._tokens: list[NDArray[Any]] = []
        self._words: list[NDArray[np.bool_]] = []
        self._starts: list[int] = []
        self._held = 0
        self._pieces = 0

    @property
    def tokens(self) -> int:
        """Tokens so far, in written shards and in the open one."""
        return self._before + self._held

    def add(self, tokens: NDArray[Any], words: NDArray[np.bool_] | None, begins: bool) -> None:
        """One piece of text, in the order of the corpus."""
        if begins:
            self._starts.append(self._before + self._held)
        self._tokens.append(tokens)
        if words is not None:
            self._words.append(words)
        self._held += len(tokens)
        self._pieces += 1
        if self._held >= SHARD_TOKENS:
            self.close_shard()

    def close_shard(self) -> None:
        """Write what is held as a shard, and the manifest that lists it."""
        if not self._pieces:
            return
        tokens = np.concatenate(self._tokens)
        columns: dict[str, NDArray[Any]] = {"tokens": tokens, "starts": np.array(self._starts, dtype=np.int64)}
        if self._manifest.words:
            columns["words"] = np.concatenate(self._words)
        number = len(self._manifest.shards)
        files = {}
        for name, values in columns.items():
            path = self._folder / f"shard-{number:05}.{name}.npy"
            temporary = path.with_name(f".{path.name}.tmp")
            with open(temporary, "wb") as stream:
                np.save(stream, values)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)  # a damaged one may still be mapped by another run
            files[path.name] = sha256(path)
        unknown = int(np.count_nonzero(tokens == self._unknown_id)) if self._unknown_id is not None else 0
        self._manifest.shards.append(Shard(len(tokens), self._pieces, unknown, files))
        write_manifest(self._folder, self._manifest)
        self._before += self._held
        self._tokens, self._words, self._starts, self._held, self._pieces = [], [], [], 0, 0


class TokenStore:
    """A complete store, open for reading.

    Attributes:
        starts: [documents + 1] the token at which each document begins, and behind the last one the end.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._tokens = [self._column(number, "tokens") for number in range(len(manifest.shards))]
        self._words = (
            [self._column(number, "words") for number in range(len(manifest.shards))] if manifest.words else []
        )
        self._bounds = np.cumsum([0, *(shard.tokens for shard in manifest.shards)])
        starts = [np.load(self._path(number, "starts")) for number in range(len(manifest.shards))]
        self.starts = np.concatenate([*starts, [manifest.tokens]]).astype(np.int64)

    def __len__(self) -> int:
        """Documents."""
        return len(self.starts) - 1

    def tokens(self, begin: int, end: int) -> NDArray[np.int32]:
        """The tokens from one position up to another; nothing else is read."""
        return self._read(self._tokens, begin, end, np.int32)

    def words(self, begin: int, end: int) -> NDArray[np.bool_]:
        """Which of these tokens begin a word."""
        return self._read(self._words, begin, end, np.bool_)

    def fingerprints(self) -> NDArray[np.uint64]:
        """[documents] a number for the tokens of each, the same for the same tokens; 0 where there are none.

        It is the sum of the tokens, each times a random odd number that its place in the document has; two others
        are the same by a chance of about 2 to the power of -48.
        """
        found = np.zeros(len(self), dtype=np.uint64)
        for begin in range(0, self.manifest.tokens, _AT_ONCE):
            end = min(begin + _AT_ONCE, self.manifest.tokens)
            first = int(np.searchsorted(self.starts, begin, side="right")) - 1
            last = int(np.searchsorted(self.starts, end, side="left"))
            starts = self.starts[first:last]
            inside = np.maximum(starts, begin) - begin
            sizes = np.diff(np.append(inside, end - begin))
            place = np.arange(begin, end) - np.repeat(starts, sizes)
            weighed = (self.tokens(begin, end).astype(np.uint64) + np.uint64(1)) * (
                mix(place.astype(np.uint64)) | np.uint64(1)
            )
            filled = np.flatnonzero(sizes)  # of a document without tokens the sum would be that of the next one
            found[first + filled] += np.add.reduceat(weighed, inside[filled])
        return found

    def _read(self, columns: Sequence[NDArray[Any]], begin: int, end: int, kind: Any) -> NDArray[Any]:
        first = int(np.searchsorted(self._bounds, begin, side="right")) - 1
        parts = []
        while begin < end:
            offset = int(self._bounds[first])
            stop = min(end, int(self._bounds[first + 1]))
            parts.append(columns[first][begin - offset : stop - offset].astype(kind))
            begin, first = stop, first + 1
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, dtype=kind)

    def _column(self, number: int, name: str) -> NDArray[Any]:
        if not self.manifest.shards[number].tokens:
            return np.zeros(0, dtype=np.int32)
        loaded: NDArray[Any] = np.load(self._path(number, name), mmap_mode="r")
        return loaded

    def _path(self, number: int, name: str) -> Path:
        return self.folder / f"shard-{number:05}.{name}.npy"
