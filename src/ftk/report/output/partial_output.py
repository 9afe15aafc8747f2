"""Predictions that survive a stop: OUTPUT.part has the records so far, and becomes OUTPUT when all are written.

Beside it, a hidden file gets a line from time to time: how many rows are done, how many bytes their records have, and
the SHA-256 of both. A prediction that goes on reads its rows again, compares them, and cuts off what was written after
the last such line: its output is that of an unbroken one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ftk.contracts.row import Row
from ftk.errors import RunError, error_text
from ftk.report.output.output_file import reserved, taken
from ftk.report.output.stopped_output import (
    BEGIN_AGAIN,
    NOTHING,
    Begun,
    Mark,
    RowsDigest,
    begun,
    part_of,
    state_of,
)
from ftk.system.atomic import flush, write_text
from ftk.system.strict_json import dumps

_SECONDS = 1.0
"""Between two lines about what is done: so much work a killed process loses."""


def refusal(output: Path, *, resume: bool, overwrite: bool) -> str | None:
    """What speaks against writing an output, and what to do; None if nothing does.

    Args:
        output: the file.
        resume: ``run.resume``.
        overwrite: ``run.overwrite``.
    """
    part = part_of(output)
    if why := taken(output):
        return why
    try:
        stopped = begun(output)
    except (RunError, OSError) as error:
        return error_text(error)
    if stopped is not None and not (resume or overwrite):
        return (
            f"A prediction that was stopped left {part.name}, with {stopped.mark.rows:,} rows. run.resume=true goes on "
            f"from it, {BEGIN_AGAIN}"
        )
    if output.exists() and not overwrite and not (resume and stopped is not None and stopped.replaces):
        return "The file exists already; add run.overwrite=true to replace it."
    return None


class PartialOutput:
    """Writes the records of an output.

    Attributes:
        rows: that have a record.

    Args:
        stream: of the part.
        state: the file that says what it holds.
        mark: where it goes on.
        digest: of the rows that have a record.
    """

    def __init__(self, stream: BinaryIO, state: Path, mark: Mark, digest: RowsDigest) -> None:
        self._stream, self._state, self._mark, self._digest = stream, state, mark, digest
        self._written = hashlib.sha256()
        self._size, self._with_error = 0, mark.with_error
        self._saved = time.monotonic()
        self._kept = mark

    @property
    def rows(self) -> int:
        """The rows whose records would not be written again."""
        return self._kept.rows

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record."""
        line = (dumps(record, default=str) + "\n").encode()
        self._stream.write(line)
        self._written.update(line)
        self._size += len(line)
        self._with_error = self._with_error or "error" in record

    def part_done(self, rows: Iterable[Row]) -> None:
        """All records of these rows are written."""
        self._stream.flush()
        self._digest.add(rows)
        written = self._written.hexdigest()
        self._mark = Mark(self._digest.rows, self._size, self._digest.hexdigest(), written, self._with_error)
        if time.monotonic() - self._saved >= _SECONDS:
            self.save()

    def save(self) -> None:
        """Write down what is done."""
        if self._mark.rows > self._kept.rows:
            with self._state.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(self._mark)) + "\n")
            self._kept, self._saved = self._mark, time.monotonic()

    @property
    def written(self) -> str:
        """The SHA-256 of all records."""
        return self._written.hexdigest()

    def take_over(self, content: bytes) -> None:
        """Records that are there already."""
        self._written.update(content)
        self._size += len(content)


@contextmanager
def partial_output(
    output: Path,
    made_from: Mapping[str, Any],
    *,
    stopped: Begun | None,
    digest: RowsDigest,
    replaces: bool,
    warn: Callable[[str], None],
) -> Iterator[PartialOutput]:
    """A block that writes the records of an output, which appears at its end; if it fails, the part stays.

    Args:
        output: the file.
        made_from: what the records depend on beside the rows.
        stopped: the prediction that goes on; None: it begins.
        digest: of the rows that have a record.
        replaces: whether the output may be there already.
        warn: called with a warning if the file system has no locks.

    Raises:
        RunError: another process writes it, or has written it since.
    """
    part, state = part_of(output), state_of(output)
    mark = NOTHING if stopped is None else stopped.mark
    with reserved(output, overwrite=replaces, warn=warn), part.open("w+b" if stopped is None else "r+b") as stream:
        writer = PartialOutput(stream, state, mark, digest)
        _go_on(stream, writer, mark)
        # Also where it goes on: data.bad_rows may be another one, and the last line may be half of one.
        lines = [{"made_from": made_from, "replaces": replaces}, *([asdict(mark)] if mark.rows else [])]
        try:
            write_text(state, "".join(dumps(line) + "\n" for line in lines))
            yield writer
        except BaseException:
            with suppress(OSError):
                writer.save()
            if not writer.rows:
                part.unlink(missing_ok=True)
                state.unlink(missing_ok=True)
            raise
        stream.flush()
        os.fsync(stream.fileno())
        writer.save()
        if output.exists() and not replaces:
            raise RunError(f"{output}: the file has appeared since; the records are in {part}.")
        part.replace(output)
        state.unlink(missing_ok=True)
        flush(output.parent)


def _go_on(stream: BinaryIO, writer: PartialOutput, mark: Mark) -> None:
    """Cut off what was written after the records that are kept.

    Raises:
        RunError: these are others now.
    """
    left = mark.size
    while left > 0 and (content := stream.read(min(left, 1 << 20))):
        writer.take_over(content)
        left -= len(content)
    if writer.written != mark.written:
        raise RunError(f"{stream.name}: another process has written it since. {BEGIN_AGAIN}")
    stream.truncate(mark.size)
    stream.seek(mark.size)
