"""Exports of Label Studio: tasks with their annotations (JSON)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.controls import Control, name_columns
from ftk.data.rows.exports.rich_texts import (
    dialogue_column,
    html_column,
    span_of_dialogue,
    span_of_html,
    text_of_dialogue,
    text_of_html,
)
from ftk.data.rows.exports.wanted import Wanted

_VALUES = {"choices": "choices", "taxonomy": "taxonomy", "rating": "rating", "number": "number", "textarea": "text"}
"""By the type of a result about a whole text, the key of its value."""
_DATA = "data."
_BETWEEN = " / "
"""What parts the levels of a taxonomy in a label."""


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row is a task: its ``data``, and lists of results in its annotations."""
    return isinstance(values.get("data"), dict) and any(
        isinstance(values.get(name), list) for name in ("annotations", "completions")
    )


def begin(rows: Sequence[Row], wanted: Wanted, notes: Notes) -> Callable[[Row], Iterator[Row]]:
    """What makes a row of each task: the columns of its data, and a column for each control.

    Args:
        rows: of the file; all of them, or the first ones if rows are read to predict.
        wanted: what the config and the task want.
        notes: collects what is not read.

    Raises:
        DataError: the task could read several controls, or none of the results can be read.
    """
    controls: set[Control] = set()
    taken = {"id", "completed_by"}
    html = False
    unread: Counter[str] = Counter()
    places: list[str] = []
    for row in rows:
        taken.update(map(str, row.values["data"]))
        for annotation in _done(row):
            results = _results(annotation)
            regions = _regions(results)
            for result in results:
                control = _control(result)
                if control.column is not None and not _is_about_region(result, regions):
                    controls.add(control)
                    html = html or _is_in_html(control.type, result.get("value"))
                elif control.column is None and control.type != "relation":
                    unread[control.type] += 1
                    places.append(row.where)
    if wanted.labelled and wanted.roles and unread and not controls:
        notes.add(kinds.UNREAD_RESULTS, *places[:SHOWN], number=unread.total(), types=sorted(unread))
        notes.raise_errors()
    return _Export(name_columns(rows[0].file, _parted(controls), taken, wanted, notes), html, wanted, notes).plain


def _parted(controls: Iterable[Control]) -> list[Control]:
    """The controls, without what they are about where each is about one thing."""
    controls = list(controls)
    names = Counter((control.name, control.type) for control in controls)
    return [control if names[control.name, control.type] > 1 else replace(control, about="") for control in controls]


@dataclass(frozen=True, slots=True)
class _Export:
    """The columns of the controls, and whether regions are in documents in HTML."""

    columns: Mapping[Control, str]
    html: bool
    wanted: Wanted
    notes: Notes

    def plain(self, row: Row) -> Iterator[Row]:
        """The task as a row; labelled tasks that nobody has annotated are left out."""
        values = row.values
        done = _done(row)
        cancelled = len(_annotations(row)) - len(done)
        plain = {"id": values["id"]} if "id" in values else {}
        plain |= values["data"]
        if not done:
            if self.wanted.labelled:
                self.notes.add(kinds.CANCELLED_ANNOTATION if cancelled else kinds.NOT_ANNOTATED, row.where)
                return
            yield replace(row, values=plain | self._paths(plain, values["data"]))
            return
        if cancelled:
            self.notes.add(kinds.CANCELLED_BESIDE, row.where)
        if len(done) > 1:
            self.notes.add(kinds.SEVERAL_ANNOTATIONS, row.where)
            if len({_content(annotation) for annotation in done}) > 1:
                self.notes.add(kinds.CONTRADICTING_ANNOTATIONS, row.where)
        chosen = next((one for one in done if one.get("ground_truth")), done[0])
        annotator = _annotator(chosen.get("completed_by"))
        if annotator is not None:
            plain.setdefault("completed_by", annotator)
        found = self._columns(row, plain, _results(chosen))
        for name in found.keys() & values["data"].keys():
            self.notes.add(kinds.REPLACED_BY_ANNOTATION, row.where, column=name)
        yield replace(row, values=plain | self._paths(plain, values["data"]) | found)

    def _paths(self, plain: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of the data that the config names as the file does, ``data.title``; HTML is its text there, too."""
        names = [str(name) for name in self.wanted.columns.values() if name is not None]
        return {
            name: plain[name[len(_DATA) :]] for name in names if name.startswith(_DATA) and name[len(_DATA) :] in data
        }

    def _columns(self, row: Row, plain: dict[str, Any], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The columns for the results of an annotation; ``plain`` gets the text that they are about."""
        columns: dict[str, Any] = {
            name: [] if control.column in ("spans", "label") else None for control, name in self.columns.items()
        }
        if not columns:
            columns["spans"] = []
        source = _Source.of(row, plain, self.html, self.notes)
        regions = _regions(results)
        for result in results:
            control, value = _control(result), result.get("value")
            name = self.columns.get(control) or self.columns.get(replace(control, about=""))
            if _is_about_region(result, regions):
                self.notes.add(kinds.RESULT_NOT_READ, row.where, what=f"{control.type} of a region")
            elif name is None or not isinstance(value, dict):
                self.notes.add(kinds.RESULT_NOT_READ, row.where, what=control.type)
            elif control.column == "spans":
                columns[name].append(source.span(row, value, control.type, self.notes))
            elif (found := value.get(_VALUES[control.type])) is not None:
                if control.type == "taxonomy":
                    paths = found if isinstance(found, list) else [found]
                    found = [_BETWEEN.join(map(str, path)) if isinstance(path, list) else path for path in paths]
                before = columns[name]
                if isinstance(found, list):
                    columns[name] = [*(before or ()), *found]
                elif before is None:
                    columns[name] = found
                elif before != found:
                    self.notes.add(kinds.RESULT_NOT_READ, row.where, what=f"{control.type}, a second one")
        for control, name in self.columns.items():
            value = columns[name]
            if control.column in ("label", "target") and isinstance(value, list) and len(value) == 1:
                columns[name] = value[0]
        return columns


@dataclass(frozen=True, slots=True)
class _Source:
    """The text that the regions of a task are in.

    Attributes:
        html: the text of the document in HTML; None if there is none.
        turns: the turns of the dialogue; None if there is none.
    """

    html: str | None = None
    turns: Any = None

    @classmethod
    def of(cls, row: Row, plain: dict[str, Any], html: bool, notes: Notes) -> _Source:
        """The source of a row; HTML and dialogues become plain texts in ``plain``."""
        if html and (name := html_column(row.values["data"])) is not None:
            plain[name] = text_of_html(plain[name])
            notes.add(kinds.HTML_AS_TEXT, file=row.file, column=name)
            return cls(html=plain[name])
        if (name := dialogue_column(row.values["data"])) is not None and "text" not in plain:
            plain["text"] = text_of_dialogue(plain[name])
            notes.add(kinds.DIALOGUE_AS_TEXT, file=row.file, column=name)
            return cls(turns=plain[name])
        return cls()

    def span(self, row: Row, value: Mapping[str, Any], type: str, notes: Notes) -> dict[str, Any]:
        """A region as a span."""
        span = {"start": value.get("start"), "end": value.get("end"), "label": value.get(type, value.get("labels"))}
        if "text" in value:
            span["text"] = value["text"]
        if _is_in_html(type, value):
            place = span_of_html(value, self.html or "")
        elif type == "paragraphlabels" or (self.turns is not None and "startOffset" in value):
            place = span_of_dialogue(value, self.turns)
        else:
            return span
        if place is None:
            notes.add(kinds.REGION_WITHOUT_OFFSETS, f"{row.where}: {span.get('text', span['start'])!r}"[:160])
            return span
        return span | {"start": place[0], "end": place[1]}


def _is_in_html(type: str, value: Any) -> bool:
    """Whether a region is in a document in HTML: its places are paths of elements."""
    start = value.get("start") if isinstance(value, dict) else None
    return type == "hypertextlabels" or (isinstance(start, str) and start.startswith("/"))


def _annotations(row: Row) -> list[dict[str, Any]]:
    found = row.values.get("annotations", row.values.get("completions")) or []
    return [one for one in found if isinstance(one, dict)]


def _done(row: Row) -> list[dict[str, Any]]:
    """The annotations of a task that were not cancelled."""
    return [one for one in _annotations(row) if not one.get("was_cancelled") and not one.get("skipped")]


def _results(annotation: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = annotation.get("result") or []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("type"), str)]


def _regions(results: Iterable[Mapping[str, Any]]) -> set[Any]:
    """The ids of the regions among some results."""
    return {str(one["id"]) for one in results if "id" in one and _control(one).column == "spans"}


def _is_about_region(result: Mapping[str, Any], regions: Collection[str]) -> bool:
    """Whether a result is about a region of the text and not about the text: it has the place or the id of one."""
    value = result.get("value")
    placed = isinstance(value, dict) and "start" in value
    return _control(result).column not in ("spans", None) and (placed or str(result.get("id")) in regions)


def _control(result: Mapping[str, Any]) -> Control:
    return Control(
        str(result.get("from_name", result["type"])), str(result.get("to_name", "")), str(result["type"]).lower()
    )


def _content(annotation: Mapping[str, Any]) -> str:
    """What an annotation says, for a comparison."""
    said = [[one.get("from_name"), one.get("to_name"), one["type"], one.get("value")] for one in _results(annotation)]
    return json.dumps(sorted(json.dumps(one, sort_keys=True, default=str) for one in said))


def _annotator(found: Any) -> Any:
    """Who made an annotation: the number, or the address where the export has one."""
    if isinstance(found, dict):
        found = found.get("email", found.get("id"))
    return found if isinstance(found, (str, int)) else None
