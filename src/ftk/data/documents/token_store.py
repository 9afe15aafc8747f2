"""Tokenized documents on disk: memory-mapped shards with a checksum each, written once, read anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds
from ftk.contracts.finding_kinds.making import kinds_in
from ftk.contracts.findings import Finding
from ftk.data.batching.permutation import mix
from ftk.system import kept
from ftk.system.atomic import replaced, write_text
from ftk.system.cache import cache_key
from ftk.system.digests import sha256

SHARD_TOKENS = 1 << 23
"""Tokens after which a shard is closed: an interrupted preparation repeats seconds of work."""
_AT_ONCE = 1 << 20
"""Tokens that are read together in a pass over all of them."""
_MANIFEST = "store.json"
STORE_VERSION = 1
"""The version of the files of a store."""


@dataclass(slots=True)
class Shard:
    """The entry of one shard in the manifest."""

    tokens: int
    pieces: int
    """Chunks of text in it; an interrupted preparation continues after them."""
    unknown: int
    """Unknown tokens in it."""
    files: dict[str, str]
    """SHA-256 by file name."""


@dataclass(slots=True)
class Manifest:
    """The description of a store."""

    settings: dict[str, Any]
    """Everything that the store depends on; the name of the folder is its key."""
    dtype: str
    words: bool
    """Whether the shards record which tokens begin a word."""
    shards: list[Shard] = field(default_factory=list)
    complete: bool = False
    findings: list[Finding] = field(default_factory=list)
    """The findings of reading the text; every run that uses the store shows them again."""

    @property
    def tokens(self) -> int:
        """Tokens in all shards."""
        return sum(shard.tokens for shard in self.shards)

    @property
    def unknown(self) -> int:
        """Unknown tokens in all shards."""
        return sum(shard.unknown for shard in self.shards)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store, or of an interrupted preparation; None if there is none.

    Raises:
        Damaged: it cannot be read.
    """
    path = folder / _MANIFEST
    saved = kept.read_json(path)
    if saved is None:
        return None
    try:
        if saved.pop("version") != STORE_VERSION:
            raise ValueError("another version of ftk wrote it")
        if saved.pop("check") != cache_key(saved):
            raise ValueError("it was changed")
        saved["shards"] = [Shard(**shard) for shard in saved["shards"]]
        known = kinds_in(finding_kinds)
        saved["findings"] = [Finding.from_json(_as_finding(note), known) for note in saved.pop("notes")]
        return Manifest(**saved)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise kept.Damaged(f"{path}: {error}") from error


def _as_finding(note: Any) -> dict[str, Any]:
    """A saved finding; stores of earlier versions have its sentence alone."""
    if isinstance(note, str):
        return {"kind": "prepared-text", "severity": "info", "policy": None, "count": 1, "text": note}
    return dict(note)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest, whole or not at all."""
    saved = {item.name: getattr(manifest, item.name) for item in fields(manifest) if item.name != "findings"}
    saved["shards"] = [asdict(shard) for shard in manifest.shards]
    saved["notes"] = [finding.to_json() for finding in manifest.findings]
    made = {"version": STORE_VERSION, "check": cache_key(saved), **saved}
    write_text(folder / _MANIFEST, json.dumps(made, indent=1, default=str) + "\n")


def verify(folder: Path, shards: Sequence[Shard]) -> None:
    """Read every file of some shards and compare its SHA-256.

    Raises:
        Damaged: a file is missing, or is not the one that was written.
    """
    kept.verify({folder / name: digest for shard in shards for name, digest in shard.files.items()})


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
        """Add one chunk of text, in the order of the corpus."""
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
        """Write the collected tokens as a shard, and the manifest that lists it."""
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
            with replaced(path) as temporary, open(temporary, "xb") as stream:
                np.save(stream, values)  # into a new file: another run may still map a damaged one
            files[path.name] = sha256(path)
        unknown = int(np.count_nonzero(tokens == self._unknown_id)) if self._unknown_id is not None else 0
        self._manifest.shards.append(Shard(len(tokens), self._pieces, unknown, files))
        write_manifest(self._folder, self._manifest)
        self._before += self._held
        self._tokens, self._words, self._starts, self._held, self._pieces = [], [], [], 0, 0


class TokenStore:
    """A complete store, open for reading.

    Attributes:
        starts: [documents + 1] the token at which each document begins, and the number of tokens.
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
        """The number of documents."""
        return len(self.starts) - 1

    def tokens(self, begin: int, end: int) -> NDArray[np.int32]:
        """The tokens from position ``begin`` up to ``end``; nothing else is read."""
        return self._read(self._tokens, begin, end, np.int32)

    def words(self, begin: int, end: int) -> NDArray[np.bool_]:
        """Which of these tokens begin a word."""
        return self._read(self._words, begin, end, np.bool_)

    def fingerprints(self) -> NDArray[np.uint64]:
        """[documents] A hash of the tokens of each document; 0 for a document without tokens.

        It is the sum of the tokens, each times a random odd number that depends on its place in the document. Two
        different documents have the same hash with a probability of about 2 to the power of -48.
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
            filled = np.flatnonzero(sizes)  # reduceat gives an empty document the sum of the next one
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
