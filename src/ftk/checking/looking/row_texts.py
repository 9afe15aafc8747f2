"""The texts of a row, whatever its task: those that are looked at, and those by which rows are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.findings import SHOWN, FindingKind
from ftk.contracts.notes import Notes
from ftk.data.examples.questions import QuestionExample
from ftk.data.examples.rankings import RankingExample
from ftk.data.examples.relations import RelationExample
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.sequences import SequenceExample
from ftk.data.examples.texts import TextExample
from ftk.data.rows.cells import shortened

Find = Callable[[str], "tuple[int, int] | None"]
"""Where a text has something first: from a character to one past the last."""

_TOGETHER = 2048
"""Rows that are looked at together: what none of them has is found out in one search."""
_VALUE = 60
"""Characters of a text that a place shows."""


def texts_of(example: Example) -> tuple[str, ...]:
    """Everything that is read and written of a row; nothing for a row that is an image alone."""
    match example:
        case TextExample():
            return (example.text,) if example.pair is None else (example.text, example.pair)
        case Sentence() | RelationExample():
            return (example.text,)
        case QuestionExample():
            return (example.question, example.context)
        case RankingExample():
            return (example.query, *example.candidates)
        case SequenceExample():
            return (example.source, *(example.targets or ()))
        case _:
            return () if example.files else example.texts


def compared_texts(example: Example) -> tuple[str, ...]:
    """The texts that two rows must have nearly in common to be near-duplicates; none for a row with an image.

    A question and its context must both be alike, and so must two entities and their sentence: rows share one of them
    on purpose. The shorter texts come first.
    """
    if example.files:
        return ()
    match example:
        case RelationExample():
            head, tail = (example.text[begin:end] for begin, end in (example.head, example.tail))
            return (head, tail, example.text)
        case RankingExample():
            return (example.query, "\n".join(example.candidates))
        case SequenceExample():
            return (example.source,)
        case _:
            return texts_of(example)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a split that are looked at together.

    Attributes:
        examples: the rows.
        single: the texts of each.
        texts: the texts of each, as one text.
        joined: all of these texts as one, to find out quickly that none has something.
    """

    examples: Sequence[Any]
    single: Sequence[tuple[str, ...]]
    texts: Sequence[str]
    joined: str

    def note(self, kind: FindingKind, found: Sequence[tuple[int, str]], notes: Notes, **values: Any) -> None:
        """Add findings about some rows.

        Args:
            kind: what was found.
            found: the numbers of the rows, and what to show of each; nothing if it is empty.
            notes: collects the findings.
            values: used by the texts of the kind.
        """
        if found:
            places = [place(self.examples[at], shown) for at, shown in found[:SHOWN]]
            notes.add(kind, *places, number=len(found), **values)

    def search(self, kind: FindingKind, pattern: re.Pattern[str], notes: Notes, find: Find | None = None) -> None:
        """Add findings about the rows in which a pattern finds something.

        Args:
            kind: what was found.
            pattern: it may find things across two rows; these do not count.
            notes: collects the findings.
            find: looks at the text of each such row again, and decides; None: the pattern does.
        """
        if pattern.search(self.joined) is None:
            return
        found = []
        for at, text in enumerate(self.texts):
            match = pattern.search(text)
            if match is None:
                continue
            span = match.span() if find is None else find(text)
            if span is not None:
                found.append((at, around(text, *span)))
        self.note(kind, found, notes)


def parts_of(examples: Sequence[Any]) -> Iterator[Part]:
    """The rows of a split, some at a time. Rows on disk are read once, in their order."""
    some: list[Any] = []
    for example in examples:
        some.append(example)
        if len(some) == _TOGETHER:
            yield _part(some)
            some = []
    if some:
        yield _part(some)


def place(example: Example, shown: str) -> str:
    """The place of a row, with a value as it would be written in Python; without one, the place alone."""
    where = example.row.where
    return shortened(f"{where}: {shown[:_VALUE]!r}") if shown else where


def around(text: str, begin: int, end: int) -> str:
    """A piece of a text with what stands around it, for messages."""
    return text[max(0, begin - 12) : end + 12]


def _part(examples: Sequence[Any]) -> Part:
    single = list(map(texts_of, examples))
    texts = ["\n".join(some) for some in single]
    return Part(examples, single, texts, "\n".join(texts))
