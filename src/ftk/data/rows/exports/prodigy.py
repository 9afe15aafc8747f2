"""Exports of Prodigy: rows with an answer, and with spans or accepted options."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

_ANSWERS = ("accept", "reject", "ignore")
_OWN = ("_input_hash", "_task_hash", "_session_id", "_view_id", "text", "image", "options")


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row has one of the answers of Prodigy beside what they are about."""
    answer = values.get("answer")
    return (
        isinstance(answer, str)
        and answer in _ANSWERS
        and "context" not in values
        and any(name in values for name in _OWN)
    )


def annotated(values: Mapping[str, Any]) -> bool:
    """Whether the annotator accepted a row."""
    return values.get("answer") == "accept"


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with its accepted options as ``label``; labelled rows that were not accepted are left out."""
    values = dict(row.values)
    answer = values.get("answer")
    if labelled and answer != "accept":
        notes.add(kinds.NOT_ACCEPTED, row.where, answer=answer)
        return
    accepted = values.get("accept")
    if isinstance(accepted, list) and isinstance(values.get("options"), list):
        several = isinstance(values.get("config"), dict) and values["config"].get("choice_style") == "multiple"
        del values["accept"], values["options"]
        values["label"] = accepted if several or len(accepted) != 1 else accepted[0]
        if not accepted and not several:
            if labelled:
                notes.add(kinds.NOT_ANNOTATED, row.where)
                return
            del values["label"]  # a row without an option has no gold standard
    yield replace(row, values=values)
