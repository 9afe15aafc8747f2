"""Exports of doccano, of all its versions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

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


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with its text as ``text``, and its annotations as ``spans`` or as ``label``."""
    values = dict(row.values)
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
    yield replace(row, values=values)
