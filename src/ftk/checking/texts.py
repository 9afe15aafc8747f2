"""Checks raw texts: their documents, the lengths of these, and what is in them more than once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.checking.checked import Checked
from ftk.checking.collected import Collected
from ftk.checking.content import lengths
from ftk.config.schema import CheckConfig
from ftk.contracts import finding_kinds as kinds
from ftk.data.readers.splits import uses_demo
from ftk.tasks import finding_kinds as task_kinds


@dataclass(slots=True)
class _Documents:
    """The documents of a split: the number of characters and words of each, and its hash; and the hashes of lines."""

    characters: array[int] = field(default_factory=lambda: array("q"))
    words: array[int] = field(default_factory=lambda: array("q"))
    hashes: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def of(cls, pieces: Iterable[Any]) -> _Documents:
        found = cls()
        for piece in pieces:
            if piece.begins or not found.characters:
                for values in (found.characters, found.words, found.hashes):
                    values.append(0)
            found.characters[-1] += len(piece.text)
            found.words[-1] += len(piece.text.split())
            found.hashes[-1] = hash((found.hashes[-1], piece.text))
            found.lines.extend(map(hash, _lines(piece.text)))
        return found

    def to_json(self) -> dict[str, Any]:
        lines = np.asarray(self.lines)
        return {
            "rows": len(self.characters),
            "characters": lengths(self.characters),
            "words": lengths(self.words),
            "lines": len(lines),
            "repeated_lines": len(lines) - len(np.unique(lines)),
        }


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split("\n")))


def checked_texts(config: CheckConfig, task: Any, notes: Collected) -> Checked:
    """Check raw texts.

    Args:
        config: of the check.
        task: masked language modelling.
        notes: collects what is wrong.

    Raises:
        DataError: a file cannot be read, or has no text.
    """
    data, alone = config.data, None
    if data.train is None and not uses_demo(data):
        alone = "test" if data.test is not None else "validation"
        data = replace(data, test=data.test or data.validation, validation=None)
    corpus = task.open_corpus(data, notes, test_only=alone is not None)
    found = {}
    for split in corpus.files:
        with notes.of(alone or split):
            found[split] = _Documents.of(corpus.pieces(split, notes))
            if again := _repeated(np.asarray(found[split].hashes)):
                notes.add(kinds.REPEATED_DOCUMENT, number=again)
    for split in ("validation", "test"):
        if split in found and "train" in found:
            there = np.isin(np.asarray(found[split].hashes), np.asarray(found["train"].hashes))
            if shared := int(there.sum()):
                notes.add(task_kinds.DOCUMENT_OF_TRAINING, number=shared, part=split)
    facts = {"splits": {alone or split: one.to_json() for split, one in found.items()}}
    return Checked(sum(len(one.characters) for one in found.values()), corpus, facts)


def _repeated(hashes: NDArray[np.int64]) -> int:
    return len(hashes) - len(np.unique(hashes))
