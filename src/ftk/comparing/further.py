"""What is said of a comparison beside the verdict: how alike the models are, and what is different between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.comparing.alike.homogenization import homogenization
from ftk.comparing.alike.tables import alike_tables
from ftk.comparing.changed.differences import difference_sentences, difference_tables, differences
from ftk.comparing.comparison import Comparison, Corpus
from ftk.errors import numbered
from ftk.report.tables import TextTable


@dataclass(frozen=True, slots=True)
class Further:
    """What is said of a comparison beside the verdict.

    Attributes:
        letters: of the sides.
        corpora: for each ``name``; ``alike``, see ``homogenization``, with the names of its models in ``models``; and
            ``differences`` from the first side, by the letter of the other one.
    """

    letters: Sequence[str]
    corpora: Sequence[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """What programs read: ``further``."""
        return {"further": list(self.corpora)}

    def sentences(self) -> Iterator[str]:
        """Yield what is said in words, before the tables."""
        for corpus in self.corpora:
            of = f"{corpus['name']}: " if len(self.corpora) > 1 else ""
            if corpus["alike"]["of"] is None:
                yield (
                    f"{of}How alike the models are is not known: an answer is neither right nor wrong, and the score "
                    "is no mean over rows."
                )
            if left_out := corpus["alike"].get("left_out"):
                answers = numbered(left_out, "answer")
                yield f"{of}{answers} to other questions, or with another gold standard, are not compared."
            for letter, section in corpus["differences"].items():
                for sentence in difference_sentences(section, self.letters[0], letter):
                    yield f"{of}{sentence}"

    def tables(self) -> Iterator[TextTable]:
        """Yield the tables that show it."""
        for corpus in self.corpora:
            yield from alike_tables(corpus["alike"], corpus["alike"]["models"], self.letters)
            for letter, section in corpus["differences"].items():
                yield from difference_tables(section, self.letters[0], letter)


def further(compared: Comparison, *, examples: int, level: float) -> Further:
    """How alike the models of each corpus are, and what is different between the first side and the others.

    Args:
        compared: the runs, with their rows in one order.
        examples: how many rows of each kind are shown.
        level: of the intervals.
    """
    found = []
    for corpus in compared.corpora:
        sides = _sides(compared, corpus)
        by_side = [
            [run for run, own in zip(corpus.runs, sides, strict=True) if own == side]
            for side in range(len(compared.groups))
        ]
        alike = {"models": _names(corpus, sides, compared), **homogenization(corpus.runs, sides, level)}
        different = {
            group.letter: differences(by_side[0], runs, examples=examples, level=level, of=compared.of)
            for group, runs in zip(compared.groups[1:], by_side[1:], strict=True)
            if by_side[0] and runs
        }
        found.append({"name": corpus.name, "alike": alike, "differences": different})
    return Further([group.letter for group in compared.groups], found)


def _sides(compared: Comparison, corpus: Corpus) -> list[int]:
    """[runs] the number of the group of each run of a corpus."""
    return [next(at for at, group in enumerate(compared.groups) if number in group.runs) for number in corpus.numbers]


def _names(corpus: Corpus, sides: list[int], compared: Comparison) -> list[str]:
    """The names of runs: the letter of the side alone, or with the name of the folder if the side has several."""
    letters = [compared.groups[side].letter for side in sides]
    return [
        letter if letters.count(letter) == 1 else f"{letter} {run.path.stem if run.path.is_file() else run.path.name}"
        for letter, run in zip(letters, corpus.runs, strict=True)
    ]
