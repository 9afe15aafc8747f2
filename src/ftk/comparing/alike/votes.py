"""What several models would reach together: by a vote, and if the right one were always asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import Measure, ratio, table
from ftk.comparing.alike.shared_questions import SharedQuestions
from ftk.contracts.outcomes import Answers

_VOTERS = 3
"""Fewer models have no majority; where records have probabilities, two have one."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """The scores of several models, and what they would reach together.

    Attributes:
        score: accuracy, f1 where answers may be spurious, or rmse for numbers.
        higher_is_better: whether a higher score is better.
        each: the score of each model.
        vote: the score of a vote, or of the mean number; None if there is no majority.
        vote_gain: the same, less the score of the best model.
        oracle: the score if, for each question, a model that is right were asked, if there is one.
        oracle_gain: the same, less the score of the best model.
    """

    score: str
    higher_is_better: bool
    each: tuple[Measure, ...]
    vote: Measure | None
    vote_gain: Measure | None
    oracle: Measure
    oracle_gain: Measure


def together(answers: list[Answers], questions: SharedQuestions) -> Together:
    """What models would reach together.

    A question has the answer that most models give; of several such answers, that which the models think likelier on
    average; then that of the best model. Of spans and sets of labels each one stays that more than half of the models
    give.

    Args:
        answers: of each model.
        questions: that they share.
    """
    if any(one.several for one in answers):
        counts = _span_counts(answers, questions)
        of_sums, name = _f1, "f1"
    else:
        counts = [table(right, np.ones(len(right))) for right in (*questions.right, questions.right.any(axis=0))]
        counts.append(None if (voted := _voted(questions)) is None else table(voted, np.ones(len(voted))))
        of_sums, name = _accuracy, "accuracy"
    *each, oracle, vote = counts
    measures = tuple(Measure(columns, of_sums) for columns in each)
    best = each[int(np.argmax([measure.value or 0 for measure in measures]))]
    return Together(
        score=name,
        higher_is_better=True,
        each=measures,
        vote=None if vote is None else Measure(vote, of_sums),
        vote_gain=None if vote is None else difference(vote, best, of_sums),
        oracle=Measure(oracle, of_sums),
        oracle_gain=difference(oracle, best, of_sums),
    )


def _voted(questions: SharedQuestions) -> NDArray[np.bool_] | None:
    """[questions] whether a vote is right; None if there is no majority."""
    given, models = questions.given, questions.models
    if models < _VOTERS and questions.probabilities is None:
        return None
    votes = np.stack([(given == own).sum(axis=0) for own in given]).astype(np.float64)
    votes[given < 0] = 1
    likely = np.zeros(given.shape)
    if questions.probabilities is not None:
        mean = np.mean(questions.probabilities, axis=0)
        option = questions.answer_option[given]
        likely = np.where(option >= 0, mean[np.arange(given.shape[1]), option], 0)
    order = np.argsort(-questions.right.mean(axis=1), kind="stable")  # argmax takes the first of equal ones
    wanted = np.where(votes == votes.max(axis=0), likely, -1)
    if models < _VOTERS:
        wanted = likely
    winner = order[wanted[order].argmax(axis=0)]
    return questions.right[winner, np.arange(given.shape[1])]


def _span_counts(answers: list[Answers], questions: SharedQuestions) -> list[Any]:
    """For each model, for the oracle and for the vote: [questions, 3] right, given and gold spans or labels.

    They are counted at the first question of a row; rows are what is resampled.
    """
    rows = questions.rows
    first = {int(row): at for at, row in reversed(list(enumerate(rows)))}
    gold = {(int(row), right) for row, right in zip(answers[0].rows, answers[0].gold, strict=True) if right is not None}
    gold = {one for one in gold if one[0] in first}
    given = [
        {(int(row), one) for row, one in zip(each.rows, each.given, strict=True) if one is not None} for each in answers
    ]
    number = Counter(one for found in given for one in found)
    voted = {one for one, votes in number.items() if 2 * votes > len(answers)}
    everywhere = {one for one, votes in number.items() if votes == len(answers)}
    oracle = (gold & number.keys()) | (everywhere - gold)  # wrong only where no model is right

    def counted(found: set[Any]) -> NDArray[np.float64]:
        columns = np.zeros((len(rows), 3))
        for at, names in enumerate((found & gold, found, gold)):
            for row, _ in names:
                columns[first[row], at] += 1
        return columns

    vote = counted(voted) if len(answers) >= _VOTERS else None
    return [*map(counted, given), counted(oracle), vote]


def difference(one: NDArray[Any], other: NDArray[Any], of_sums: Any) -> Measure:
    """The score of one model less that of another.

    Args:
        one, other: [questions, numbers] what the scores are made of.
        of_sums: gives a score of sums.
    """
    width = one.shape[1]
    return Measure(
        np.concatenate([one, other], axis=1),
        lambda sums: of_sums(sums[..., :width]) - of_sums(sums[..., width:]),
        None,
        None,
    )


def _accuracy(sums: NDArray[Any]) -> NDArray[Any]:
    return ratio(sums[..., 0], sums[..., 1])


def _f1(sums: NDArray[Any]) -> NDArray[Any]:
    return ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])
