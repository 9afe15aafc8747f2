"""Chance-adjusted probabilistic agreement (CAPA, Goel et al. 2025), carried over to spans and to sets of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import KAPPA, Measure, adjusted, ratio, table
from ftk.comparing.alike.same_wrong import uniform_shares
from ftk.comparing.alike.shared_questions import NOT_KNOWN, SharedQuestions


def chance_adjusted(questions: SharedQuestions, one: int, other: int, *, likely: bool = True) -> Measure:
    """How much more often two models agree than two with the same accuracies whose errors are independent.

    0 is independence, 1 is full agreement. With one answer a question it is CAPA: observed is the mean probability that
    both give one answer, were each drawn from their probabilities (where records have none: whether the answers are
    equal); expected is the same for models with these mean probabilities of the right answer, whose wrong answers are
    equally likely.

    Where answers may be spurious, the adjustment is made for gold spans (or labels) and for places without one by
    themselves, and CAPA is 1 - observed disagreement / expected disagreement over both:

    - To the question of a gold span K labels there, a span elsewhere, and none are possible: K + 2 answers, of which
      one is right. Two spans elsewhere agree only if they are the same. To that of a label two answers are possible.
    - Of places without a span there are many more than spurious spans. In the limit, the disagreement of independent
      models is the number of spurious spans of either, and the observed one is the number of those that only one model
      has. Without gold spans the measure is so Dice's coefficient of the spurious ones, which is the limit of kappa
      (Hripcsak and Rothschild 2005).

    Args:
        questions: of several models.
        one, other: the numbers of two of them.
        likely: whether probabilities count, if records have them; else the answers alone.
    """
    if questions.several:
        return _of_several(questions, one, other)
    same, *right = _agreement(questions, one, other, likely=likely)
    ones = np.ones(len(same))
    return Measure(table(same, *right, uniform_shares(questions), ones), _kappa, *KAPPA)


def _agreement(
    questions: SharedQuestions, one: int, other: int, *, likely: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """[questions] the probability of the same answer, and of the right one for each of the two models."""
    if questions.probabilities is None or not likely:
        given = questions.given[[one, other]]
        return (given[0] == given[1]) & (given[0] != NOT_KNOWN), questions.right[one], questions.right[other]
    first, second = questions.probabilities[one], questions.probabilities[other]
    at = np.arange(len(first)), questions.gold_option
    return np.einsum("qo,qo->q", first, second), first[at], second[at]


def _kappa(sums: NDArray[Any]) -> NDArray[Any]:
    """CAPA, given sums of: same answer, right answers of both, 1 / (options - 1), questions."""
    same, one, other, uniform = (ratio(sums[..., at], sums[..., 4]) for at in range(4))
    return adjusted(same, _expected(one, other, uniform))


def _expected(one: NDArray[Any], other: NDArray[Any], uniform: NDArray[Any]) -> NDArray[Any]:
    return one * other + (1 - one) * (1 - other) * uniform


def _of_several(questions: SharedQuestions, one: int, other: int) -> Measure:
    asked = questions.asked
    given = questions.given[[one, other]]
    first, second = questions.wrong[[one, other]] & ~asked
    columns = table(
        (given[0] == given[1]) & asked,
        questions.right[one] & asked,
        questions.right[other] & asked,
        np.where(asked, uniform_shares(questions), 0),
        asked,
        first,
        second,
        first & second,
    )

    def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
        number = sums[..., 4]
        shares = [np.nan_to_num(ratio(sums[..., at], number)) for at in range(1, 4)]
        expected = number * (1 - _expected(*shares)) + sums[..., 5] + sums[..., 6]
        observed = number - sums[..., 0] + sums[..., 5] + sums[..., 6] - 2 * sums[..., 7]
        return 1 - ratio(observed, expected)

    return Measure(columns, of_sums, *KAPPA)
