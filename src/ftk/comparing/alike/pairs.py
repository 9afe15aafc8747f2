"""How alike the answers of two models are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.capa import chance_adjusted
from ftk.comparing.alike.measure import KAPPA, Measure, adjusted, ratio, table
from ftk.comparing.alike.same_wrong import counted_questions, expected_shares, uniform_shares
from ftk.comparing.alike.shared_questions import NOT_KNOWN, SharedQuestions

_MANY_ANSWERS = 1000
"""With more different answers there is no kappa of answers: nearly each is a class of its own."""


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """The errors of two models among the questions that rows ask.

    Attributes:
        questions: how many there are.
        wrong: how many each model gets wrong.
        both_wrong: how many both do.
        both_wrong_expected: how many both would, if their errors were independent.
        spurious: how many spans or labels each gives that are not there; 0 in other tasks.
        spurious_both: how many of them both give.
    """

    questions: int
    wrong: tuple[int, int]
    both_wrong: int
    both_wrong_expected: float
    spurious: tuple[int, int]
    spurious_both: int


class Pair:
    """The measures of two models.

    Args:
        questions: of several models.
        one, other: the numbers of two of them.
    """

    def __init__(self, questions: SharedQuestions, one: int, other: int) -> None:
        self.questions = questions
        self.one, self.other = one, other
        self._asked = questions.asked
        self._wrong = questions.wrong[[one, other]]
        self._both_wrong = self._wrong.all(axis=0)
        given = questions.given[[one, other]]
        self._same = (given[0] == given[1]) & (given[0] != NOT_KNOWN)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """The measures by name; those that say nothing of these questions are left out."""
        found = {
            "agreement": self.agreement(),
            "kappa": self.kappa(),
            "kappa_right": self.kappa_right(),
            "errors_ratio": self.errors_ratio(),
            "errors_shared": self.errors_shared(),
            **self.same_wrong(),
            "capa": chance_adjusted(self.questions, self.one, self.other),
            "capa_answers": self._capa_answers(),
            "spurious_shared": self.spurious_shared(),
        }
        return {name: measure for name, measure in found.items() if measure is not None}

    @property
    def counts(self) -> ErrorCounts:
        """The errors of the two models."""
        one, other = self._wrong & self._asked
        spurious = self._wrong & ~self._asked
        questions = int(self._asked.sum())
        return ErrorCounts(
            questions=questions,
            wrong=(int(one.sum()), int(other.sum())),
            both_wrong=int((one & other).sum()),
            both_wrong_expected=float(one.sum() * other.sum() / max(questions, 1)),
            spurious=(int(spurious[0].sum()), int(spurious[1].sum())),
            spurious_both=int(spurious.all(axis=0).sum()),
        )

    def agreement(self) -> Measure:
        """The share of questions to which both give the same answer, right or wrong; spurious answers of the two are
        among them."""
        there = self._asked | self._wrong.any(axis=0)
        return Measure(table(self._same & there, there), _share)

    def kappa(self) -> Measure | None:
        """Cohen's kappa of the answers to the questions that rows ask (Cohen 1960).

        Spans that are elsewhere than the gold span are one class. None if answers are no fixed set.
        """
        from scipy.sparse import csr_array, hstack

        codes = self.questions.category[[self.one, self.other]]
        names, numbers = np.unique(codes, return_inverse=True)
        if not np.isfinite(self.questions.options).all() or len(names) > _MANY_ANSWERS:
            return None
        one, other = numbers.reshape(codes.shape)
        at, answers = np.flatnonzero(self._asked), len(names)
        shape = (len(self._asked), answers)
        tables = [csr_array((np.ones(len(at)), (at, each[at])), shape=shape) for each in (one, other)]
        same = csr_array(table((one == other) & self._asked, self._asked))

        def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
            number = sums[..., 1]
            together = (sums[..., 2 : 2 + answers] * sums[..., 2 + answers :]).sum(axis=-1)
            return adjusted(ratio(sums[..., 0], number), ratio(together, number**2))

        return Measure(hstack([same, *tables], format="csr"), of_sums, *KAPPA)

    def kappa_right(self) -> Measure:
        """Cohen's kappa of being right, over the questions that rows ask: error consistency (Geirhos et al. 2020)."""
        one, other = self._wrong

        def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
            first, second = (ratio(sums[..., at], sums[..., 3]) for at in (1, 2))
            return adjusted(ratio(sums[..., 0], sums[..., 3]), first * second + (1 - first) * (1 - second))

        return Measure(
            table((one == other) & self._asked, one & self._asked, other & self._asked, self._asked), of_sums, *KAPPA
        )

    def errors_ratio(self) -> Measure:
        """How many times as often both are wrong as two models would be whose errors are independent, over the
        questions that rows ask."""
        one, other = self._wrong & self._asked
        return Measure(
            table(one & other, one, other, self._asked),
            lambda sums: ratio(sums[..., 0] * sums[..., 3], sums[..., 1] * sums[..., 2]),
            most=None,
        )

    def errors_shared(self) -> Measure:
        """The share of the errors of either that both make (Jaccard); spurious answers are among them."""
        return Measure(table(self._both_wrong, self._wrong.any(axis=0)), _share)

    def same_wrong(self) -> dict[str, Measure]:
        """How often two models that are both wrong about a question give the same answer: ``same_wrong``, the expected
        share by question, ``same_wrong_expected``, by how much it is exceeded, ``same_wrong_excess``, and the expected
        share if each wrong answer were equally likely, ``same_wrong_uniform``.

        Empty where two wrong answers are always the same, or where the records do not name them.
        """
        counted = counted_questions(self.questions, self.one, self.other)
        if counted is None:
            return {}
        expected = expected_shares(self.questions, self.one, self.other, counted)
        same, uniform = self._same & counted, np.where(counted, uniform_shares(self.questions), 0)
        return {
            "same_wrong": Measure(table(same, counted), _share),
            "same_wrong_expected": Measure(table(expected, counted), _share),
            "same_wrong_excess": Measure(table(same - expected, counted), _share, *KAPPA),
            "same_wrong_uniform": Measure(table(uniform, counted), _share),
        }

    def _capa_answers(self) -> Measure | None:
        """CAPA of the answers alone: probabilities may differ only in how far they are from 1. None without them."""
        if self.questions.probabilities is None:
            return None
        return chance_adjusted(self.questions, self.one, self.other, likely=False)

    def spurious_shared(self) -> Measure | None:
        """Of the spurious spans or labels those of both: twice their number by the number of all (Dice).

        It is the limit of kappa for ever more places where there is nothing (Hripcsak and Rothschild 2005). None where
        no answer is spurious.
        """
        if not self.questions.several:
            return None
        one, other = self._wrong & ~self._asked
        return Measure(
            table(one & other, one, other), lambda sums: ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])
        )


def _share(sums: NDArray[Any]) -> NDArray[Any]:
    return ratio(sums[..., 0], sums[..., 1])
