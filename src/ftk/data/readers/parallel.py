"""Two parallel text files: each line of one belongs to the same line of the other."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.data.readers.lines import numbered_lines
from ftk.errors import DataError


@dataclass(frozen=True, slots=True)
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
        raise DataError(
            f"{key}={given}: two files are read with data=parallel, the sources first: {key}=[train.en,train.de]."
        )
    source, target = (Path(os.path.expanduser(name)) for name in names)
    for path in (source, target):
        if not path.is_file():
            raise DataError(f"{key}=[{','.join(names)}]: there is no such file: {path}.")
    if source.samefile(target):
        raise DataError(f"{key}=[{','.join(names)}]: both are one file.")
    return source, target


def read_parallel(source: Path, target: Path, encoding: str) -> Iterator[Row]:
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
    pairs = zip(numbered_lines(source, encoding), numbered_lines(target, encoding), strict=True)
    for (number, one), (_, other) in pairs:
        yield ParallelRow({"source": one, "target": other}, str(source), number, beside=target.name)
