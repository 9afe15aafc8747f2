"""Intervals of scores: they hold their level, and agree with the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap, pearsonr, spearmanr
from sklearn.metrics import f1_score

from ftk.comparing.alike.pairs import Pair
from ftk.comparing.alike.shared_questions import shared_questions
from ftk.comparing.intervals import interval, of_label
from ftk.comparing.units import score_of
from ftk.contracts.outcomes import RowStatistics
from ftk.tasks.regression.task import Regression
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.text_classification import TextClassification

Draw = Callable[[np.random.Generator, int], list[dict[str, Any]]]


def classes(draw: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """Three labels, of which one is rare; four rows of five are right."""
    gold = draw.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    found = np.where(draw.random(rows) < 0.8, gold, draw.choice(["a", "b", "c"], rows))
    return [{"gold_label": str(one), "label": str(other)} for one, other in zip(gold, found, strict=True)]


def numbers(draw: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    gold = draw.normal(size=rows)
    found = 0.7 * gold + 0.7 * draw.normal(size=rows)
    return [{"gold_value": float(one), "value": float(other)} for one, other in zip(gold, found, strict=True)]


def statistics(draw: Draw, score: str, seed: int, rows: int) -> RowStatistics:
    spec = (TextClassification if draw is classes else Regression).spec
    assert spec.statistics is not None
    return spec.statistics(draw(np.random.default_rng(seed), rows), {})[score]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "score", "rows"),
    [
        (classes, "accuracy", 40),
        (classes, "f1_macro", 200),
        (numbers, "pearson", 60),
        (numbers, "spearman", 100),
        (numbers, "rmse", 200),
    ],
)
def test_intervals_hold_the_score_of_all_rows_nineteen_times_of_twenty(draw: Draw, score: str, rows: int) -> None:
    truth = score_of(statistics(draw, score, 0, 400_000))
    found = [interval(statistics(draw, score, seed, rows)) for seed in range(1, 501)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in found]) <= 0.97


@pytest.mark.slow
def test_an_interval_is_that_of_the_bootstrap_where_rows_are_many() -> None:
    records = classes(np.random.default_rng(1), 1500)
    gold, label = (np.array([record[key] for record in records]) for key in ("gold_label", "label"))
    spec = TextClassification.spec
    assert spec.statistics is not None
    found = spec.statistics(records, {})

    def macro(rows: Any) -> float:
        return float(f1_score(gold[rows], label[rows], average="macro"))

    resampled = bootstrap((np.arange(1500),), macro, n_resamples=300, vectorized=False, rng=1, method="percentile")
    low, high = interval(found["f1_macro"])
    assert high - low == pytest.approx(float(np.ptp(resampled.confidence_interval)), rel=0.15)


def test_the_linear_part_of_a_rank_correlation_has_its_value_and_its_spread() -> None:
    records = numbers(np.random.default_rng(2), 300)
    gold, value = (np.round([record[key] for record in records], 1) for key in ("gold_value", "value"))  # ties
    rounded = [{"gold_value": float(a), "value": float(b)} for a, b in zip(gold, value, strict=True)]
    spec = Regression.spec
    assert spec.statistics is not None
    found = spec.statistics(rounded, {})["spearman"]
    assert score_of(found) == pytest.approx(spearmanr(gold, value).statistic)
    draw = np.random.default_rng(3)
    again = [spearmanr(gold[rows], value[rows]).statistic for rows in draw.integers(0, 300, (400, 300))]
    linear = found.values[:, 0].std() / np.sqrt(300)
    assert linear == pytest.approx(np.std(again), rel=0.15)
    assert pearsonr(gold, value).statistic != pytest.approx(score_of(found), abs=1e-4)


def test_rows_of_documents_are_resampled_together() -> None:
    """Each row stands there ten times: the interval is that of the rows alone."""
    records = classes(np.random.default_rng(4), 60)
    spec = TextClassification.spec
    assert spec.statistics is not None
    alone, tenfold = (spec.statistics(rows, {})["accuracy"] for rows in (records, records * 10))
    groups = np.tile(np.arange(60), 10)
    narrow, wide = interval(tenfold), interval(tenfold, groups)
    assert np.ptp(wide) > 2.5 * np.ptp(narrow)
    assert wide == pytest.approx(interval(alone), abs=0.02)


def test_a_label_with_few_rows_has_a_wide_interval() -> None:
    records = [{"gold_label": "rare", "label": "rare"}] * 3 + [{"gold_label": "usual", "label": "usual"}] * 97
    spec = TextClassification.spec
    assert spec.statistics is not None
    found = spec.statistics(records, {})["f1_macro"]
    low, high = interval(of_label(found, "rare"))
    assert low < 0.5
    assert high == 1
    assert interval(of_label(found, "usual"))[0] > 0.95
    assert interval(found, rows=[0, 1, 2])[0] < 0.5


def test_many_rows_are_joined_and_keep_their_spread() -> None:
    found = statistics(classes, "accuracy", 5, 60_000)
    share = score_of(found)
    assert np.ptp(interval(found)) == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 60_000), rel=0.05)


def test_no_rows_have_no_interval() -> None:
    found = statistics(classes, "accuracy", 6, 10)
    assert np.isnan(interval(found, rows=[])).all()


def test_a_correlation_of_classes_that_one_row_decides_has_the_interval_of_its_accuracy() -> None:
    records = [{"gold_label": "ab"[at % 2], "label": "ab"[at % 2] if at else "b"} for at in range(126)]
    spec = TextClassification.spec
    assert spec.statistics is not None
    found = spec.statistics(records, {})
    share, correlation = (interval(found[score]) for score in ("accuracy", "mcc"))
    assert correlation == pytest.approx([2 * end - 1 for end in share], abs=0.01)
    low, high = interval(spec.statistics(records[1:], {})["mcc"])
    assert low < 0.97
    assert high == pytest.approx(1)


def test_a_mean_over_labels_with_two_rows_is_not_surer_than_they_are() -> None:
    """Leaving out one of two rows that are both wrong, or both right, moves nothing."""
    labels = [(str(at // 2), at // 2 % 3 > 0) for at in range(60)]
    records = [{"gold_label": label, "label": label if right else "none"} for label, right in labels]
    spec = TextClassification.spec
    assert spec.statistics is not None
    assert np.ptp(interval(spec.statistics(records, {})["recall_macro"])) > 0.15


@pytest.mark.parametrize("rows", [2, 4, 8, 40])
def test_agreement_of_few_rows_stays_in_its_range_or_has_no_interval(rows: int) -> None:
    draw = np.random.default_rng(rows)
    for _ in range(20):
        gold, *given = draw.choice(list("abc"), (3, rows), p=[0.7, 0.2, 0.1])
        each = [
            label_answers([{"gold_label": a, "label": b} for a, b in zip(gold, one, strict=True)], {}) for one in given
        ]
        for name, measure in Pair(shared_questions(each), 0, 1).measures.items():
            if measure.value is None:
                continue
            low, high = interval(measure.by_rows(np.arange(rows), rows))
            if np.isnan(low):
                continue
            assert measure.least is not None, name
            assert measure.least <= low <= measure.value + 1e-9, name
            assert measure.value - 1e-9 <= high <= (np.inf if measure.most is None else measure.most), name
