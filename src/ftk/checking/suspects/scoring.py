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
        likely: [items] between 0 and 1: how likely the label is, against the best other one. Below a half, another
            label is likelier.
        other: [items] the likeliest other label.
        confident: [items] the label that confident learning counts the item under; -1 for none.
    """

    likely: NDArray[np.float64]
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
    return Judged(own / (own + np.maximum(best, _SURE)), other, confident_labels(probabilities, labels))


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


def with_training(likely: NDArray[np.float64], confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join how likely labels are by heads with the mean probability that training gave them.

    The odds of both are averaged, as logarithms.

    Args:
        likely: [rows] see ``Judged``.
        confidence: [rows] see ``ftk.report.dynamics.Dynamics``; NaN where training did not see the row.
    """
    odds = (_odds(likely) + _odds(confidence)) / 2
    return np.where(np.isnan(confidence), likely, 1 / (1 + np.exp(-odds)))


def _odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    share = share.clip(_SURE, 1 - _SURE)
    return np.log(share) - np.log1p(-share)
