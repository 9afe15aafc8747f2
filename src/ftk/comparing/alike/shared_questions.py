"""The questions that several models answered, as arrays."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import UNKNOWN, Answers, Span

NOTHING = 0
"""The code of no answer."""
NOT_KNOWN = -1
"""The code of a wrong answer that the records do not name: it is equal to no other answer."""
_ELSEWHERE = "\0elsewhere"


@dataclass(frozen=True, slots=True, eq=False)
class SharedQuestions:
    """What several models answered to the same questions.

    Questions that rows ask come first, then the spurious ones: those that some model answers with a span or a label
    that is not there. A model without this answer is right about them.

    Attributes:
        rows: [questions] the number of the row that asks each.
        asked: [questions] whether a row asks it; else it is spurious.
        gold: [questions] codes of the right answers; ``NOTHING`` for a spurious one.
        given: [models, questions] codes of the answers. Within a question, equal answers have equal codes.
        category: [models, questions] the same, with one code for all spans that are elsewhere than the gold one.
        right: [models, questions].
        options: [questions] how many answers are possible; infinite if they are no fixed set.
        probabilities: [questions, options] for each model, in the same order; None if a model has none.
        gold_option: [questions] the column of the right answer among them.
        answer_option: the column of each code; -1 for one without.
        left_out: how many questions not all models were asked, or not with the same right answer.
    """

    rows: NDArray[np.int64]
    asked: NDArray[np.bool_]
    gold: NDArray[np.int64]
    given: NDArray[np.int64]
    category: NDArray[np.int64]
    right: NDArray[np.bool_]
    options: NDArray[np.float64]
    probabilities: tuple[NDArray[np.float64], ...] | None
    gold_option: NDArray[np.int64]
    answer_option: NDArray[np.int64]
    left_out: int

    @property
    def models(self) -> int:
        """How many models answered."""
        return len(self.given)

    @property
    def several(self) -> bool:
        """Whether there are spurious answers, so that scores are F1."""
        return not self.asked.all()

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """[models, questions] whether the answer is wrong."""
        return ~self.right


def shared_questions(answers: Sequence[Answers]) -> SharedQuestions:
    """The questions that all models were asked, and the spurious answers of any.

    Args:
        answers: of each model, to the same rows in the same order.
    """
    places = [{key: at for at, key in enumerate(one.keys)} for one in answers]
    first = answers[0]
    asked = [key for at, key in enumerate(first.keys) if not _is_spurious(first, at)]
    kept = [key for key in asked if _is_one_question(key, answers, places)]
    spurious = dict.fromkeys(key for one in answers for at, key in enumerate(one.keys) if _is_spurious(one, at))
    keys: list[Hashable] = [*kept, *spurious]
    codes = _Codes()
    gold = [first.gold[places[0][key]] for key in kept] + [None] * len(spurious)
    given = [_given(one, keys, places[model], gold) for model, one in enumerate(answers)]
    owner = [next((model for model, at in enumerate(places) if key in at)) for key in keys]
    rows = [answers[model].rows[places[model][key]] for model, key in zip(owner, keys, strict=True)]
    right = np.array(
        [
            [bool(one.right[at[key]]) if key in at else True for key in keys]
            for one, at in zip(answers, places, strict=True)
        ],
        dtype=bool,
    )
    options = list(dict.fromkeys(name for one in answers for name in one.options))
    probabilities = _probabilities(answers, places, kept, options) if not spurious else None
    number = {name: at for at, name in enumerate(options)}
    coded = np.array([[codes.of(right_one, one) for right_one, one in zip(gold, each, strict=True)] for each in given])
    gold_codes = np.array([codes.of(one, one) for one in gold], dtype=np.int64)
    merged = [
        [codes.of(right_one, one, elsewhere=True) for right_one, one in zip(gold, each, strict=True)] for each in given
    ]
    several = any(one.several for one in answers)
    shape = (len(answers), len(keys))
    return SharedQuestions(
        rows=np.array(rows, dtype=np.int64),
        asked=np.arange(len(keys)) < len(kept),
        gold=gold_codes,
        given=coded.reshape(shape).astype(np.int64),
        category=np.array(merged, dtype=np.int64).reshape(shape),
        right=right.reshape(shape),
        options=np.array([_possible(one, len(options), several) for one in gold], dtype=np.float64),
        probabilities=probabilities,
        gold_option=np.array([number.get(one, -1) for one in gold], dtype=np.int64),
        answer_option=np.array([number.get(name, -1) for name in codes.names], dtype=np.int64),
        left_out=len(asked) - len(kept) + sum(_missing(one, first, places[0]) for one in answers[1:]),
    )


class _Codes:
    """Numbers of answers, in relation to the right ones."""

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {None: NOTHING}

    @property
    def names(self) -> list[Any]:
        """The answers by their codes."""
        return list(self._codes)

    def of(self, gold: Any, given: Any, *, elsewhere: bool = False) -> int:
        """The code of an answer: of a span its label, and where it begins and ends if that is not where it should.

        Args:
            gold: the right answer.
            given: the answer.
            elsewhere: give all spans that begin or end where they should not one code.
        """
        if given == UNKNOWN:
            return NOT_KNOWN
        if isinstance(given, Span):
            moved = (given.start - gold.start, given.end - gold.end) if isinstance(gold, Span) else (0, 0)
            given = given.label if moved == (0, 0) else _ELSEWHERE if elsewhere else (given.label, *moved)
        return self._codes.setdefault(given, len(self._codes))


def _is_spurious(answers: Answers, at: int) -> bool:
    return answers.several and answers.gold[at] is None


def _is_one_question(key: Hashable, answers: Sequence[Answers], places: Sequence[dict[Hashable, int]]) -> bool:
    """Whether all models were asked it, with the same right answer."""
    if not all(key in at for at in places):
        return False
    gold = answers[0].gold[places[0][key]]
    return all(one.gold[at[key]] == gold for one, at in zip(answers, places, strict=True))


def _missing(answers: Answers, first: Answers, places: dict[Hashable, int]) -> int:
    """How many questions the first model was not asked."""
    return sum(key not in places for at, key in enumerate(answers.keys) if not _is_spurious(answers, at))


def _given(answers: Answers, keys: Iterable[Hashable], places: dict[Hashable, int], gold: Sequence[Any]) -> list[Any]:
    return [answers.given[places[key]] if key in places else None for key in keys]


def _possible(gold: Any, labels: int, several: bool) -> float:
    """How many answers to a question are possible.

    To that of a gold span: a label there, a span elsewhere, and none. To that of one of several labels, or of a
    spurious span: that it is there, and that it is not.
    """
    if not several:
        return labels or math.inf
    if isinstance(gold, Span):
        return labels + 2
    return 2


def _probabilities(
    answers: Sequence[Answers], places: Sequence[dict[Hashable, int]], keys: Sequence[Hashable], options: Sequence[str]
) -> tuple[NDArray[np.float64], ...] | None:
    """[questions, options] of each model; None if one has none."""
    found = []
    for one, at in zip(answers, places, strict=True):
        if one.probabilities is None:
            return None
        kept = np.array([at[key] for key in keys], dtype=np.int64)
        table = np.zeros((len(kept), len(options)))
        number = {name: column for column, name in enumerate(options)}
        table[:, [number[name] for name in one.options]] = one.probabilities[kept]
        found.append(table)
    return tuple(found)
