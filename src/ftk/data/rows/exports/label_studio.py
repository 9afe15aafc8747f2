"""Exports of Label Studio: tasks with their annotations (JSON), and rows with a column for each control (JSON_MIN)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import parse_json_list

_SPANS = ("labels", "hypertextlabels")
_OF_A_TEXT = {
    "choices": ("choices", "label"),
    "rating": ("rating", "score"),
    "number": ("number", "score"),
    "textarea": ("text", "target"),
}
"""By the type of a result, the key of its value and the column that it becomes."""
_OF_MINIMAL = ("annotation_id", "lead_time", "annotator", "completed_by")


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row is a task: its ``data``, and lists of results in its annotations."""
    return isinstance(values.get("data"), dict) and any(
        isinstance(values.get(name), list) for name in ("annotations", "completions")
    )


def annotated(values: Mapping[str, Any]) -> bool:
    """Whether somebody has annotated a task."""
    return bool(_done(values))


def _done(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The annotations that were neither cancelled nor skipped."""
    found = values.get("annotations", values.get("completions")) or []
    return [one for one in found if isinstance(one, dict) and not one.get("was_cancelled") and not one.get("skipped")]


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The task as a row: the columns of its data, ``spans``, and the values of the other results.

    Labelled tasks that nobody has annotated are left out.
    """
    values = row.values
    done = _done(values)
    plain_values = {"id": values["id"]} if "id" in values else {}
    plain_values |= values["data"]
    if not done:
        if labelled:
            notes.add(kinds.NOT_ANNOTATED, row.where)
            return
        yield replace(row, values=plain_values)
        return
    if len(done) > 1:
        notes.add(kinds.SEVERAL_ANNOTATIONS, row.where)
    chosen = next((one for one in done if one.get("ground_truth")), done[0])
    yield replace(row, values=plain_values | _results(row, chosen.get("result") or [], notes))


def _results(row: Row, results: list[Any], notes: Notes) -> dict[str, Any]:
    """The columns for the results of an annotation. Those of several controls of one kind are called after these."""
    columns: dict[str, Any] = {}
    by_control: dict[str, dict[str, Any]] = {}
    spans: list[dict[str, Any]] = []
    marking: set[str] = set()
    regions = {one.get("id") for one in results if isinstance(one, dict) and str(one.get("type")).lower() in _SPANS}
    for result in results:
        kind = result.get("type") if isinstance(result, dict) else None
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(kind, str) or not isinstance(value, dict):
            continue
        if kind.lower() in _SPANS:
            spans.append(_span(value))
            marking.add(str(result.get("from_name")))
        elif kind in _OF_A_TEXT and _OF_A_TEXT[kind][0] in value and result.get("id", "") not in regions:
            key, name = _OF_A_TEXT[kind]
            found = value[key]
            columns[name] = found[0] if isinstance(found, list) and len(found) == 1 else found
            by_control.setdefault(name, {})[str(result.get("from_name"))] = columns[name]
        else:
            notes.add(kinds.RESULT_NOT_READ, row.where, what=kind)
    for name, values in by_control.items():
        if len(values) > 1:
            notes.add(kinds.SEVERAL_CONTROLS, policy="columns", names=sorted(values))
            del columns[name]
        columns |= values  # so that a name reads all rows, whether they have results of one control or of several
    if len(marking) > 1:
        notes.add(kinds.SEVERAL_CONTROLS, policy="together", names=sorted(marking))
    if spans or not columns:
        columns["spans"] = spans
    return columns


def _span(value: Mapping[str, Any]) -> dict[str, Any]:
    """A region as a span; of a document in HTML the offsets in its text count."""
    offsets = value.get("globalOffsets") if isinstance(value.get("globalOffsets"), dict) else value
    assert isinstance(offsets, dict)
    labels = value.get("labels", value.get("hypertextlabels"))
    span = {"start": offsets.get("start"), "end": offsets.get("end"), "label": labels}
    return span | ({"text": value["text"]} if "text" in value else {})


def recognises_minimal(values: Mapping[str, Any]) -> bool:
    """Whether a row is of JSON_MIN: its columns say who annotated it."""
    return sum(name in values for name in _OF_MINIMAL) >= 2


def plain_minimal(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with the column of its spans called ``spans``, and that of its choices ``label``.

    If it has several of one kind, they keep their names.
    """
    values = dict(row.values)
    found: dict[str, dict[str, Any]] = {"spans": {}, "label": {}}
    for name, value in row.values.items():
        value = parse_json_list(value)
        if isinstance(value, list) and value and all(isinstance(item, dict) and "start" in item for item in value):
            found["spans"][name] = value
        elif isinstance(value, dict) and isinstance(value.get("choices"), list):
            choices = value["choices"]
            found["label"][name] = choices[0] if len(choices) == 1 else choices
    for role, columns in found.items():
        if len(columns) > 1:
            notes.add(kinds.SEVERAL_CONTROLS, policy="columns", names=sorted(columns))
        values |= columns
        if len(columns) == 1:
            [(name, value)] = columns.items()
            if name in ("label", "labels"):  # what Label Studio proposes
                del values[name]
            values[role] = value
    yield replace(row, values=values)
