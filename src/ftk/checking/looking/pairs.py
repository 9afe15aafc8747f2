"""Rows of two texts that are equal, or that hardly belong together."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ftk.checking.looking.row_texts import Part, place
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.examples.questions import QuestionExample
from ftk.data.examples.rankings import RankingExample
from ftk.data.examples.sequences import SequenceExample
from ftk.data.examples.texts import TextExample

_ENOUGH = 50
_DEVIATIONS = 8
"""Deviations of half of the ratios from the usual one, that an odd ratio is away from it."""
_LEAST = 1.5
"""Natural logarithm of the least ratio, to the usual one, that is called odd."""
_BLANKS = 10
"""Blanks by which two equal texts differ at most."""
_FEW = 10
"""Characters that are added to both lengths: short texts differ more."""


def note_equal(part: Part, notes: Notes) -> None:
    """Report rows of a part whose two texts are equal."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for at, example in enumerate(part.examples):
        equal = _equal(example)
        if equal is not None:
            found.setdefault(equal, []).append((at, part.texts[at].partition("\n")[0]))
    for (one, other), rows in found.items():
        part.note(kinds.EQUAL_TEXTS, rows, notes, one=one, other=other)


def _equal(example: Example) -> tuple[str, str] | None:
    """What two texts of a row are called that are equal."""
    match example:
        case TextExample() if example.pair is not None and _same(example.text, example.pair):
            return "text", "second text"
        case SequenceExample() if any(_same(example.source, target) for target in example.targets or ()):
            return "target", "source"
        case RankingExample() if any(
            grade > 0 and _same(example.query, candidate)
            for candidate, grade in zip(example.candidates, example.grades or (), strict=False)
        ):
            return "positive", "query"
        case QuestionExample() if _same(example.question, example.context):
            return "question", "context"
    return None


def _same(one: str, other: str) -> bool:
    """Whether two texts are equal but for blanks, and not empty."""
    return abs(len(one) - len(other)) < _BLANKS and one.split() == other.split() != []


@dataclass(slots=True)
class Ratios:
    """How long the target of each row is, beside its source."""

    sizes: array[int] = field(default_factory=lambda: array("l"))

    def add(self, part: Part) -> None:
        """Add some rows."""
        for example in part.examples:
            if isinstance(example, SequenceExample) and example.targets:
                self.sizes.extend((len(example.source), len(example.targets[0])))

    def note(self, examples: Sequence[Any], notes: Notes) -> None:
        """Report rows whose target is far longer or shorter than those of other sources of their length."""
        sizes = np.frombuffer(self.sizes, dtype=f"i{self.sizes.itemsize}").reshape(-1, 2)
        if len(sizes) < _ENOUGH or len(sizes) != len(examples):
            return
        source, target = np.log(sizes + _FEW).T
        slope, start = np.polyfit(source, target, 1) if source.std() > 0 else (0.0, target.mean())
        away = target - (slope * source + start)
        away -= np.median(away)
        far = np.flatnonzero(np.abs(away) > max(_LEAST, _DEVIATIONS * float(np.median(np.abs(away)))))
        if len(far):
            places = [
                f"{place(examples[at], '')}: {sizes[at, 0]:,} and {sizes[at, 1]:,} characters"
                for at in far[:SHOWN].tolist()
            ]
            notes.add(kinds.ODD_RATIO, *places, number=len(far))
