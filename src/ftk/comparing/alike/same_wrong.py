"""How often two models that are both wrong give the same answer, and how often that is to be expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import ratio
from ftk.comparing.alike.shared_questions import NOT_KNOWN, SharedQuestions


def counted_questions(questions: SharedQuestions, one: int, other: int) -> NDArray[np.bool_] | None:
    """[questions] those that rows ask and to which both models give a wrong answer that is known.

    None if two wrong answers are always the same, because two answers are possible, or if no record names them.
    """
    wrong = (questions.wrong[one] & questions.wrong[other]) & questions.asked
    counted = wrong & (questions.given[[one, other]] != NOT_KNOWN).all(axis=0)
    if not (questions.options[questions.asked] > 2).any() or (wrong.any() and not counted.any()):
        return None
    return counted


def expected_shares(
    questions: SharedQuestions, one: int, other: int, counted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """[questions] how likely two models that are wrong about a question would give the same answer, if all that they
    shared were which labels are taken for which.

    The wrong answer of each model is compared with those of the other model to the *other* questions with the same
    right answer; the two shares are averaged. So it is accounted for that some wrong answers are likelier than others,
    for which 1 / (options - 1) would blame the models; but not that one question misleads both. Where no other question
    with this right answer is answered wrongly, each wrong answer is equally likely.

    Args:
        questions: of several models.
        one, other: the numbers of two of them.
        counted: from ``counted_questions``; the others have 0.
    """
    _, label = np.unique(questions.gold, return_inverse=True)
    codes, answers = np.unique(questions.given[[one, other]], return_inverse=True)
    answers = answers.reshape(2, -1)
    shares = []
    for mine, theirs, model in ((answers[0], answers[1], other), (answers[1], answers[0], one)):
        wrong = questions.wrong[model] & questions.asked & (questions.given[model] != NOT_KNOWN)
        confused = np.zeros((label.max(initial=0) + 1) * len(codes))
        np.add.at(confused, (label * len(codes) + theirs)[wrong], 1)
        number = np.bincount(label[wrong], minlength=label.max(initial=0) + 1)[label] - 1  # without the question itself
        shares.append(ratio(confused[label * len(codes) + mine] - (mine == theirs), number))
    known = np.isfinite(shares)
    mean = ratio(np.where(known, shares, 0).sum(axis=0), known.sum(axis=0))
    return np.where(counted, np.where(np.isfinite(mean), mean, uniform_shares(questions)), 0.0)


def uniform_shares(questions: SharedQuestions) -> NDArray[np.float64]:
    """[questions] the same if each wrong answer is equally likely: 1 / (options - 1), as Kim et al. (2025) have it."""
    return np.divide(1.0, questions.options - 1, out=np.zeros(len(questions.options)), where=questions.options > 1)
