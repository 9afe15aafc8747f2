"""Sets of labels have the right one as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.calibration.conformal import MOST, label_set, least_rows, quantile, thinned


def test_sets_cover_what_they_promise() -> None:
    """Over 200 random splits of logits that are far too sure."""
    chance = np.random.default_rng(0)
    logits = chance.normal(size=(1500, 6)) * 2
    gold = np.array([chance.choice(6, p=np.exp(row) / np.exp(row).sum()) for row in logits])
    sure = np.exp(3 * logits)
    right = 1 - (sure / sure.sum(1, keepdims=True))[np.arange(1500), gold]
    for coverage in (0.8, 0.95):
        shares = []
        for _ in range(200):
            order = chance.permutation(1500)
            limit = quantile(np.sort(right[order[:750]]), coverage)
            shares.append((right[order[750:]] <= limit).mean())
        assert np.mean(shares) == pytest.approx(coverage, abs=0.01)


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95])
def test_sets_are_those_of_mapie(coverage: float) -> None:
    mapie = pytest.importorskip("mapie.classification")
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(1)
    states = chance.normal(size=(600, 4))
    gold = np.array([chance.choice(3, p=np.exp(row[:3]) / np.exp(row[:3]).sum()) for row in states])
    model = LogisticRegression().fit(states[:200], gold[:200])
    reference = mapie.SplitConformalClassifier(model, confidence_level=coverage, conformity_score="lac", prefit=True)
    reference.conformalize(states[200:400], gold[200:400])
    _, sets = reference.predict_set(states[400:])
    right = 1 - model.predict_proba(states[200:400])[np.arange(200), gold[200:400]]
    limit = quantile(np.sort(right), coverage)
    ours = [label_set("abc", row, limit) for row in model.predict_proba(states[400:])]
    assert [sorted(one) for one in ours] == [
        ["abc"[at] for at in np.flatnonzero(row)] for row in np.asarray(sets)[:, :, 0]
    ]


def test_fewer_scores_are_never_less_careful() -> None:
    scores = np.sort(np.random.default_rng(2).random(3 * MOST + 17))
    kept = thinned(scores)
    assert len(kept) == MOST
    for coverage in (0.1, 0.5, 0.9, 0.95, 0.99, 0.999):
        assert 0 <= quantile(kept, coverage) - quantile(scores, coverage) < 1e-3


@given(st.floats(0.01, 0.999))
def test_so_many_rows_are_enough(coverage: float) -> None:
    least = least_rows(coverage)
    scores = np.linspace(0, 1, least)
    assert 0 <= quantile(scores, coverage) <= 1
