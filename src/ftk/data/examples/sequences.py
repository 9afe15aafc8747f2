"""Rows of a source text and the text to write from it: one target, or several correct ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, read_rows, shortened, text_or_list
from ftk.data.rows.choosing import holds_something, settle_columns
from ftk.data.rows.columns import find_column, has_column, missing_role, report_columns, weight_of
from ftk.data.rows.gold import gold_of
from ftk.data.rows.lists import list_or_value
from ftk.data.rows.missing_texts import is_nan, note_mark, without_marks

SOURCE = ("source", "text", "document", "article", "src")
TARGET = ("target", "summary", "highlights", "tgt", "translation")
_NAMES = {"source": SOURCE, "target": TARGET}


@dataclass(slots=True)
class SequenceExample(Example):
    """One row.

    Attributes:
        source: the text to read.
        targets: the texts to write: the first is learned, and all are references; None for an unlabelled row.
        gold: the same, a text or a list of texts, written beside predictions; an unlabelled row may have it, too.
        weight: how often the row is drawn in training, relative to the others.
        row: where it comes from.
        columns: the other columns.
    """

    source: str
    targets: tuple[str, ...] | None
    gold: Any
    weight: float
    row: Row
    columns: dict[str, Any]
    prefix: str = ""
    """What the task puts before the source; a vocabulary is learned from it too."""

    @property
    def key(self) -> str:  # type: ignore[override]
        """The source, without white space around it."""
        return self.source.strip()

    @property
    def learned(self) -> frozenset[str]:
        """The targets, in any order."""
        return frozenset(self.targets or ())

    @property
    def texts(self) -> tuple[str, ...]:
        """The source as it is read, and the target that is learned."""
        return (self.prefix + self.source, *(self.targets or ())[:1])

    @property
    def references(self) -> tuple[str, ...]:
        """The targets that are not empty."""
        return tuple(target for target in self.targets or () if target.strip())


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """The text that a model writes for one row.

    Attributes:
        text: the text.
        unfinished: whether it has the maximal length, so that its end may be missing.
    """

    text: str
    unfinished: bool = False


@dataclass(kw_only=True, slots=True)
class SequenceReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``. A dot names a part of a column that holds an object: translation.de.
        labelled: whether a row without a target is an error.
        notes: collects faults.
        unlabelled: the policy for labelled rows without a source or a target, ``error`` or ``drop``.
    """

    columns: dict[str, Any]
    labelled: bool
    notes: Notes
    unlabelled: str = "error"

    def read(self, rows: Iterable[Row]) -> list[SequenceExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has a role.
        """
        if self.labelled:
            rows = list(rows)
            holds = dict.fromkeys(_NAMES, lambda value: holds_something(value) and not isinstance(value, dict))
            self.columns = settle_columns(rows, self.columns, _NAMES, self.notes, holds, varied=tuple(_NAMES))
        examples = read_rows(rows, self._example, self.notes, unlabelled=self.unlabelled)
        if self.labelled:
            examples = without_marks(examples, self.notes, unlabelled=self.unlabelled)
        several = sum(len(example.targets or ()) > 1 for example in examples)
        if several:
            self.notes.add(kinds.SEVERAL_TARGETS, number=several)
        return examples

    def _example(self, row: Row) -> SequenceExample:
        source_at = self._column(row, "source", needed=True)
        if source_at is None:
            raise missing_role(row, "source", "a source", example=_part_of(row))
        target_at = self._column(row, "target", needed=self.labelled)
        if target_at is None and self.labelled:
            raise missing_role(row, "target", "a target", example=_part_of(row))
        if target_at == source_at:
            raise RowFault(kinds.SAME_COLUMN, f"{row.where}: '{source_at}'", first="source", second="target")
        source = self._source(row, source_at)
        if not self.labelled and not source.strip():
            self.notes.add(kinds.EMPTY_ROW, row.where, policy="empty_text")
        if not self.labelled:
            note_mark(source, row, "source", self.notes)
        gold = None if target_at is None else _value(row, target_at)
        targets = self._targets(row, target_at, gold) if target_at is not None and self.labelled else None
        if targets is not None:
            self._check(row, source, targets)
        if target_at is not None and gold is not None:
            gold = _one_or_all(targets) if targets is not None else gold_of(self._gold, row, target_at, gold)
        found = {"source": source_at, "target": target_at}
        report_columns(self.notes, {role: name for role, name in found.items() if name != role}, self.columns)
        return SequenceExample(
            source=source,
            targets=targets,
            gold=gold,
            weight=weight_of(row, self.columns, needed=self.labelled),
            row=row,
            columns=_others(row, [column for column in (source_at, target_at) if column is not None]),
        )

    def _column(self, row: Row, role: str, *, needed: bool) -> str | None:
        """The column of a role, or a part of a column."""
        wanted = self.columns.get(role)
        holder, _, part = str(wanted).partition(".")
        if wanted is not None and str(wanted) not in row.values and isinstance(row.values.get(holder), dict):
            if part in row.values[holder] or has_column(row, str(wanted)):
                return str(wanted)
            if not needed:
                return None
            parts = ", ".join(f"{holder}.{name}" for name in row.values[holder])
            raise RowFault(kinds.MISSING_COLUMN, f"{row.where} has {parts}", column=wanted, role=role, hint="")
        found = find_column(row, role, self.columns, _NAMES[role], needed=needed)
        if found is not None and wanted is None and not needed and isinstance(row.values[found], dict):
            return None  # the config does not name the part that is meant
        return found

    def _source(self, row: Row, column: str) -> str:
        value = _value(row, column)
        if isinstance(value, dict):
            raise _an_object(row, "source", column, value)
        value = None if is_nan(value) else value
        if value is None and not self.labelled:
            raise RowFault(kinds.SOURCE_IS_NULL, row.where, column=column)
        if value is not None and not isinstance(value, str):
            raise RowFault(kinds.NOT_A_STRING, shortened(f"{row.where}: {column}={value!r}"), role="source")
        return value or ""

    def _targets(self, row: Row, column: str, value: Any) -> tuple[str, ...]:
        """The targets in a column: a text or a list of texts; a cell of a table may spell the list as JSON."""
        if column in row.values:
            value = text_or_list(row, column, "target", (str,), self.notes if self.labelled else None)
        if value is None or is_nan(value):
            return ("",)
        if isinstance(value, str):
            return (value,)
        if isinstance(value, dict):
            raise _an_object(row, "target", column, value)
        if not isinstance(value, (list, tuple)):
            raise RowFault(kinds.NOT_A_TARGET, shortened(f"{row.where}: {column}={value!r}"))
        if not value:
            raise RowFault(kinds.NO_TARGETS, row.where)
        for number, item in enumerate(value, start=1):
            if not isinstance(item, str):
                raise RowFault(kinds.NOT_A_TARGET, shortened(f"{row.where}: target {number} is {item!r}"))
            if not item.strip() and len(value) > 1:
                raise RowFault(kinds.EMPTY_TARGET_IN_LIST, f"{row.where}: target {number}")
        return tuple(value)

    def _gold(self, row: Row, column: str) -> Any:
        return _one_or_all(self._targets(row, column, _value(row, column)))

    def _check(self, row: Row, source: str, targets: tuple[str, ...]) -> None:
        """Refuse a row that is empty on one side; one that is empty on both is counted when it is left out."""
        there = any(target.strip() for target in targets)
        if bool(source.strip()) != there:
            there_part, empty = ("target", "source") if there else ("source", "target")
            raise RowFault(kinds.HALF_A_PAIR, row.where, there=there_part, empty=empty)


def _one_or_all(targets: tuple[str, ...]) -> Any:
    """A single target as a text, as a prediction is one; several as a list."""
    return targets[0] if len(targets) == 1 else list(targets)


def _holder(row: Row, column: str) -> str:
    """The column itself, or the column that it is a part of."""
    return column if column in row.values else column.partition(".")[0]


def _value(row: Row, column: str) -> Any:
    """The value of a column, or of a part of a column that holds an object."""
    holder = _holder(row, column)
    return row.values[holder] if holder == column else row.values[holder][column.partition(".")[2]]


def _part_of(row: Row) -> str:
    """An example of a column's name: the first part of the first column that holds an object."""
    for name, cell in row.values.items():
        value = list_or_value(cell)
        if isinstance(value, dict) and value:
            return f"{name}.{next(iter(value))}"
    return "…"


def _others(row: Row, read: list[str]) -> dict[str, Any]:
    """The columns that were not read, and the unread parts of columns that hold objects."""
    others = dict(row.values)
    for column in read:
        holder = _holder(row, column)
        if holder != column:
            part = column.partition(".")[2]
            others[holder] = {name: value for name, value in others.get(holder, {}).items() if name != part}
        if holder == column or not others[holder]:
            others.pop(holder, None)
    return others


def _an_object(row: Row, role: str, column: str, value: dict[str, Any]) -> RowFault:
    example = pasted(f"{column}.{next(iter(value), 'en')}")
    place = shortened(f"{row.where}: {column} has {', '.join(map(str, value)) or 'nothing'}")
    return RowFault(kinds.NOT_AN_OBJECT_PART, place, role=role, example=example)
