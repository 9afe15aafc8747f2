"""What the records of predictions say of a model: what its score is made of, and which of its answers are right."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Records = Sequence[Mapping[str, Any]]
    Statistics = Callable[[Records, Mapping[str, Any]], Mapping[str, "RowStatistics"]]
    """Gets the records of a split and the fields of the task, as ``ftk.json`` or a config has them; gives what each
    score is made of that adds up over rows, by its name in ``metrics.json``."""
    FindAnswers = Callable[[Records, Mapping[str, Any]], "Answers"]
    FindErrors = Callable[[Records, Mapping[str, Any]], "Errors"]


@dataclass(frozen=True, slots=True, eq=False)
class RowStatistics:
    """The numbers of each row that add up to a score.

    The score of any rows, also of rows drawn several times, is ``of_sums`` of the sum of their numbers. For a mean
    these are the value and 1, for an F1 the counts of true positives, predicted and gold ones, for a correlation the
    sums of both numbers, their squares and their product.

    Attributes:
        score: the name of the score, as in ``metrics.json``.
        higher_is_better: whether a higher score is better.
        values: [rows, numbers] an array, or a sparse matrix of scipy where most numbers are 0.
        of_sums: [..., numbers] -> [...] the scores of sums over rows; NaN where they have none.
        most: the highest score that there can be, 1 or 100; None if there is no highest one.
        least: the lowest score that there can be; None if there is no lowest one.
        labels: if the numbers count labels, their names: three numbers each, right, given and gold ones.
    """

    score: str
    higher_is_better: bool
    values: Any
    of_sums: Callable[[NDArray[Any]], NDArray[Any]]
    most: float | None = 1.0
    least: float | None = 0.0
    labels: Sequence[str] = ()


class Span(NamedTuple):
    """A span as an answer: its label, and its offsets in characters, or in tokens where rows are tokens."""

    label: str
    start: int
    end: int


UNKNOWN: Final = "\0unknown"
"""A wrong answer that the records do not name."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model answered to each question that its rows ask, in an order that depends on the rows alone.

    A row asks one question in a classification, one for each token if tokens have tags, and one for each of its spans
    or labels where it may have any number of them. A spurious span or label answers a question that another model may
    not have been asked, so questions have keys, and spurious ones come last.

    Attributes:
        keys: of the questions, unique; two models are compared on those that they share.
        rows: [questions] the number of the row that asks each.
        gold: the right answers; None where there is no span or label: the answer of the model is spurious.
        given: the answers of the model; None where it gave none; ``UNKNOWN`` for a wrong one that the records do not
            name. A right answer is equal to that of ``gold``, however it was written.
        right: [questions] whether the answer counts as right.
        probabilities: [questions, options] how likely the model thinks each option; None if the records do not say.
        options: the answers that are possible, in the order of ``probabilities``; the labels of spans; empty if they
            are no fixed set.
        several: whether a row may have any number of spans or labels, so that answers may be spurious.
    """

    keys: Sequence[Hashable]
    rows: NDArray[Any]
    gold: Sequence[Any]
    given: Sequence[Any]
    right: NDArray[Any]
    probabilities: NDArray[Any] | None = None
    options: Sequence[str] = ()
    several: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """How far the numbers that a model predicted are from the right ones.

    Attributes:
        names: of the targets.
        gold: [rows, targets] the right numbers; NaN where a row has none.
        given: [rows, targets] the predicted ones.
    """

    names: Sequence[str]
    gold: NDArray[Any]
    given: NDArray[Any]
