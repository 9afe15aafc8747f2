"""Keeps hidden states of texts on disk, in shards with an index, so that each text is computed once.

A folder is for one way to compute states: one encoder, one pooling, one precision. ``states.json`` says which, and
lists the shards with the SHA-256 of their files. It is written last: what it does not list is not there. A shard is
written whole, and never changed; one that is damaged is dropped, and its texts are computed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.system import kept
from ftk.system.atomic import replaced, write_text
from ftk.system.digests import sha256

INDEX = "states.json"
"""The file that says what a folder of states is, and lists its shards."""
_KEY = "S16"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The states of some texts.

    Attributes:
        states: [texts, size] one for each text; or [units, size] one for each unit of all of them.
        starts: [texts + 1] where the units of each text begin; None: a text has one state.
    """

    states: NDArray[Any]
    starts: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Shard:
    keys: NDArray[Any]
    part: Part


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """The states of some texts, memory-mapped. ``states[numbers]`` reads those of some texts, as an array.

    Attributes:
        shards: that hold them.
        shard: [texts] the number of the shard of each text.
        place: [texts] the number of the text in its shard.
    """

    shards: Sequence[Part]
    shard: NDArray[np.int64]
    place: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.shard)

    @property
    def size(self) -> int:
        """Numbers of a state."""
        return int(self.shards[0].states.shape[1]) if self.shards else 0

    def __getitem__(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """[some, size] the states of some texts, where each has one; of units, see ``units``."""
        shard, place = self.shard[rows], self.place[rows]
        if not self.shards:
            return np.zeros((len(shard), 0), dtype=np.float32)
        found = np.empty((len(shard), self.size), dtype=self.shards[0].states.dtype)
        for number in np.unique(shard):
            of_shard = shard == number
            found[of_shard] = self.shards[number].states[place[of_shard]]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """[texts, size] all states; the memory map itself where one shard has exactly these texts in this order."""
        if len(self.shards) == 1 and np.array_equal(self.place, np.arange(len(self.shards[0].states))):
            return np.asarray(self.shards[0].states, dtype=dtype)
        return np.asarray(self[:], dtype=dtype)

    def units(self, rows: slice | NDArray[Any] = slice(None)) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The states of the units of some texts, [units, size], and [texts + 1] where those of each text begin."""
        found, sizes = [], [0]
        for number, place in zip(self.shard[rows].tolist(), self.place[rows].tolist(), strict=True):
            part = self.shards[number]
            assert part.starts is not None
            begin, end = int(part.starts[place]), int(part.starts[place + 1])
            found.append(part.states[begin:end])
            sizes.append(end - begin)
        together = np.concatenate(found) if found else np.zeros((0, self.size), dtype=np.float32)
        return together, np.cumsum(sizes)


def stored_states(
    folder: Path,
    keys: NDArray[Any],
    facts: Mapping[str, Any],
    make: Callable[[NDArray[np.int64]], Iterable[tuple[NDArray[np.int64], Part]]],
    say: Callable[[str], None],
) -> States:
    """The states of texts, from a folder; those that are not there are computed and kept.

    Several processes may use the folder: one computes, and the others wait for it.

    Args:
        folder: of one way to compute states.
        keys: [texts] 16 bytes that identify each text.
        facts: say what the folder is, for ``states.json``.
        make: computes the states of the texts with these numbers, part by part; gives the numbers of each part with
            their states. A part is on the disk before the next one is asked for.
        say: shows what was found and what was computed.

    Raises:
        RunError: the folder cannot be written.
    """
    keys = keys.astype(_KEY)
    with kept.folder(folder, "the states of texts", waiting="that computes states of texts", say=say):
        store = _Store(folder, facts, say)
        shards = store.read()
        there = np.concatenate([shard.keys for shard in shards]) if shards else np.zeros(0, dtype=_KEY)
        distinct, first = np.unique(keys, return_index=True)
        missing = np.sort(first[~np.isin(distinct, there)])
        for numbers, part in make(missing) if len(missing) else ():
            shards.append(store.add(keys[numbers], part))
    if len(distinct):
        say(f"states: {len(distinct) - len(missing):,} of {len(distinct):,} texts were computed before ({folder})")
    return _placed(shards, keys)


def _placed(shards: Sequence[_Shard], keys: NDArray[Any]) -> States:
    sizes = [len(shard.keys) for shard in shards]
    there = np.concatenate([shard.keys for shard in shards]) if shards else np.zeros(0, dtype=_KEY)
    order = np.argsort(there, kind="stable")
    at = order[np.searchsorted(there, keys, sorter=order)] if len(keys) else np.zeros(0, dtype=np.int64)
    ends = np.cumsum(sizes, dtype=np.int64)
    shard = np.searchsorted(ends, at, side="right").astype(np.int64)
    used, own = np.unique(shard, return_inverse=True)
    place = at - (ends - np.array(sizes, dtype=np.int64))[shard]
    return States([shards[number].part for number in used.tolist()], own.astype(np.int64), place)


class _Store:
    """A folder of states, locked."""

    def __init__(self, folder: Path, facts: Mapping[str, Any], say: Callable[[str], None]) -> None:
        self.folder = folder
        self.facts = dict(facts)
        self.say = say
        self.listed: list[dict[str, Any]] = []

    def read(self) -> list[_Shard]:
        """The shards that are whole; the others are removed, and this is said."""
        found: list[_Shard] = []
        try:
            saved = kept.read_json(self.folder / INDEX) or {}
            listed = [one for one in saved.get("shards", []) if isinstance(one, dict)]
        except kept.Damaged as error:
            self.say(f"note: the saved states are damaged and are computed again ({error})")
            listed = []
        for one in listed:
            try:
                files = {self.folder / str(name): str(digest) for name, digest in one["files"].items()}
                kept.verify(files)
                found.append(_open(sorted(files)))
                self.listed.append(one)
            except (kept.Damaged, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.say(f"note: {one.get('texts', 'some')} saved states are damaged and are computed again ({error})")
        self._remove_unlisted()
        return found

    def add(self, keys: NDArray[Any], part: Part) -> _Shard:
        """Write a shard, then the index that lists it."""
        taken = {str(one["name"]) for one in self.listed}
        name = next(name for number in range(len(taken) + 1) if (name := f"{number:05}") not in taken)
        arrays = {"keys": keys.astype(_KEY), "states": part.states}
        if part.starts is not None:
            arrays["starts"] = part.starts
        files = {}
        for kind, array in arrays.items():
            path = self.folder / f"{name}.{kind}.npy"
            with replaced(path) as temporary, temporary.open("xb") as stream:
                np.save(stream, array)
            files[path.name] = sha256(path)
        self.listed.append({"name": name, "texts": len(keys), "files": files})
        self._write()
        return _open([self.folder / file for file in sorted(files)])

    def _write(self) -> None:
        texts = sum(int(one["texts"]) for one in self.listed)
        saved = {**self.facts, "texts": texts, "shards": self.listed}
        write_text(self.folder / INDEX, json.dumps(saved, indent=1) + "\n")

    def _remove_unlisted(self) -> None:
        """Remove the files of shards that are damaged, or that a killed process left without listing them."""
        names = {name for one in self.listed for name in one["files"]}
        for path in self.folder.glob("*.npy"):
            if path.name not in names:
                path.unlink(missing_ok=True)


def _open(paths: Sequence[Path]) -> _Shard:
    arrays = {path.name.split(".")[1]: np.load(path, mmap_mode="r", allow_pickle=False) for path in paths}
    return _Shard(np.asarray(arrays["keys"]), Part(arrays["states"], arrays.get("starts")))
