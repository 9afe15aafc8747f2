"""Texts that stand for a missing one: what programs write into tables where there was nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

_WRITTEN = frozenset({"nan", "NaN", "NAN", "-nan", "<NA>", "NaT", "#N/A", "\\N"})
"""What stands for a missing text unless texts are single words."""
_USUAL = frozenset({"None", "null", "NULL", "N/A", "n/a", "NA", "#VALUE!", "#REF!", "#NAME?"})
_ROLES = ("source", "target")
_MOST = 10
"""Characters of a text that may be one of them, with blanks around it."""
_LONG = 10
"""Characters from which a text is no single word, also where words have no blanks between them."""


def is_nan(value: Any) -> bool:
    """Whether a value is the number NaN, which data frames have where nothing is."""
    return isinstance(value, float) and value != value


def mark_of(text: str) -> str | None:
    """The mark of a missing text that a text is; None for any other text."""
    if len(text) > _MOST:
        return None
    text = text.strip()
    return text if text in _WRITTEN or text in _USUAL else None


def note_mark(text: str, row: Row, role: str, notes: Notes) -> None:
    """Report a text that often stands for a missing one, and is read as it is."""
    if len(text) > _MOST:  # nearly all texts
        return
    mark = mark_of(text)
    if mark is not None:
        notes.add(kinds.ODD_TEXT, row.where, role=role, mark=mark)


def without_marks(examples: Sequence[Any], notes: Notes, *, unlabelled: str) -> list[Any]:
    """The examples of a source and targets without those that lack one of them.

    A mark beside a text stands for a missing text if half of the other texts at its place are longer than a word, or,
    for a target, half of the sources. Other marks are texts, and are reported: ``nan`` is a syllable of Chinese, and
    ``None`` an answer.

    Args:
        examples: of one split, with ``source``, ``targets`` and ``row``.
        notes: collects marks.
        unlabelled: the policy for rows without a label, ``error`` or ``drop``.
    """
    marked = {number: marks for number, example in enumerate(examples) if (marks := _marks(example))}
    if not marked:
        return list(examples)
    long = {role: _are_long(text for example in examples for text in _texts(example, role)) for role in _ROLES}
    for number, marks in list(marked.items()):
        where = examples[number].row.where
        for role, mark in marks.items():
            if mark in _WRITTEN and len(marks) == 1 and (long[role] or long["source"]):
                policy = "drop" if unlabelled == "drop" else None
                notes.add(kinds.MISSING_TEXT, where, policy=policy, role=role, mark=mark)
            else:
                notes.add(kinds.ODD_TEXT, where, role=role, mark=mark)
                del marked[number]
                break
    return [example for number, example in enumerate(examples) if number not in marked]


def _marks(example: Any) -> dict[str, str]:
    """The marks of a row by role."""
    found = ((role, mark_of(text)) for role in _ROLES for text in _texts(example, role))
    return {role: mark for role, mark in found if mark is not None}


def _texts(example: Any, role: str) -> Sequence[str]:
    return (example.source,) if role == "source" else example.targets or ()


def _are_long(texts: Iterable[str]) -> bool:
    """Whether half of the texts, or more, are no single words; marks do not count."""
    found = [len(text) > _LONG or len(text.split()) > 1 for text in texts if text.strip() and mark_of(text) is None]
    return bool(found) and 2 * sum(found) >= len(found)
