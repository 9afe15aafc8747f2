"""The threshold of each label, chosen on validation rows where they carry it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

USUAL = 0.5
"""The threshold of a label that is not tuned."""
TUNED = "yes"
FEW_ROWS, LOW_F1, LOWER_MICRO = "few rows", "low f1", "lower micro f1"
"""Why a threshold is not tuned."""
LEAST_ROWS = 3
"""Validation rows that a label needs to be tuned: with fewer, one row more or less moves the cut anywhere."""
LEAST_F1 = 0.2
"""A label whose best F1 is lower has not been learned."""
_AT_ONCE = 1 << 24
"""Scores that are in memory at once."""
_MOST_LABELS = 1000
"""With more labels, those without a validation row are not listed as untuned."""
_ROUNDS = 100
_CLOSE = 1e-9


class _Cut(NamedTuple):
    """A threshold of a label, and what it does on the validation rows."""

    threshold: float
    right: int
    given: int


@dataclass(frozen=True, slots=True)
class _Label:
    """A label and the thresholds that it may get, the preferred one first."""

    name: str
    cuts: tuple[_Cut, ...]
    untuned: str | None

    def best(self, micro: float) -> int:
        """The number of the cut that adds most to a micro F1 of this height; of equal ones the first."""
        gains = [2 * cut.right - micro * cut.given for cut in self.cuts]
        return next(at for at, gain in enumerate(gains) if gain >= max(gains) - _CLOSE)


def best_thresholds(
    gold: Sequence[Sequence[str]], scores: Sequence[NDArray[np.float32]], names: Sequence[str]
) -> tuple[dict[str, float], dict[str, str]]:
    """For each label the threshold with the highest F1, where validation carries it (SCutFBR: Yang 2001, "A Study on
    Thresholding Strategies for Text Categorization").

    Such a threshold lies half-way between two scores; among equally good ones it is the nearest to one half. A label
    with fewer than ``LEAST_ROWS`` rows, with a best F1 below ``LEAST_F1``, or whose threshold would lower micro F1 gets
    0.5, or the highest of its scores if that is higher and better.

    Args:
        gold: the labels of each row.
        scores: [labels] the probabilities of each row.
        names: of the labels.

    Returns:
        The thresholds by label, without those of 0.5 for labels that no row has; and why labels are not tuned.
    """
    there = sum(len(set(labels)) for labels in gold)
    labels = list(_labels(gold, scores, names))
    chosen = _for_micro(labels, there)
    rows = {name for row in gold for name in row}
    found, untuned = {}, {}
    for label, at in zip(labels, chosen, strict=True):
        cut = label.cuts[at]
        if label.name in rows or cut.threshold != USUAL:
            found[label.name] = cut.threshold
        reason = label.untuned or (LOWER_MICRO if at else None)
        if reason is not None and (label.name in rows or len(names) <= _MOST_LABELS):
            untuned[label.name] = reason
    return found, untuned


def _for_micro(labels: Sequence[_Label], there: int) -> list[int]:
    """The cut of each label with which all labels together reach the highest micro F1.

    Micro F1 is a ratio of sums over labels, so the best choice for each is that of the highest 2 * right - F * given,
    where F is the micro F1 that is reached (Dinkelbach 1967); each round comes nearer to it.

    Args:
        labels: with their cuts.
        there: labels of all rows.
    """
    chosen = [0] * len(labels)
    for _ in range(_ROUNDS):
        cuts = [label.cuts[at] for label, at in zip(labels, chosen, strict=True)]
        size = sum(cut.given for cut in cuts) + there
        micro = 2 * sum(cut.right for cut in cuts) / size if size else 0.0
        better = [label.best(micro) for label in labels]
        if better == chosen:
            break
        chosen = better
    return chosen


def _labels(
    gold: Sequence[Sequence[str]], scores: Sequence[NDArray[np.float32]], names: Sequence[str]
) -> Iterator[_Label]:
    rows: dict[str, list[int]] = {}
    for row, labels in enumerate(gold):
        for name in set(labels):
            rows.setdefault(name, []).append(row)
    step = max(1, _AT_ONCE // max(1, len(scores)))
    for begin in range(0, len(names), step):
        part = names[begin : begin + step]
        table = np.stack([one[begin : begin + step] for one in scores]).astype(np.float64)
        highest, given = table.max(axis=0), (table >= USUAL).sum(axis=0)
        for at, name in enumerate(part):
            present = rows.get(name, [])
            if not present and given[at] < 2:  # the highest score would be given a row, too
                yield _Label(name, (_Cut(USUAL, 0, int(given[at])),), FEW_ROWS)
            else:
                yield _label(name, table[:, at], present, float(highest[at]))


def _label(name: str, scores: NDArray[np.float64], rows: Sequence[int], highest: float) -> _Label:
    """The cuts of one label: [rows] its scores, and the rows that have it."""
    present = np.zeros(len(scores), dtype=bool)
    present[list(rows)] = True
    usual, top = (_cut_at(threshold, scores, present) for threshold in (USUAL, max(USUAL, highest)))
    if len(rows) < LEAST_ROWS:
        return _Label(name, (usual, top), FEW_ROWS)
    best = _best(scores, present)
    if best is None or 2 * best.right < LEAST_F1 * (best.given + len(rows)):
        return _Label(name, (top,), LOW_F1)
    return _Label(name, (best, top, usual), None)


def _cut_at(threshold: float, scores: NDArray[np.float64], present: NDArray[np.bool_]) -> _Cut:
    taken = scores >= threshold
    return _Cut(threshold, int((taken & present).sum()), int(taken.sum()))


def _best(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> _Cut | None:
    """The cut with the highest F1; None if all scores are 0."""
    order = np.argsort(-scores, kind="stable")
    values, right = scores[order], np.cumsum(present[order])
    taken = np.arange(1, len(values) + 1)
    below = np.append(values[1:], 0.0)
    cuts = (values + below) / 2  # two numbers of fp32 have their mean in fp64, to the last digit
    ends = (np.append(values[1:] < values[:-1], True)) & (cuts > 0)  # rows with equal scores go together
    if not ends.any():
        return None
    f1 = np.where(ends, 2 * right / (taken + present.sum()), -1.0)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    at = best[np.argmin(np.abs(cuts[best] - USUAL))]
    return _Cut(float(cuts[at]), int(right[at]), int(taken[at]))
