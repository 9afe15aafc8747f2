"""Reads all splits for a check: what one fault hides in a training is still read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk.checking.collected import Collected
from ftk.checking.light_rows import LightRows
from ftk.config.data_choices import BadRows, Storage
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import RowReader
from ftk.contracts.row import Row, UnreadRow
from ftk.data.evident_task import raise_errors
from ftk.data.readers.splits import read_splits, uses_demo
from ftk.data.row_corpus import note_read
from ftk.data.rows.sizes import MOST, characters_in, held
from ftk.data.splitting.limiting import limited
from ftk.data.splitting.repeats import key_facts
from ftk.data.splitting.tying import check_groups
from ftk.data.storage.reading import read_parts
from ftk.data.storage.stored import StoredWriter
from ftk.errors import DataError
from ftk.system.cache import cache_folder
from ftk.system.collection import without_collection

SPLITS = ("train", "validation", "test")
_HELD = 100_000
"""Rows of a split that are read together; more are read part by part."""
_CHARACTERS = 1 << 24
_DECIDING = 20_000
"""Rows that decide how a split is read that is read part by part."""
_MEASURED = 64
"""Of so many rows one is measured."""
_SEEN = 200
"""Rows of a split that are looked at as they are."""


@dataclass(slots=True)
class CheckedRows:
    """The rows that could be read.

    Attributes:
        task: with the fields set that rows decide.
        examples: by split.
        files: by split.
        read: by split the number of rows, those without an example among them.
        unread: how many lines or records are no rows.
        scratch: the folder for temporary files.
    """

    task: Any
    examples: dict[str, Sequence[Any]] = field(default_factory=dict)
    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    scratch: Path | None = None


@without_collection()
def read_all(data: DataConfig, task: RowReader, notes: Collected) -> CheckedRows:
    """An example of each row that can be used, by split.

    Args:
        data: the data section of the config.
        task: reads the rows.
        notes: collects all faults.

    Raises:
        DataError: no row of any split can be read.
    """
    data = replace(data, bad_rows=BadRows.keep)
    together = _Reader(data, CheckedRows(task))
    try:
        together.read(SPLITS)
    except DataError as error:
        return _one_by_one(data, task, notes, error)
    notes.merge(together.notes)
    return together.found


def _one_by_one(data: DataConfig, task: RowReader, notes: Collected, error: DataError) -> CheckedRows:
    """Read each split by itself, because at least one cannot be read."""
    found, settled = CheckedRows(task), False
    named = [split for split in SPLITS if uses_demo(data) or getattr(data, split) is not None]
    for split in named:
        alone = _Reader(data, found, settled=settled)
        try:
            alone.read((split,))
        except DataError as fault:
            alone.notes.add_error(fault)
        notes.merge(alone.notes)
        settled = alone.settled
    if not any(found.read.values()):
        errors = Notes()
        errors.extend(one for one in notes if one.severity == "error")
        errors.raise_errors()
        raise error
    return found


class _Reader:
    """Reads some splits, and adds them to what was found before.

    Args:
        data: the data section of the config.
        found: what was read so far.
        settled: whether the fields of the task are set that rows decide.
    """

    def __init__(self, data: DataConfig, found: CheckedRows, *, settled: bool = False) -> None:
        self.data = data
        self.found = found
        self.settled = settled
        self.notes = Collected()
        self._first: list[Row] = []

    def read(self, names: Sequence[str]) -> None:
        """Read splits.

        Raises:
            DataError: a file cannot be read.
        """
        task = self.found.task
        splits = read_splits(
            self.data,
            names,
            demo=task.spec.demo,
            notes=self.notes,
            tagged="tags" in task.spec.columns,
            roles=task.spec.columns,
            problem=task.spec.problem_type,
            take=self._take,
        )
        self.found.files |= {name: split.files for name, split in splits.items()}
        self._note_other_task()

    def _take(self, name: str, rows: Iterable[Row]) -> Sequence[Row]:
        """Make examples of the rows of a split; returns the first of them."""
        task, data, notes = self.found.task, self.data, self.notes
        self.found.read[name] = 0
        left = self._counted(name, limited(self._readable(rows), name, data, task.spec, notes))
        whole = task.spec.in_memory or data.storage is Storage.memory
        head = list(left) if whole else held(left, _HELD, _CHARACTERS)
        following = next(left, None)
        reading = Reading(
            data.columns, labelled=True, notes=notes, unlabelled=data.unlabelled.value, offsets=data.offsets.value
        )
        if not self.settled and head:
            decide = head if following is None else head[:_DECIDING]
            task = self.found.task = task.resolve_auto(decide, reading)
            self.settled = True
        first = head[:_SEEN]
        self._first = self._first or first
        if following is None:
            examples = task.read(head, reading)
        else:
            self.found.scratch = cache_folder(data.cache_dir) / "scratch"
            writer = (
                LightRows(self.found.scratch) if data.group is None else StoredWriter(self.found.scratch, key_facts)
            )
            examples = read_parts(task, _InParts(chain(head, [following], left)), reading, writer)
        if len(examples):
            self.found.examples[name] = examples
            note_read(name, examples, task, data, notes)
        elif first and not any(one.severity == "error" for one in notes):
            notes.add(kinds.UNTRAINABLE, what=f"data.{name}: no row has a label.")
        return _Seen(first, self.found.read[name])

    def _readable(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            if isinstance(row, UnreadRow):
                self.notes.add(kinds.UNREADABLE_ROW, row.fault)
                self.found.unread += 1
            else:
                yield row

    def _counted(self, name: str, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, counted; those of training are checked for the column of data.group."""
        for row in rows:
            if name == "train" and self.data.group is not None:
                check_groups((row,), self.data.group, self.notes)
            self.found.read[name] += 1
            yield row

    def _note_other_task(self) -> None:
        """Say for which task the rows evidently are, if this one cannot use them."""
        errors = Notes()
        errors.extend(one for one in self.notes if one.severity == "error")
        try:
            raise_errors(errors, self._first, self.data.columns, self.found.task.spec)
        except DataError as error:
            self.notes.merge(_others(error.findings))


def _others(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (one for one in findings if one.kind is kinds.OTHER_TASK)


class _InParts:
    """Rows that are read once, in parts."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows

    def parts(self, most: int) -> Iterator[list[Row]]:
        while part := list(self._part(most)):
            yield part

    def _part(self, most: int) -> Iterator[Row]:
        """The next rows; of each few, one is measured."""
        number = size = 0
        while number < most and size < MOST and (some := list(islice(self._rows, _MEASURED))):
            number += len(some)
            size += len(some) * characters_in(some[0])
            yield from some


class _Seen(list[Row]):
    """The first rows of a split, with the length of all."""

    def __init__(self, rows: Iterable[Row], number: int) -> None:
        super().__init__(rows)
        self._number = number

    def __len__(self) -> int:
        return self._number
