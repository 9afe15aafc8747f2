"""Splits that are read from the same file, or from files of the same bytes."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from ftk.checking.reading import CheckedRows
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.system.digests import sha256


def note_same_files(found: CheckedRows, data: DataConfig, notes: Notes) -> None:
    """Report files that are named for two splits, whatever their names.

    One file may have the rows of several splits and say of each which one it is of: then they differ in number.

    Args:
        found: the rows of all splits.
        data: the data section of the config.
        notes: collects the findings.
    """
    named = {split: files for split, files in found.files.items() if getattr(data, split) is not None}
    digests: dict[Path, str] = {}
    for one, other in combinations(named, 2):
        if found.read.get(one) != found.read.get(other):
            continue
        for first in named[one]:
            for second in named[other]:
                if _same(first, second, digests):
                    both = str(second) if first == second else f"{second} has the bytes of {first}"
                    notes.add(kinds.SAME_FILE, both, part=other, other=one)


def _same(one: Path, other: Path, digests: dict[Path, str]) -> bool:
    """Whether two files have the same bytes. Only files of equal size are read."""
    try:
        if not one.is_file() or not other.is_file() or one.stat().st_size != other.stat().st_size:
            return False
        if one.samefile(other):
            return True
        for path in (one, other):
            if path not in digests:
                digests[path] = sha256(path)
    except OSError:
        return False
    return digests[one] == digests[other]
