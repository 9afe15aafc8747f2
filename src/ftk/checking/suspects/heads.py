"""Probabilities of labels from heads that did not learn the row in question."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
"""Parts of the rows. Each is judged by a head that learned the others."""
_BATCH = 512
_PASSES = 20
_FEWEST_STEPS, _MOST_STEPS = 600, 4000
_RATE = 0.02
OF_TEXTS, OF_WORDS = 1e-2, 3e-3
"""Strengths of the regularisation: heads that fit the wrong labels of some rows trust those of others like them."""
_PROBABLE = 1e-6
"""No probability is lower: a head is never so sure."""


def folds(labels: Sequence[Hashable], groups: Sequence[Hashable], number: int = FOLDS) -> NDArray[np.int64]:
    """[rows] the fold of each row. Rows of one group share a fold, and each fold has its share of each label.

    Args:
        labels: [rows] anything that should be spread evenly.
        groups: [rows] equal for rows that say the same; a head that learned one of them knows the other.
        number: of folds.
    """
    first: dict[Hashable, int] = {}
    for row, group in enumerate(groups):
        first.setdefault(group, row)
    generator = np.random.default_rng(0)
    leaders = generator.permutation(np.fromiter(first.values(), dtype=np.int64, count=len(first)))
    names = {label: place for place, label in enumerate(sorted({*labels}, key=str))}
    kind = np.array([names[labels[row]] for row in leaders])
    leaders = leaders[np.argsort(kind, kind="stable")]
    fold = dict(zip(leaders.tolist(), (np.arange(len(leaders)) % number).tolist(), strict=True))
    return np.array([fold[first[group]] for group in groups], dtype=np.int64)


def cross_fitted(
    states: NDArray[Any], labels: NDArray[np.int64], fold: NDArray[np.int64], classes: int, decay: float = OF_TEXTS
) -> NDArray[np.float32]:
    """[items, classes] the probabilities that linear softmax heads give, each to items that it did not learn.

    The heads of all folds are trained together by Adam (Kingma and Ba 2015) on standardised states: each batch is
    multiplied once by the weights of all heads, and a head learns nothing from the items of its own fold.

    Args:
        states: [items, size] of a frozen encoder.
        labels: [items] the class of each.
        fold: [items] the fold of each.
        classes: how many there are.
        decay: the strength of the regularisation, on the scale of the mean loss.
    """
    number, size, heads = len(states), states.shape[1], int(fold.max(initial=0)) + 1
    mean, spread = _moments(states)
    generator = np.random.default_rng(0)
    steps = int(np.clip(_PASSES * number / _BATCH, _FEWEST_STEPS, _MOST_STEPS))
    head = _Adam((size + 1, heads * classes))
    order = np.zeros(0, dtype=np.int64)
    for step in range(steps):
        if len(order) < _BATCH:
            order = np.concatenate([order, generator.permutation(number)])
        rows, order = np.sort(order[:_BATCH]), order[_BATCH:]
        inputs = _standardised(states[rows], mean, spread)
        wrong = _probabilities(inputs @ head.values, heads)
        wrong[np.arange(len(rows)), :, labels[rows]] -= 1
        wrong[np.arange(len(rows)), fold[rows]] = 0
        gradient = inputs.T @ wrong.reshape(len(rows), -1) / (len(rows) * (heads - 1) / heads)
        head.step(gradient + decay * head.values, _RATE * (1 - step / steps))
    found = np.empty((number, classes), dtype=np.float32)
    for begin in range(0, number, 1 << 14):
        rows = np.arange(begin, min(begin + (1 << 14), number))
        inputs = _standardised(states[rows], mean, spread)
        found[rows] = _probabilities(inputs @ head.values, heads)[np.arange(len(rows)), fold[rows]]
    return np.maximum(found, _PROBABLE)


class _Adam:
    """Weights that begin at zero, and their moments."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.values = np.zeros(shape, dtype=np.float32)
        self._mean = np.zeros(shape, dtype=np.float32)
        self._square = np.zeros(shape, dtype=np.float32)
        self._steps = 0

    def step(self, gradient: NDArray[np.float32], rate: float) -> None:
        """Update the weights."""
        self._steps += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.01 * (gradient * gradient - self._square)
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.99**self._steps)
        self.values -= rate * mean / (np.sqrt(square) + 1e-8)


def _moments(states: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    some = states[:: max(1, len(states) // 50_000)].astype(np.float32)
    return some.mean(0), np.maximum(some.std(0), 1e-6)


def _standardised(states: NDArray[Any], mean: NDArray[np.float32], spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """The states with mean 0 and a sum of squares near 1, and a constant for the bias."""
    inputs = np.empty((len(states), states.shape[1] + 1), dtype=np.float32)
    inputs[:, :-1] = (states - mean) / spread
    inputs[:, -1] = 1
    return inputs


def _probabilities(logits: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """[items, heads, classes] the softmax of each head."""
    logits = logits.reshape(len(logits), heads, -1)
    logits = logits - logits.max(-1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(-1, keepdims=True)
    return logits


def cross_fitted_words_of_texts(
    texts: Sequence[str], labels: NDArray[np.int64], fold: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """The same without an encoder: logistic regressions over TF-IDF of words, pairs of words, and parts of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    kinds = ({"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4)})
    table = make_union(*(TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **kind) for kind in kinds))
    table = table.fit_transform(texts).tocsr()
    found = np.full((len(texts), classes), _PROBABLE, dtype=np.float32)
    for part in range(int(fold.max(initial=0)) + 1):
        learned, judged = fold != part, np.flatnonzero(fold == part)
        known = np.unique(labels[learned])
        if len(known) == 1:
            found[judged, known[0]] = 1
            continue
        head = LogisticRegression(C=10.0, max_iter=100).fit(table[learned], labels[learned])
        found[np.ix_(judged, known)] = head.predict_proba(table[judged])
    return np.maximum(found, _PROBABLE)
