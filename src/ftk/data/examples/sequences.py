"""Rows of a source and of what is to be written from it: one target, or several of which each is right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, listed, made_of
from ftk.data.rows.columns import find_column, missing, say_columns, weight_of

SOURCE = ("source", "text", "document", "article", "src")
TARGET = ("target", "summary", "highlights", "tgt", "translation")
_NAMES = {"source": SOURCE, "target": TARGET}


@dataclass(slots=True)
class SequenceExample(Example):
    """One row.

    Attributes:
        source: what is read.
        targets: what is to be written: the first is learned, and all are references; None for an unlabelled row.
        gold: the same as the row gives it, to be kept beside predictions.
        weight: how often the row is drawn in training, beside the others.
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
    def texts(self) -> tuple[str, ...]:
        """The source as it is read, and the target that is learned."""
        return (self.prefix + self.source, *(self.targets or ())[:1])

    @property
    def references(self) -> tuple[str, ...]:
        """The targets that there is something in."""
        return tuple(target for target in self.targets or () if target.strip())


@dataclass(frozen=True, slots=True)
class Written:
    """What a model writes for one row.

    Attributes:
        text: the text.
        unfinished: whether it is as long as a text may be, so that it was perhaps broken off.
    """

    text: str
    unfinished: bool = False


@dataclass(kw_only=True, slots=True)
class SequenceReader:
    """Checks rows and makes examples of them.

    Attributes:
        columns: ``data.columns``. A part of a column that holds an object is named with a dot: translation.de.
        labelled: whether a row without a target is an error.
        notes: are told of faults.
    """

    columns: dict[str, Any]
    labelled: bool
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[SequenceExample]:
        """An example for each row; faults go to the notes, which stop the run once all rows have been seen."""
        examples = made_of(rows, self._example, self.notes)
        several = sum(len(example.targets or ()) > 1 for example in examples)
        if several:
            what = "row|rows with several targets"
            self.notes.count(what, "the first is learned, all are references", number=several)
        return examples

    def _example(self, row: Row) -> SequenceExample:
        source_at = self._column(row, "source", needed=True)
        if source_at is None:
            raise missing(row, "row|rows without a source", f"Name its column: data.columns.source={_part_of(row)}.")
        target_at = self._column(row, "target", needed=self.labelled)
        if target_at is None and self.labelled:
            raise missing(row, "row|rows without a target", f"Name its column: data.columns.target={_part_of(row)}.")
        if target_at == source_at:
            advice = "data.columns.source and data.columns.target name two columns."
            raise RowFault("row|rows whose source and target are one column", advice, f"{row.where}: '{source_at}'")
        source = self._source(row, source_at)
        if not self.labelled and not source.strip():
            self.notes.count("empty row|rows", "an empty text is written", row.where)
        gold = None if target_at is None else _value(row, target_at)
        targets = self._targets(row, target_at, gold) if target_at is not None and self.labelled else None
        if targets is not None:
            self._check(row, source, targets)
        found = {"source": source_at, "target": target_at}
        say_columns(self.notes, {role: name for role, name in found.items() if name != role}, self.columns)
        return SequenceExample(
            source=source,
            targets=targets,
            gold=gold,
            weight=weight_of(row, self.columns, needed=self.labelled),
            row=row,
            columns=_others(row, [column for column in (source_at, target_at) if column is not None]),
        )

    def _column(self, row: Row, role: str, *, needed: bool) -> str | None:
        """The column of a role, or the part of one."""
        wanted = self.columns.get(role)
        holder, _, part = str(wanted).partition(".")
        if wanted is not None and str(wanted) not in row.values and isinstance(row.values.get(holder), dict):
            if part in row.values[holder]:
                return str(wanted)
            if not needed:
                return None
            parts = ", ".join(f"{holder}.{name}" for name in row.values[holder])
            raise RowFault(
                f"row|rows without the column '{wanted}'", f"data.columns.{role} names it.", f"{row.where} has {parts}"
            )
        found = find_column(row, role, self.columns, _NAMES[role], needed=needed)
        if found is not None and wanted is None and not needed and isinstance(row.values[found], dict):
            return None  # which part of it is meant nobody said
        return found

    def _source(self, row: Row, column: str) -> str:
        value = _value(row, column)
        if isinstance(value, dict):
            raise _an_object(row, "source", column, value)
        if value is None and not self.labelled:
            raise RowFault("row|rows whose source is null", f"'{column}' holds the source.", row.where)
        if value is not None and not isinstance(value, str):
            advice = 'A text stands in quotes in JSON, "…", an empty one as "".'
            raise RowFault("row|rows whose source is not a string", advice, f"{row.where}: {column}={value!r}"[:200])
        return value or ""

    def _targets(self, row: Row, column: str, value: Any) -> tuple[str, ...]:
        """What the column holds: a text, or a list of texts; a cell of a table may spell the list as JSON."""
        value = listed(row, value, str)
        if value is None:
            return ("",)
        if isinstance(value, str):
            return (value,)
        if isinstance(value, dict):
            raise _an_object(row, "target", column, value)
        if not isinstance(value, (list, tuple)):
            advice = "A target is a text, or a list of texts."
            raise RowFault("row|rows whose target is not a text", advice, f"{row.where}: {column}={value!r}"[:200])
        if not value:
            raise RowFault("row|rows with an empty list of targets", "A list has one target at least.", row.where)
        for number, item in enumerate(value, start=1):
            if not isinstance(item, str):
                advice = "A target is a text, or a list of texts."
                place = f"{row.where}: target {number} is {item!r}"[:200]
                raise RowFault("row|rows whose target is not a text", advice, place)
            if not item.strip() and len(value) > 1:
                advice = "Leave it out of the list."
                raise RowFault("row|rows with an empty target among others", advice, f"{row.where}: target {number}")
        return tuple(value)

    def _check(self, row: Row, source: str, targets: tuple[str, ...]) -> None:
        """Refuse half a row; one that is empty on both sides is no fault, and is counted where it is left out."""
        there = any(target.strip() for target in targets)
        if source.strip() and not there:
            raise RowFault(
                "row|rows with a source and an empty target", "Complete the row, or leave it out.", row.where
            )
        if there and not source.strip():
            raise RowFault(
                "row|rows with a target and an empty source", "Complete the row, or leave it out.", row.where
            )


def _holder(row: Row, column: str) -> str:
    """The column itself, or the one that it is a part of."""
    return column if column in row.values else column.partition(".")[0]


def _value(row: Row, column: str) -> Any:
    """What a column holds, or the part of one that holds an object."""
    holder = _holder(row, column)
    return row.values[holder] if holder == column else row.values[holder][column.partition(".")[2]]


def _part_of(row: Row) -> str:
    """What a column is named by: for example the first part of the first that holds an object."""
    for name, value in row.values.items():
        if isinstance(value, dict) and value:
            return f"{name}.{next(iter(value))}"
    return "…"


def _others(row: Row, read: list[str]) -> dict[str, Any]:
    """The columns that were not read, and of an object whose parts were read the other parts."""
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
    example = f"{column}.{next(iter(value), 'en')}"
    return RowFault(
        f"row|rows whose {role} is an object",
        f"Name the part that is meant: data.columns.{role}={example}.",
        f"{row.where}: {column} has {', '.join(map(str, value)) or 'nothing'}"[:200],
    )
