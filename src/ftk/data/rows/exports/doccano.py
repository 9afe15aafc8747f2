"""Exports of doccano, of all its versions."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.wanted import Wanted

_JOINED = "#"
"""What doccano writes between the labels of a row in CSV."""
_OWN = ("annotation_approver", "Comments", "approver")


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row has columns that doccano alone writes, or its text in ``data`` beside a list of labels."""
    named = any(name in values for name in _OWN) and ("text" in values or "data" in values)
    return named or (isinstance(values.get("data"), str) and isinstance(values.get("label"), list)) or _is_old(values)


def _is_old(values: Mapping[str, Any]) -> bool:
    """Whether its annotations are objects with the label and the user."""
    found = values.get("annotations")
    return (
        isinstance(found, list)
        and isinstance(values.get("text"), str)
        and bool(found)
        and all(isinstance(one, dict) and "label" in one and ("user" in one or "start_offset" in one) for one in found)
    )


def needs_all(rows: Sequence[Row]) -> bool:
    """Whether all rows of a file decide how each is read: those of a table may have several labels in a cell."""
    return rows[0].cells


def begin(rows: Sequence[Row], wanted: Wanted, notes: Notes) -> Callable[[Row], Iterator[Row]]:
    """What makes plain rows: with the text as ``text``, and the annotations as ``spans`` or as ``label``.

    Labels of a table with ``#`` between them become lists where parts of them are labels by themselves.

    Args:
        rows: of the file; all of them if ``needs_all``, else the first ones.
        wanted: what the config and the task want.
        notes: collects what is read.
    """
    texts = {label for row in rows if row.cells and isinstance(label := row.values.get("label"), str) and label}
    parts = Counter(part for text in texts for part in set(_parts(text)))
    joined = {text for text in texts if len(found := _parts(text)) > 1 and any(parts[part] > 1 for part in found)}
    return lambda row: _plain(row, joined, notes, labelled=wanted.labelled)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(_JOINED) if part.strip()]


def _plain(row: Row, joined: set[str], notes: Notes, *, labelled: bool) -> Iterator[Row]:
    values = dict(row.values)
    relations = values.get("relations")
    if labelled and isinstance(relations, list) and relations:
        notes.add(kinds.RESULT_NOT_READ, row.where, number=len(relations), what="relation")
    if isinstance(values.get("data"), str) and "text" not in values:
        values = {"text" if name == "data" else name: value for name, value in values.items()}
    found = values.get("annotations")
    if isinstance(found, list):
        del values["annotations"]
        if all(isinstance(one, dict) and "start_offset" in one for one in found):
            values["spans"] = found
        else:
            labels = [one.get("label", one.get("text")) for one in found if isinstance(one, dict)]
            values["label"] = labels[0] if len(labels) == 1 else labels
    label = values.get("label")
    if row.cells and isinstance(label, str) and label in joined:
        notes.add(kinds.JOINED_LABELS, row.where, sign=_JOINED)
        values["label"] = _parts(label)
    yield replace(row, values=values)
