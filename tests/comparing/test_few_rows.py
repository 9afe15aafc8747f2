"""Verdicts where no row, or few rows, differ between two sides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftk.comparing.comparison import scored_rows
from ftk.comparing.effects import Of, effect_of, pooled
from ftk.comparing.verdict import Judged, Verdict, judged
from ftk.contracts.outcomes import RowStatistics
from ftk.tasks.regression.task import Regression
from ftk.tasks.shared.statistics.label_counts import counted_statistics, f1_macro
from ftk.tasks.shared.statistics.row_values import mean_of


def verdict_on(runs: list[RowStatistics], of: Of = Of.models, groups: np.ndarray | None = None) -> Judged:
    """The verdict on the second half of some runs."""
    half = len(runs) // 2
    documents = np.arange(runs[0].values.shape[0]) if groups is None else groups
    effect = effect_of(of, scored_rows(runs, documents, 300), range(half), range(half, 2 * half), 100)
    return judged([effect], level=0.95, margin=0.5)[0]


def accuracies(rows: int, won: int, lost: int, runs: int = 1) -> list[RowStatistics]:
    """Runs that are right about four rows of five, but for those that are won or lost."""
    first = np.arange(rows) < rows * 0.8
    second = (np.arange(rows) >= lost) & first | (np.arange(rows) >= rows - won)
    return [mean_of("accuracy", one) for one in (first, second) for _ in range(runs)]


@pytest.mark.parametrize(("of", "runs"), [(Of.models, 1), (Of.recipes, 3)])
@pytest.mark.parametrize("rows", [2, 3, 20, 200, 1000, 5000])
def test_rows_that_do_not_differ_leave_what_others_may(rows: int, of: Of, runs: int) -> None:
    one = verdict_on(accuracies(rows, 0, 0, runs), of)
    exact = 100 * (1 - 0.025 ** (1 / rows))
    assert 0.7 * exact < one.high <= exact
    assert one.low == -one.high
    assert one.verdict is (Verdict.equivalent if rows >= 1000 else Verdict.unknown)


@pytest.mark.parametrize(("won", "lost"), [(1, 0), (0, 1), (2, 0), (2, 1), (5, 5)])
@pytest.mark.parametrize("rows", [20, 200])
def test_an_interval_of_few_differing_rows_is_not_wider_than_an_exact_one(rows: int, won: int, lost: int) -> None:
    one = verdict_on(accuracies(rows, won, lost))
    shares = [stats.binomtest(number, rows).proportion_ci(0.975) for number in (won, lost)]
    assert 100 * (shares[0].low - shares[1].high) < one.low < 0 < one.high < 100 * (shares[0].high - shares[1].low)


@pytest.mark.parametrize("won", [4, 5, 6, 8])
def test_rows_that_are_all_won_decide_as_mcnemars_exact_test_does(won: int) -> None:
    one = verdict_on(accuracies(100, won, 0))
    assert (one.p < 0.05) == (stats.binomtest(won, won).pvalue < 0.05)


def test_two_rows_that_are_won_of_two_decide_nothing() -> None:
    one = verdict_on([mean_of("accuracy", np.full(2, right)) for right in (False, True)])
    assert (one.verdict, one.high) == (Verdict.unknown, 100)


def test_documents_count_and_not_their_rows() -> None:
    groups = np.arange(1000) // 100
    assert verdict_on(accuracies(1000, 0, 0), groups=groups).high > 20


def test_rows_that_are_no_part_of_the_score_do_not_count() -> None:
    counts = [(["a"], ["a"], ["a"])] * 20
    [few] = counted_statistics(counts, {"f1_macro": f1_macro})
    [padded] = counted_statistics([*counts, *[([], [], [])] * 2000], {"f1_macro": f1_macro})
    assert verdict_on([padded, padded]).high == pytest.approx(verdict_on([few, few]).high)


@pytest.mark.parametrize("score", ["pearson", "rmse"])
def test_equal_numbers_are_equivalent_only_on_many_rows(score: str) -> None:
    spec = Regression.spec
    assert spec.statistics is not None
    found = {}
    for rows in (3, 3000):
        gold = np.random.default_rng(rows).normal(size=(rows, 2))
        records = [{"gold_value": float(a), "value": float(a + 0.3 * b)} for a, b in gold]
        found[rows] = verdict_on([spec.statistics(records, {})[score]] * 2)
    assert found[3].verdict is Verdict.unknown
    assert found[3000].verdict is Verdict.equivalent


def test_errors_that_no_row_moves_say_nothing() -> None:
    spec = Regression.spec
    assert spec.statistics is not None
    right = spec.statistics([{"gold_value": 1.0, "value": 1.0}, {"gold_value": 2.0, "value": 2.0}], {})["rmse"]
    one = verdict_on([right, right])
    assert one.verdict is Verdict.unknown
    assert np.isnan([one.low, one.high, one.p]).all()


def test_corpora_without_a_differing_row_have_a_width_together() -> None:
    scored = scored_rows(accuracies(100, 0, 0), np.arange(100), 100)
    each = effect_of(Of.models, scored, [0], [1], 100)
    alone, both = judged([each], level=0.95, margin=0.5)[0], judged([pooled([each, each])], level=0.95, margin=0.5)[0]
    assert 0 < both.high < alone.high


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "differ"), [(20, 0.05), (20, 0.3), (100, 0.02), (300, 0.01), (300, 0.1)])
def test_intervals_hold_the_difference_where_few_rows_differ(rows: int, differ: float) -> None:
    draw = np.random.default_rng(rows)
    held = 0
    for _ in range(600):
        kind = draw.choice(3, rows, p=[1 - differ, differ * 0.7, differ * 0.3])
        base = draw.random(rows) < 0.8
        first, second = (np.where(kind == 0, base, kind == side) for side in (2, 1))
        one = verdict_on([mean_of("accuracy", first), mean_of("accuracy", second)])
        held += one.low <= 100 * differ * 0.4 <= one.high
    assert held / 600 >= 0.93
