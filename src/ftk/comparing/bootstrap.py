"""Draws rows or documents again and again, and scores what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.units import sums_of, units_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import RowStatistics

_AT_ONCE = 1 << 23
"""Numbers in one array, 64 MB."""


def resampled_scores(
    runs: Sequence[RowStatistics], groups: NDArray[Any], resamples: int, seed: int = 0
) -> NDArray[np.float64]:
    """[resamples, runs] the scores of all runs on the same rows, drawn with replacement.

    Documents are drawn as a whole. Of more than ``MOST_UNITS`` some are joined at random, so that the time does not
    grow with the rows: sums of rows are drawn, and nothing is scored again.

    Args:
        runs: what the scores are made of, with their rows in one order.
        groups: [rows] the document of each row.
        resamples: how often rows are drawn.
        seed: of the draws; equal seeds draw equal rows.
    """
    units = units_of(groups, sum(run.values.shape[1] for run in runs))
    sums = [sums_of(run.values, units) for run in runs]
    number = len(sums[0])
    draw = np.random.default_rng(seed)
    found = np.empty((resamples, len(runs)))
    at_once = max(1, min(resamples, _AT_ONCE // max(number, *(each.shape[1] for each in sums))))
    for begin in range(0, resamples, at_once):
        part = min(at_once, resamples - begin)
        drawn = times_drawn(draw, part, number)
        for at, (run, each) in enumerate(zip(runs, sums, strict=True)):
            found[begin : begin + part, at] = run.of_sums(drawn @ each)
    return found


def times_drawn(draw: np.random.Generator, resamples: int, number: int) -> NDArray[np.float64]:
    """[resamples, number] how often each of some units is drawn, if as many are drawn with replacement as there are."""
    places = draw.integers(0, number, size=(resamples, number))
    places += np.arange(resamples)[:, None] * number
    return np.bincount(places.ravel(), minlength=resamples * number).reshape(resamples, number).astype(np.float64)


def covariance_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """[runs, runs] the covariance of [resamples, runs] scores; resamples without a score are left out."""
    whole = scores[np.isfinite(scores).all(axis=1)]
    return np.atleast_2d(np.cov(whole, rowvar=False)) if len(whole) > 1 else np.full((scores.shape[1],) * 2, np.nan)
