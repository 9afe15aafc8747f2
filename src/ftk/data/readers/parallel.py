"""Two parallel text files: each line of one belongs to the same line of the other."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import is_pipe
from ftk.data.readers.names.split_names import SPLITS, Parts, split_name
from ftk.errors import DataError

_SOURCES = ("source", "src", "article", "document", "input")
_TARGETS = ("target", "tgt", "trg", "summary", "highlights", "output")
"""Parts of a name that say whether a file holds the sources or the targets."""


@dataclass(slots=True)
class ParallelRow(Row):
    """A line of the source file with the same line of the target file."""

    beside: str = ""
    """The name of the target file."""

    @property
    def where(self) -> str:
        """Both places, for messages."""
        return f"{self.file}:{self.line} and {self.beside}:{self.line}"


def parallel_files(spec: Any, *, key: str) -> tuple[Path, Path]:
    """The source file and the target file.

    Args:
        spec: the value in the config.
        key: the config key, for messages.

    Raises:
        DataError: the config does not name two files, or one of them does not exist.
    """
    names = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    if len(names) != 2 or not all(isinstance(name, str) and name for name in names):
        given = f"[{','.join(map(str, names))}]" if isinstance(spec, (list, tuple)) else str(spec)
        pair = _pair_of_prefix(names[0]) if len(names) == 1 and isinstance(names[0], str) and names[0] else None
        example = f"[{','.join(map(str, pair))}]" if pair else "[train.en,train.de]"
        raise DataError(f"{key}={given}: two files are read with data=parallel, the sources first: {key}={example}.")
    source, target = (Path(os.path.expanduser(name)) for name in names)
    for path in (source, target):
        if not path.is_file() and not is_pipe(path):
            raise DataError(f"{key}=[{','.join(names)}]: there is no such file: {path}.")
    if source.samefile(target):
        raise DataError(f"{key}=[{','.join(names)}]: both are one file.")
    return source, target


def parallel_parts(folder: Path, wanted: str) -> Parts:
    """The source file and the target file of each split in a folder.

    Raises:
        DataError: a split has not two files, or their names do not say which one holds the sources.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    names = {path: split_name(path.name) for path in files}
    by_split = {split: [path for path, name in names.items() if name and name.split == split] for split in SPLITS}
    by_split = {split: paths for split, paths in by_split.items() if paths}
    unnamed = [path for path, name in names.items() if name is None]
    if not by_split and len(files) == 2:
        by_split, unnamed = {wanted: files}, []
    for split, paths in by_split.items():
        if len(paths) != 2:
            there = ", ".join(path.name for path in paths)
            raise DataError(
                f"data.{wanted}={folder}: two files are read for a split with data=parallel, and {len(paths)} are "
                f"named like the {split} split ({there}). Name two of them, the sources first: "
                f"data.{split}=[{folder / 'train.en'},{folder / 'train.de'}]."
            )
    if not by_split:
        there = f"it holds {len(files)} files, and none is named like a split" if files else "it holds no file"
        raise DataError(
            f"data.{wanted}={folder}: two files are read with data=parallel; {there}. Name them, the sources first: "
            f"data.{wanted}=[{folder / 'train.en'},{folder / 'train.de'}]."
        )
    ordered = {split: _in_order(paths) for split, paths in by_split.items()}
    if any(paths is None for paths in ordered.values()):
        words = " ".join(f"data.{split}=[{','.join(map(str, paths))}]" for split, paths in by_split.items())
        raise DataError(
            f"data.{wanted}={folder}: the names of the files do not say which ones hold the sources. Name them, the "
            f"sources first: {words}."
        )
    return Parts({split: paths for split, paths in ordered.items() if paths is not None}, unnamed)


def _in_order(paths: Sequence[Path]) -> list[Path] | None:
    """The source file and the target file; None if their names do not say which is which."""
    words = [set(re.findall(r"[^\W\d_]+", path.name.lower())) for path in paths]
    for source, target in ((0, 1), (1, 0)):
        if words[source].intersection(_SOURCES) and words[target].intersection(_TARGETS):
            return [paths[source], paths[target]]
    return None


def _pair_of_prefix(prefix: str) -> list[Path] | None:
    """The two files whose names continue a path, as train.de and train.en continue train."""
    path = Path(os.path.expanduser(prefix))
    if path.is_dir() or not path.parent.is_dir():
        return None
    found = sorted(each for each in path.parent.iterdir() if each.is_file() and each.name.startswith(f"{path.name}."))
    return found if len(found) == 2 else None


def read_parallel(source: Path, target: Path, encoding: str, notes: Notes | None = None) -> Iterator[Row]:
    """One row per line, with the columns ``source`` and ``target``.

    The lines of both files are counted first: after a missing line all others would be paired wrongly.

    Raises:
        DataError: the files have different numbers of lines, or one cannot be read.
    """
    lines = [sum(1 for _ in numbered_lines(path, encoding)) for path in (source, target)]
    if lines[0] != lines[1]:
        raise DataError(
            f"{source} has {lines[0]:,} lines, {target} has {lines[1]:,}. Line n of one belongs to line n of the "
            "other, so both must have as many lines."
        )
    pairs = zip(numbered_lines(source, encoding, notes), numbered_lines(target, encoding, notes), strict=True)
    for (number, one), (_, other) in pairs:
        yield ParallelRow({"source": one, "target": other}, str(source), number, beside=target.name)
