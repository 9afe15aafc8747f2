"""Resampled scores are those of a plain loop, and spread as scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from ftk.comparing.bootstrap import covariance_of, resampled_scores, times_drawn
from ftk.comparing.units import influences, sums_of, units_of
from ftk.contracts.outcomes import RowStatistics
from ftk.tasks.shared.statistics.label_counts import counted_statistics, f1_macro, f1_micro
from ftk.tasks.shared.statistics.row_values import mean_of


def labelled(draw: np.random.Generator, rows: int) -> list[RowStatistics]:
    gold, found = draw.integers(0, 3, (2, rows)).astype(str)
    both = [((a,) if a == b else (), (b,), (a,)) for a, b in zip(gold, found, strict=True)]
    return [*counted_statistics(both, {"f1_macro": f1_macro, "f1": f1_micro}), mean_of("accuracy", gold == found)]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 40), documents=st.integers(1, 10))
def test_documents_are_drawn_as_in_a_plain_loop(seed: int, rows: int, documents: int) -> None:
    draw = np.random.default_rng(seed)
    runs, groups = labelled(draw, rows), draw.integers(0, documents, rows)
    found = resampled_scores(runs, groups, 5, seed=seed)
    names, weights = np.unique(groups), np.random.default_rng(seed)
    for scores, drawn in zip(found, times_drawn(weights, 5, len(names)), strict=True):
        times = dict(zip(names, drawn.astype(int), strict=True))
        again = [row for row, group in enumerate(groups) for _ in range(times[group])]
        plain = [run.of_sums(run.values[again].sum(0)[None])[0] for run in runs]
        assert scores == pytest.approx(plain)


def test_the_spread_is_scipys() -> None:
    draw = np.random.default_rng(1)
    values, others = draw.normal(size=(2, 80))
    runs = [mean_of("one", values), mean_of("other", values + others)]
    covariance = covariance_of(resampled_scores(runs, np.arange(80), 10_000))
    reference = stats.bootstrap((values,), np.mean, n_resamples=10_000, rng=2).standard_error
    assert np.sqrt(covariance[0, 0]) == pytest.approx(reference, rel=0.03)
    both = stats.bootstrap((others,), np.mean, n_resamples=10_000, rng=2).standard_error
    assert np.sqrt([1, -1] @ covariance @ [1, -1]) == pytest.approx(both, rel=0.03)


def test_influences_add_up_to_the_variance_of_a_mean() -> None:
    values = np.random.default_rng(3).normal(size=50)
    run = mean_of("mean", values)
    moved = influences(run.values, run.of_sums)
    assert (moved**2).sum() * 50 / 49 == pytest.approx(values.var(ddof=1) / 50)


def test_sparse_numbers_are_as_good() -> None:
    draw = np.random.default_rng(4)
    values = draw.integers(0, 2, (60, 9)).astype(float)
    units = units_of(draw.integers(0, 7, 60), 9)
    np.testing.assert_array_equal(sums_of(sparse.csr_array(values), units), sums_of(values, units))


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds_and_keep_their_spread() -> None:
    runs = [mean_of("accuracy", np.random.default_rng(at).random(100_000) < 0.9) for at in range(5)]
    covariance = covariance_of(resampled_scores(runs, np.arange(100_000), 2000))
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), np.sqrt(0.09 / 100_000), rtol=0.08)
