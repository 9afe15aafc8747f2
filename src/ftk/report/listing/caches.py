"""What the cache folder holds: entries that are made again when they are needed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ftk.report.listing.runs import measured
from ftk.system.locks import NAME, holder_of_folder

_MEANINGS = {
    "tokens": "token ids of corpora",
    "vocabularies": "learned vocabularies",
    "vectors": "vectors of candidates",
    "fast-ways": "which fast kernels fit",
    "rows": "rows given in Python",
    "scratch": "rows of runs larger than memory",
    "states": "states of frozen encoders",
}
"""By the name of a folder what is in it."""
_OF_RUNS = ("scratch",)
"""What a run that goes on reads, and no later one."""
_DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing in the cache.

    Attributes:
        path: a file or a folder.
        kind: the name of the folder that it is in.
        size: its bytes.
        changed: when it was written or, where the file system says so, last read.
        in_use: whether a process has locked it, or may still read it.
    """

    path: Path
    kind: str
    size: int
    changed: float
    in_use: bool

    @property
    def meaning(self) -> str:
        """What entries of its kind are."""
        return _MEANINGS.get(self.kind, "")


def entries_in(cache: Path) -> Iterator[Entry]:
    """All entries of a cache folder, by kind; none if there is no such folder."""
    for kind in sorted(path for path in cache.iterdir() if path.is_dir()) if cache.is_dir() else ():
        for path in sorted(kind.iterdir()):
            if path.name == NAME or path.is_symlink():
                continue
            size, changed = measured(path) if path.is_dir() else (path.stat().st_size, path.stat().st_mtime)
            recent = kind.name in _OF_RUNS and time.time() - changed < _DAY
            in_use = recent or (path.is_dir() and holder_of_folder(path) is not None)
            yield Entry(path=path, kind=kind.name, size=size, changed=changed, in_use=in_use)
