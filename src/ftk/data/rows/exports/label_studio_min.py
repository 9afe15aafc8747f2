"""Exports of Label Studio with a row for each annotation, and a column for each control (JSON_MIN, CSV)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import parse_json_list
from ftk.data.rows.exports.controls import Control, name_columns
from ftk.data.rows.exports.wanted import Wanted

_ABOUT = ("annotation_id", "lead_time", "annotator", "completed_by")
_TIMES = ("created_at", "updated_at")


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row is of JSON_MIN: its columns say who annotated it."""
    return sum(name in values for name in _ABOUT) >= 2


def begin(rows: Sequence[Row], wanted: Wanted, notes: Notes) -> Callable[[Row], Iterator[Row]]:
    """What makes plain rows: the column of spans is called ``spans``, and that of choices ``label``.

    Several columns of one kind keep their names. Of several annotations of a task, the first is read.

    Args:
        rows: of the file; all of them, or the first ones if rows are read to predict.
        wanted: what the config and the task want.
        notes: collects what is not read.

    Raises:
        DataError: the task could read several columns.
    """
    controls: set[Control] = set()
    taken: set[str] = set()
    for row in rows:
        taken.update(row.values)
        for name, value in row.values.items():
            if (type := _type_of(value)) is not None:
                controls.add(Control(name, "", type))
    taken -= {control.name for control in controls}
    names = name_columns(rows[0].file, controls, taken, wanted, notes)
    return _Export({control.name: (control, name) for control, name in names.items()}, wanted, notes).plain


@dataclass(frozen=True, slots=True)
class _Export:
    columns: Mapping[str, tuple[Control, str]]
    wanted: Wanted
    notes: Notes
    seen: dict[str, str] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)

    def plain(self, row: Row) -> Iterator[Row]:
        """The row, unless it is one more annotation of a task."""
        if self.wanted.labelled and "id" in row.values and "annotation_id" in row.values:
            task, content = str(row.values["id"]), _content(row)
            first = self.seen.setdefault(task, content)
            if first is not content:
                self._count(row, task, differs=first != content)
                return
        values: dict[str, Any] = {}
        for name, value in row.values.items():
            control, column = self.columns.get(name, (None, name))
            values[column] = value if control is None else _plain_value(value, str(control.column))
        for control, column in self.columns.values():
            if column not in values and control.column in ("spans", "label"):
                values[column] = []  # the control was left empty
        yield replace(row, values=values)

    def _count(self, row: Row, task: str, *, differs: bool) -> None:
        """Report a task with several annotations, once."""
        if task not in self.counted:
            self.counted.add(task)
            self.notes.add(kinds.SEVERAL_ANNOTATIONS, row.where)
        if differs and f"{task} differs" not in self.counted:
            self.counted.add(f"{task} differs")
            self.notes.add(kinds.CONTRADICTING_ANNOTATIONS, row.where)


def _type_of(value: Any) -> str | None:
    """The type of the control that gave a value; None for a value of the data, and for a plain text or number."""
    value = parse_json_list(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) and "start" in item for item in value):
        return "labels"
    return "choices" if _choices(value) is not None else None


def _choices(value: Any) -> list[Any] | None:
    if isinstance(value, str) and value.startswith('{"choices"'):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    found = value.get("choices") if isinstance(value, dict) else None
    return found if isinstance(found, list) else None


def _plain_value(value: Any, column: str) -> Any:
    if column == "spans":
        return parse_json_list(value) or []
    found = _choices(value)
    if found is None:
        return [] if value in (None, "") else value
    return found[0] if len(found) == 1 else found


def _content(row: Row) -> str:
    """What an annotation says, for a comparison."""
    said = {name: value for name, value in row.values.items() if name not in (*_ABOUT, *_TIMES)}
    return json.dumps(said, sort_keys=True, default=str)
