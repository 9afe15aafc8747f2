"""What the tests of the data layer share: shipped settings with a few changes, and readers of files written here."""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ftk.config.data_choices import Cut, Duplicates, Format, Offsets, Quoting, Storage, Unlabelled, Unseen
from ftk.config.paths import values_of
from ftk.config.schema import DataConfig
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentences import Sentence
from ftk.data.readers.one_file import read_file
from ftk.errors import DataError
from ftk.tasks import build_task
from ftk.tasks.shared.row_task import RowTask

MANY = settings(max_examples=150, deadline=None, derandomize=True)
SOME = settings(max_examples=50, deadline=None, derandomize=True)


def data_config(**changes: Any) -> DataConfig:
    """The shipped ``data`` settings; ``columns`` adds to theirs."""
    values = _shipped("data/auto")
    values["columns"] = {**values["columns"], **changes.pop("columns", {})}
    values["format"] = Format(changes.pop("format", values["format"]))
    for name in ("duplicates", "duplicate_lines"):
        values[name] = Duplicates(changes.pop(name, values[name]))
    values["cut"] = Cut(changes.pop("cut", values["cut"]))
    values["unlabelled"] = Unlabelled(changes.pop("unlabelled", values["unlabelled"]))
    values["quoting"] = Quoting(changes.pop("quoting", values["quoting"]))
    values["unseen_labels"] = Unseen(changes.pop("unseen_labels", values["unseen_labels"]))
    values["offsets"] = Offsets(changes.pop("offsets", values["offsets"]))
    values["storage"] = Storage(changes.pop("storage", values["storage"]))
    return replace(DataConfig(**values), **changes)


@cache
def ner_task(**changes: Any) -> RowTask:
    """The shipped ``task=ner`` with some fields changed."""
    return shipped_task("ner", **changes)


@cache
def shipped_task(name: str, **changes: Any) -> RowTask:
    """A shipped task with some fields changed."""
    task = build_task({**_shipped(f"task/{name}"), **changes})
    assert isinstance(task, RowTask)
    return task


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """A block in which standard input has some bytes."""
    with tempfile.TemporaryFile() as stream, pytest.MonkeyPatch.context() as patch:
        stream.write(content)
        stream.seek(0)
        patch.setattr(sys, "stdin", stream)
        yield


def _shipped(name: str) -> dict[str, Any]:
    return dict(_read(name))


@cache
def _read(name: str) -> dict[str, Any]:
    return values_of(name)


@dataclass(frozen=True)
class Read:
    """The rows of a file, and what reading them found."""

    rows: list[Row]
    findings: list[Finding]

    @property
    def values(self) -> list[dict[str, Any]]:
        """The columns of each row."""
        return [row.values for row in self.rows]


def read(
    content: str | bytes,
    name: str,
    *,
    labelled: bool = True,
    tagged: bool | None = True,
    format: str = "auto",
    **data: Any,
) -> Read:
    """Write a file of this content and read its rows."""
    Path(name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    config, notes = data_config(**data), Notes()
    rows = list(read_file(name, Format(format), config, notes, labelled=labelled, tagged=tagged))
    return Read(rows, list(notes.drain()))


def of_kind(findings: Iterable[Finding], kind: FindingKind) -> Finding:
    """The one finding of a kind."""
    [found] = [finding for finding in findings if finding.kind == kind]
    return found


def counted(findings: Iterable[Finding]) -> list[tuple[FindingKind, str | None, int, list[str]]]:
    """Findings by kind, policy, count and places."""
    return [(finding.kind, finding.policy, finding.count, finding.places) for finding in findings]


def refused(notes: Notes) -> tuple[Finding, ...]:
    """The findings that stop the run."""
    with pytest.raises(DataError) as error:
        notes.raise_errors()
    assert str(error.value) == "\n".join(map(str, error.value.findings))
    return error.value.findings


def sentences(rows: Iterable[dict[str, Any]], *, labelled: bool = True, **task: Any) -> tuple[list[Sentence], Notes]:
    """The sentences that the entity task makes of rows of ``rows.jsonl``, and what it notes on the way.

    ``columns`` and ``offsets`` are settings of the data, the others fields of the task.
    """
    notes = Notes()
    numbered = [Row(values, "rows.jsonl", number) for number, values in enumerate(rows, start=1)]
    columns = data_config(columns=task.pop("columns", {})).columns
    offsets = task.pop("offsets", "auto")
    return ner_task(**task).read(numbered, Reading(columns, labelled, notes, offsets=offsets)), notes
