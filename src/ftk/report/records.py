"""Files of JSON lines: predictions, which appear when all are written, and the metrics of a training."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ftk.contracts.row import Row
from ftk.errors import RunError
from ftk.system.atomic import flush, open_new, replaced, write_text
from ftk.system.processes.streams import in_utf8, stdout_is_closed
from ftk.system.strict_json import dumps


class MetricsFile:
    """``metrics.jsonl``: one event per line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rewind(self, step: int, validated: int) -> None:
        """Drop the lines of steps that a resumed run repeats."""
        if not self._path.exists():
            return
        kept = []
        for line in self._path.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                event = json.loads(line)
                again = event["step"] > (validated if event["split"] == "validation" else step)
            except (ValueError, KeyError, TypeError, RecursionError):
                again = True  # the last line of a run that was killed while it wrote
            if not again:
                kept.append(line + "\n")
        write_text(self._path, "".join(kept))

    def flush(self) -> None:
        """Make sure that all lines are on the disk: a saved state must not be newer than they are."""
        if self._path.exists():
            flush(self._path)

    def add(self, event: Mapping[str, Any]) -> None:
        """Append one event."""
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(dumps(event) + "\n")


@contextmanager
def json_lines(path: Path) -> Iterator[Any]:
    """A function that writes one record per line to a file.

    The file appears under its name when all records are written; if an error comes first, it does not appear.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as temporary, open_new(temporary) as stream:
        yield _writer(stream)


def _writer(stream: TextIO) -> Any:
    def write(record: Mapping[str, Any]) -> None:
        stream.write(dumps(record, default=str) + "\n")  # columns of Parquet and JSON lines may hold NaN: null

    return write


class StandardOutput:
    """Writes records to standard output, in UTF-8 whatever the locale.

    Raises:
        RunError: it is closed.
    """

    def __init__(self) -> None:
        if stdout_is_closed():
            raise RunError("output=-: standard output is closed. Name a file: output=<file>.")
        self._write = in_utf8(sys.stdout)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record."""
        self._write(dumps(record, default=str) + "\n")

    def part_done(self, rows: Iterable[Row]) -> None:
        """All records of these rows are written: whoever reads them gets them now."""
        sys.stdout.flush()
