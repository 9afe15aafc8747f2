"""Scores answers to questions as SQuAD's script does; in German and Chinese as MLQA's script does."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.data.rows.label_names import shortened
from ftk.data.text.scripts import is_unspaced, scripts
from ftk.tasks import finding_kinds as kinds

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.data.examples.questions import QuestionExample
    from ftk.tasks.question_answering.answer_spans import FoundAnswers


class Language(Enum):
    """The language by whose rules answers are split into words."""

    auto = "auto"
    en = "en"
    de = "de"
    zh = "zh"
    characters = "characters"


def language_of(answers: Iterable[str]) -> Language:
    """The rules for answers in a script: zh or characters where it puts no spaces between words, else en."""
    found = scripts(answers)
    if found["unspaced"] <= found["letters"] / 2:
        return Language.en
    return Language.zh if found["cjk"] > _MOSTLY * found["unspaced"] else Language.characters


_ARTICLES = {
    Language.en: re.compile(r"\b(?:a|an|the)\b"),
    Language.de: re.compile(r"\b(?:eine?|eine[mnrs]|der|die|das|de[mns])\b"),
}
_MOSTLY = 0.95
_HAN = re.compile("([\u4e00-\u9fa5])")
"""The characters that MLQA's script splits."""


def tokens(text: str, language: Language) -> list[str]:
    """The words of an answer that count: in lower case, without punctuation and articles.

    In English punctuation is that of ASCII (Rajpurkar et al. 2016); in other languages also that of Unicode (Lewis et
    al. 2020). In Chinese each Han character is a word; with ``characters`` each letter of a script without spaces is.
    """
    lowered = text.lower()
    if language is Language.en:
        bare = lowered.translate(_ASCII)
    else:
        bare = "".join(character for character in lowered if not _is_punctuation(character))
    if language is Language.zh:
        return _HAN.sub(r" \1 ", bare).split()
    if language is Language.characters:
        return "".join(f" {letter} " if is_unspaced(letter) else letter for letter in bare).split()
    return _ARTICLES[language].sub(" ", bare).split()


def match(gold: Sequence[str], answer: str, language: Language) -> tuple[float, float]:
    """The exact match and the best F1 of an answer over all gold answers.

    Args:
        gold: the right answers; empty if no answer is right.
        answer: the given answer; empty if none is given.
        language: of both.
    """
    given = tokens(answer, language)
    right = [words for words in (tokens(text, language) for text in gold) if words] or [[]]
    return float(given in right), max(_f1(words, given) for words in right)


class AnswerMetric:
    """Exact match and F1: over all rows, over rows with an answer, and over rows without."""

    def __init__(self, language: Language, threshold: float | None) -> None:
        self.language = language
        self.threshold = threshold
        self._answers: Counter[str] = Counter()
        self._found: list[tuple[bool, float, float]] = []
        """For each row whether it has an answer, its exact match and its F1: added up in their order, as SQuAD's script
        does, they give the same digits."""

    def update(self, example: QuestionExample, prediction: FoundAnswers) -> None:
        """Count one row."""
        assert example.answers is not None
        answer = prediction.chosen(self.threshold)
        text = "" if answer is None else example.context[answer.start : answer.end]
        self.add([gold.text for gold in example.answers], text)

    def add(self, gold: Sequence[str], answer: str) -> None:
        """Count one row by its gold answers, if it has some, and the answer given."""
        # A model of another tool has no training answers to tell the language: those of the row do.
        language = language_of(gold) if self.language is Language.auto else self.language
        self._answers[answer] += 1
        self._found.append((bool(gold), *match(gold, answer, language)))

    def compute(self) -> dict[str, Any]:
        """``exact``, ``f1``; if some questions have no answer also ``exact_answerable``, ``f1_answerable`` and
        ``no_answer_accuracy``. A score over no row is None."""
        answerable = [row for row in self._found if row[0]]
        empty = [row for row in self._found if not row[0]]
        scores = {"exact": _mean(self._found, 1) or 0.0, "f1": _mean(self._found, 2) or 0.0}
        if not empty:
            return scores
        return {
            **scores,
            "exact_answerable": _mean(answerable, 1),
            "f1_answerable": _mean(answerable, 2),
            "no_answer_accuracy": _mean(empty, 1),
        }

    def judge(self, notes: Notes) -> None:
        """Report that no question has an answer, or all of them the same."""
        there = sum(row[0] for row in self._found)
        if there < 2 or len(self._answers) > 1:
            return
        (answer,), rows = self._answers, len(self._found)
        if not answer:
            notes.add(kinds.NOTHING_PREDICTED, what="answer", rows=rows, there=there)
        elif sum(row[1] for row in self._found) < rows:
            notes.add(kinds.ONE_ANSWER, what="answer", rows=rows, value=shortened(answer))


def _mean(rows: Sequence[tuple[bool, float, float]], at: int) -> float | None:
    return sum(float(row[at]) for row in rows) / len(rows) if rows else None


def best_threshold(margins: Sequence[float], answered: Sequence[float], empty: Sequence[float]) -> float:
    """The margin above which no answer is given, with the best mean score over all rows.

    All thresholds that separate rows are tried, as SQuAD's script does. The threshold lies half-way between two
    margins, or beyond all of them by one; among equally good ones it is the one nearest to 0.

    Args:
        margins: for each row how far no answer scores above its best passage.
        answered: the score of each row with its best passage as the answer.
        empty: the score of each row without an answer.
    """
    table = np.asarray(margins, dtype=np.float64)
    order = np.argsort(table, kind="stable")
    sorted_margins = table[order]
    gains = (np.asarray(answered, dtype=np.float64) - np.asarray(empty, dtype=np.float64))[order]
    totals = np.append(0.0, np.cumsum(gains))  # what is gained if the first 0, 1, 2 … rows are answered
    lower, upper = sorted_margins[:-1], sorted_margins[1:]
    middle = lower + (upper - lower) / 2
    cuts = np.concatenate(
        [
            [min(sorted_margins[0] - 1, 0.0)],
            np.where(middle < upper, middle, lower),
            [max(sorted_margins[-1] + 1, 0.0)],
        ]
    )
    possible = np.concatenate([[True], lower < upper, [True]])  # rows with equal margins are answered together
    best = np.flatnonzero(possible & (totals >= totals[possible].max() - 1e-9))
    return float(cuts[best[np.argmin(np.abs(cuts[best]))]])


def _f1(gold: Sequence[str], given: Sequence[str]) -> float:
    if not gold or not given:
        return float(gold == given)
    common = (Counter(gold) & Counter(given)).total()
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(gold)
    return 2 * precision * recall / (precision + recall)  # as SQuAD's script computes it, to the digit


@cache
def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


_ASCII = str.maketrans("", "", string.punctuation)
