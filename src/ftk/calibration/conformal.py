"""Sets of labels that have the right one as often as was asked for: split conformal prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.confidence import Confidence

MOST = 10_000
"""Scores that a model folder keeps."""


def nonconformity(pairs: Sequence[tuple[Any, Any]], confidence: Confidence) -> NDArray[np.float64]:
    """[scores] how little the right label of each row fits, ascending: 1 less its probability (the score of Sadinle et
    al. 2019, "Least Ambiguous Set-Valued Classifiers"). A label that the model does not know fits worst, with 1."""
    found = [
        1.0 - float(confidence.scores(prediction)[confidence.gold(example, prediction)].sum())
        for example, prediction in pairs
    ]
    return thinned(np.sort(np.array(found, dtype=np.float64)))


def thinned(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most ``MOST`` of some ascending scores. Their quantiles are never below those of all."""
    number = len(scores)
    if number <= MOST:
        return scores
    ranks = np.ceil(np.arange(1, MOST + 1) * (number + 1) / (MOST + 1)).astype(np.int64)
    return scores[np.minimum(ranks, number) - 1]


def least_rows(coverage: float) -> int:
    """How many scores a coverage needs."""
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def quantile(scores: NDArray[np.float64], coverage: float) -> float:
    """The highest nonconformity of labels that are in a set.

    The right label of a new row from the same source has at most this one with a probability of at least ``coverage``,
    over the choice of both the new row and these (Vovk et al. 2005, "Algorithmic Learning in a Random World").

    Args:
        scores: ascending, at least ``least_rows(coverage)``.
        coverage: between 0 and 1.
    """
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)
    return float(scores[rank - 1])


def label_set(names: Sequence[str], scores: NDArray[np.float64], limit: float) -> list[str]:
    """The labels that fit well enough, the likeliest first. None at all: no label is as likely as the right ones of
    other rows are."""
    inside = np.flatnonzero(1.0 - scores <= limit)
    return [names[at] for at in inside[np.argsort(-scores[inside], kind="stable")]]
