"""How likely labels are, by probabilities of heads that did not learn them, and by how training went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SURE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is thought of the labels of some items: of texts, or of words.

    Attributes:
        odds: [items] the logarithm of how much likelier the label is than the best other one; below 0 it is less so.
        relative: [items] the same, against the mean of the items with this label: a rare label is seldom sure, and that
            alone makes it no suspect.
        other: [items] the likeliest other label.
        confident: [items] the label that confident learning counts the item under; -1 for none.
    """

    odds: NDArray[np.float64]
    relative: NDArray[np.float64]
    other: NDArray[np.int64]
    confident: NDArray[np.int64]


def judged(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> Judged:
    """Judge labels.

    The label is compared with the best other one, as in the normalised margin (Northcutt, Jiang and Chuang 2021,
    "Confident Learning").

    Args:
        probabilities: [items, classes] from heads that did not learn the item.
        labels: [items] the classes that the items are labelled with.
    """
    items = np.arange(len(labels))
    own = probabilities[items, labels].astype(np.float64)
    others = probabilities.astype(np.float64)
    others[items, labels] = -1
    other = others.argmax(-1)
    best = others[items, other]
    odds = log_odds(own / (own + np.maximum(best, _SURE)))
    usual = np.bincount(labels, odds) / np.maximum(np.bincount(labels), 1)
    return Judged(odds, odds - usual[labels], other, confident_labels(probabilities, labels))


def confident_labels(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """[items] the class that confident learning counts an item under; -1 if it is sure of none.

    A class counts as found where its probability reaches its mean over the items labelled with it. Items counted under
    another class than their label are the off-diagonal of the confident joint.
    """
    classes = probabilities.shape[1]
    number = np.bincount(labels, minlength=classes)
    own = np.bincount(labels, probabilities[np.arange(len(labels)), labels], classes)
    threshold = np.where(number > 0, own / np.maximum(number, 1), np.inf)
    reached = np.where(probabilities >= threshold - _SURE, probabilities, -1)
    best = reached.argmax(-1)
    return np.where(reached[np.arange(len(labels)), best] >= 0, best, -1)


def with_training(odds: NDArray[np.float64], confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join the odds of labels by heads with the mean probability that training gave them.

    Training counts by how its odds differ from the median of all rows, so that it says nothing of a usual row.

    Args:
        odds: [rows] as logarithms.
        confidence: [rows] see ``ftk.report.dynamics.Dynamics``; NaN where training did not see the row.

    Returns:
        [rows] odds, as logarithms.
    """
    known = ~np.isnan(confidence)
    if not known.any():
        return odds
    of_training = log_odds(confidence)
    return odds + np.where(known, of_training - np.median(of_training[known]), 0.0)


def log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the odds of probabilities, which are kept off 0 and 1."""
    share = share.clip(_SURE, 1 - _SURE)
    odds: NDArray[np.float64] = np.log(share) - np.log1p(-share)
    return odds


def share_of(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities with these odds."""
    share: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
    return share
