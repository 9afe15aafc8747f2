"""Texts that say their own label: ``label: spam``, ``… [spam]``, or as their first or last word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ftk.checking.looking.row_texts import Part, around, place
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes

_SAID = re.compile(
    r"(?:(?<!\w)(?:label|class|category|target|intent|sentiment|topic|gold|answer|tag|y)\s?[:=]\s?|__label__)[\"'\[(]?",
    re.IGNORECASE,
)
_NEARLY_ALL = 0.9
"""The share of the rows that begin or end with their label from which that is no chance."""
_ENOUGH = 20
_BRACKETS = {"[": "]", "(": ")", "{": "}", "<": ">"}
_SIGNS = " \t\r\n\"'`.,;:!?|/\\*_#~=-–—[](){}<>"
"""What may stand around a label at the edge of a text."""


@dataclass(slots=True)
class SaidLabels:
    """The rows of a split whose text says their label.

    What names a label, or puts it in brackets, says it in any row. As the first or last word it is one like others,
    unless nearly all rows have it there.
    """

    _rows: int = 0
    _said: int = 0
    _at_edges: int = 0
    _labels: set[str] = field(default_factory=set)
    _places: list[str] = field(default_factory=list)

    def add(self, part: Part, notes: Notes) -> None:
        """Look at some rows, and report those that are known for certain."""
        found = []
        for at, example in enumerate(part.examples):
            target = getattr(example, "target", None)
            names = (target,) if isinstance(target, str) else target if isinstance(target, tuple) else ()
            labels = [label for label in names if isinstance(label, str) and label]
            if not labels:
                continue
            self._rows += 1
            text = part.texts[at]
            if (span := _said(text, labels) or _in_brackets(text, labels)) is not None:
                found.append((at, around(text, *span)))
            elif (edge := next(_at_edges(text, labels), None)) is not None:
                label, span = edge
                self._at_edges += 1
                self._labels.add(label)
                if len(self._places) < SHOWN:
                    self._places.append(place(example, around(text, *span)))
        self._said += len(found)
        part.note(kinds.LABEL_IN_TEXT, found, notes)

    def note(self, notes: Notes) -> None:
        """Report the rows that begin or end with their label, if nearly all do."""
        said = self._said + self._at_edges
        if self._at_edges and len(self._labels) > 1 and said >= max(_ENOUGH, _NEARLY_ALL * self._rows):
            notes.add(kinds.LABEL_IN_TEXT, *self._places, number=self._at_edges)


def _said(text: str, labels: list[str]) -> tuple[int, int] | None:
    """Where a text says one of its labels."""
    if len(labels) == 1 and len(text) < len(labels[0]) + 3 and text.strip().casefold() == labels[0].casefold():
        return 0, len(text)
    if ":" not in text and "=" not in text and "__label__" not in text:
        return None
    for match in _SAID.finditer(text):
        for label in labels:
            end = match.end() + len(label)
            if text[match.end() : end].casefold() == label.casefold() and not text[end : end + 1].isalnum():
                return match.start(), end
    return None


def _in_brackets(text: str, labels: list[str]) -> tuple[int, int] | None:
    """Where a text begins or ends with one of its labels in brackets; a number there may be that of a note."""
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    at_begin, at_end = text[begin : begin + 1] in _BRACKETS, text[end - 1 : end] in _BRACKETS.values()
    if not text or not (at_begin or at_end):
        return None
    for label in labels:
        size = len(label) + 2
        for first in (begin,) * at_begin + (end - size,) * at_end:
            last = first + size
            if (
                first >= 0
                and _BRACKETS.get(text[first]) == text[last - 1 : last]
                and text[first + 1 : last - 1].casefold() == label.casefold()
                and not label.isdecimal()
            ):
                return first, last
    return None


def _at_edges(text: str, labels: list[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """The labels with which a text begins or ends, each with its place; signs may stand around them."""
    begin, end = len(text) - len(text.lstrip(_SIGNS)), len(text.rstrip(_SIGNS))
    for label in labels:
        size, wanted = len(label), label.casefold()
        if text[begin : begin + size].casefold() == wanted and not text[begin + size : begin + size + 1].isalnum():
            yield label, (begin, begin + size)
        first = end - size
        if first >= 0 and text[first:end].casefold() == wanted and not text[max(0, first - 1) : first].isalnum():
            yield label, (first, end)
