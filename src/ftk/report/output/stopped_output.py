"""A prediction that was stopped: what it left, and whether another one can go on with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.errors import RunError
from ftk.report.saved_run import compared, listed

BEGIN_AGAIN = "run.overwrite=true begins again."


def part_of(output: Path) -> Path:
    """Where the records are until all are written."""
    return output.with_name(f"{output.name}.part")


def state_of(output: Path) -> Path:
    """The file that says what the part holds."""
    return output.with_name(f".{output.name}.part.state")


@dataclass(frozen=True, slots=True)
class Mark:
    """What was done at some time.

    Attributes:
        rows: that have a record.
        size: of these records, in bytes.
        read: SHA-256 of the rows.
        written: SHA-256 of the records.
        with_error: whether a record has the key ``error``.
    """

    rows: int
    size: int
    read: str
    written: str
    with_error: bool = False


_NOTHING = hashlib.sha256().hexdigest()
NOTHING = Mark(0, 0, _NOTHING, _NOTHING)
"""No row is done."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A prediction that was stopped.

    Attributes:
        output: its file.
        made_from: what its records depend on beside the rows.
        replaces: whether it may replace a file.
        mark: where it goes on.
    """

    output: Path
    made_from: dict[str, Any]
    replaces: bool
    mark: Mark

    def check_rows(self, rows: int, digest: str) -> None:
        """Check that the rows that have a record are still the first ones of the input.

        Args:
            rows: how many were read again.
            digest: theirs, see ``RowsDigest``.

        Raises:
            RunError: they are not.
        """
        if rows < self.mark.rows:
            why = f"the input has {rows:,} rows"
        elif digest != self.mark.read:
            why = "the first rows of the input are others now, or are read otherwise"
        else:
            return
        raise RunError(f"{part_of(self.output)} has the records of {self.mark.rows:,} rows, and {why}. {BEGIN_AGAIN}")

    def check_made_from(self, made_from: Mapping[str, Any]) -> None:
        """Check that the model and the settings are those of the records.

        Raises:
            RunError: they are not.
        """
        changed = dict(compared(self.made_from, made_from))
        if changed.get("data.bad_rows") == ("error", "keep") and not self.mark.with_error:
            del changed["data.bad_rows"]  # no row was bad so far
        if changed:
            lines = "".join(f"\n    {line}" for line in listed(changed))
            raise RunError(f"{part_of(self.output)} was begun with other settings:{lines}\n  {BEGIN_AGAIN}")


class RowsDigest:
    """The SHA-256 of the values of rows, one after the other."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.sha256()

    def add(self, rows: Iterable[Row]) -> None:
        """Go on with these rows."""
        for row in rows:
            self._digest.update(repr(row.values).encode("utf-8", "surrogatepass"))
            self.rows += 1

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        return self._digest.hexdigest()


def begun(output: Path) -> Begun | None:
    """The prediction that was stopped before its output was written; None if there is none.

    Raises:
        RunError: it cannot be resumed from what it left.
    """
    part, state = part_of(output), state_of(output)
    if not part.exists():
        return None
    try:
        lines = state.read_text(encoding="utf-8").split("\n")
        header, marks = json.loads(lines[0]), [Mark(**json.loads(line)) for line in lines[1:-1]]
        made_from, replaces = dict(header["made_from"]), bool(header["replaces"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(
            f"{part}: {state.name} beside it, which says what was predicted, is missing or damaged. Remove "
            f"{part.name}, or name another output."
        ) from error
    return Begun(output, made_from, replaces, _last_whole(part, [NOTHING, *marks]))


def _last_whole(part: Path, marks: list[Mark]) -> Mark:
    """The last mark whose records are in a part as they were written."""
    found, digest, at = marks[0], hashlib.sha256(), 0
    with part.open("rb") as stream:
        for mark in marks[1:]:
            while at < mark.size and (content := stream.read(min(mark.size - at, 1 << 20))):
                digest.update(content)
                at += len(content)
            if at != mark.size or digest.hexdigest() != mark.written:
                break
            found = mark
    return found
