"""Verdicts on recipes and models: how often they are wrong, and what they say where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftk.comparing.comparison import scored_rows
from ftk.comparing.effects import Effect, Of, Scored, effect_of, pooled
from ftk.comparing.verdict import Verdict, judged
from ftk.tasks.shared.statistics.row_values import mean_of

ROWS = 300


def runs_of(draw: np.random.Generator, easy: np.ndarray, seeds: int, seed: float) -> list:
    """Runs of one recipe: each row is right by how easy it is, by the run, and by both."""
    each = [easy + seed * draw.normal() + 0.5 * draw.normal(size=len(easy)) for _ in range(seeds)]
    return [mean_of("accuracy", one > 0) for one in each]


def only_seeds(scores: list[float]) -> Scored:
    """Scores on rows that do not matter: nothing changes with them."""
    return Scored(np.array(scores), np.zeros((len(scores), len(scores))), np.zeros((len(scores), 10)))


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "most"), [(5, 0.075), (3, 0.085)])
@pytest.mark.parametrize("seed", [0.0, 0.1])
def test_recipes_that_differ_by_seed_alone_are_seldom_called_different(seeds: int, seed: float, most: float) -> None:
    draw, wrong = np.random.default_rng(seeds), 0
    for _ in range(400):
        easy = draw.normal(1, 1, size=ROWS)
        runs = [*runs_of(draw, easy, seeds, seed), *runs_of(draw, easy, seeds, seed)]
        scored = scored_rows(runs, np.arange(ROWS), 200)
        effect = effect_of(Of.recipes, scored, range(seeds), range(seeds, 2 * seeds), 100)
        wrong += judged([effect], level=0.95, margin=0.5)[0].verdict in (Verdict.better, Verdict.worse)
    assert wrong / 400 <= most


def test_where_rows_do_not_matter_it_is_welchs_test() -> None:
    first, second = [0.81, 0.83, 0.80, 0.84], [0.85, 0.86, 0.83, 0.88, 0.84]
    effect = effect_of(Of.recipes, only_seeds(first + second), range(4), range(4, 9), 100)
    [one] = judged([effect], level=0.95, margin=0.5)
    welch = stats.ttest_ind(second, first, equal_var=False)
    assert one.p == pytest.approx(welch.pvalue)
    ends = welch.confidence_interval(0.95)
    assert (one.low, one.high) == pytest.approx((100 * ends.low, 100 * ends.high))


def test_models_are_told_apart_by_the_rows_on_which_they_differ() -> None:
    first = mean_of("accuracy", np.arange(1000) < 800)
    second = mean_of("accuracy", (np.arange(1000) < 790) | (np.arange(1000) >= 960))
    scored = scored_rows([first, second], np.arange(1000), 10_000)
    effect = effect_of(Of.models, scored, [0], [1], 100)
    [one] = judged([effect], level=0.95, margin=0.5)
    assert one.effect.difference == pytest.approx(3)
    exact = stats.binomtest(10, 50).pvalue  # McNemar's test
    assert one.verdict is Verdict.better
    assert exact / 3 < one.p < 3 * exact


def test_a_few_rows_decide_nothing() -> None:
    """Four rows of a hundred are won and none is lost: a coin gives that once in eight times."""
    scored = scored_rows([mean_of("accuracy", np.arange(100) < right) for right in (90, 94)], np.arange(100), 10_000)
    [one] = judged([effect_of(Of.models, scored, [0], [1], 100)], level=0.95, margin=0.5)
    assert one.verdict is Verdict.unknown
    assert one.more_rows is not None


@pytest.mark.parametrize("of", list(Of))
@pytest.mark.parametrize(("rows", "verdict"), [(1, Verdict.unknown), (5, Verdict.unknown), (50, Verdict.better)])
def test_rows_that_all_differ_alike_decide_only_if_there_are_some(of: Of, rows: int, verdict: Verdict) -> None:
    """Resampled, they do not vary."""
    runs = [mean_of("accuracy", np.full(rows, right)) for right in (0, 0, 0, 1, 1, 1)]
    effect = effect_of(of, scored_rows(runs, np.arange(rows), 100), range(3), range(3, 6), 100)
    [one] = judged([effect], level=0.95, margin=0.5)
    assert (one.effect.difference, one.verdict) == (100, verdict)
    [equal] = judged([effect_of(of, scored_rows(runs, np.arange(rows), 100), [0], [1], 100)], level=0.95, margin=0.5)
    assert equal.effect.difference == 0 < equal.effect.variance


def test_three_runs_with_one_score_do_not_mean_that_seeds_do_nothing() -> None:
    easy = np.random.default_rng(2).normal(1, 1, size=ROWS)
    runs = runs_of(np.random.default_rng(3), easy, 6, 0)
    scored = scored_rows(runs, np.arange(ROWS), 1000)
    equal = Scored(np.array([0.8, 0.8, 0.8, 0.803, 0.803, 0.803]), scored.covariance, scored.influences)
    [one] = judged([effect_of(Of.recipes, equal, range(3), range(3, 6), 100)], level=0.95, margin=0.5)
    assert one.verdict is Verdict.unknown


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ([0.80, 0.81, 0.82, 0.90, 0.91, 0.92], Verdict.better),
        ([0.90, 0.91, 0.92, 0.80, 0.81, 0.82], Verdict.worse),
        ([0.800, 0.801, 0.802, 0.801, 0.800, 0.802], Verdict.equivalent),
        ([0.80, 0.82, 0.84, 0.81, 0.83, 0.86], Verdict.unknown),
        ([0.80, 0.81, 0.90, 0.91], Verdict.unknown),
    ],
)
def test_the_verdict(scores: list[float], verdict: Verdict) -> None:
    half = len(scores) // 2
    effect = effect_of(Of.recipes, only_seeds(scores), range(half), range(half, 2 * half), 100)
    assert judged([effect], level=0.95, margin=0.5)[0].verdict is verdict


def test_more_runs_are_named_that_would_decide() -> None:
    effect = effect_of(Of.recipes, only_seeds([0.80, 0.82, 0.84, 0.82, 0.84, 0.86]), range(3), range(3, 6), 100)
    [one] = judged([effect], level=0.95, margin=0.5)
    assert one.more_runs is not None
    runs = 3 + one.more_runs
    drawn = np.random.default_rng(4).normal([[[0]], [[1]]], 1, (2, 4000, runs))
    found = stats.ttest_ind(*drawn, axis=-1).pvalue < 0.05
    assert 0.75 <= np.mean(found) <= 0.87


def test_several_comparisons_are_corrected_as_by_holm() -> None:
    effects = [Effect(Of.models, each, 1.0, np.inf, 1.0, (0, 0), (1, 1)) for each in (2.0, 3.0, 1.0, 2.3)]
    found = judged(effects, level=0.95, margin=0.5)
    assert [one.verdict for one in found] == [Verdict.unknown, Verdict.better, Verdict.unknown, Verdict.unknown]
    expected = [min(1, 2 * found[0].p), 4 * found[1].p, found[2].p, 3 * found[3].p]
    assert [one.p_adjusted for one in found] == pytest.approx([max(expected[0], expected[3]), *expected[1:]])


def test_corpora_count_the_same_and_their_variances_add_up() -> None:
    one, other = (Effect(Of.models, each, each, 10.0, each, (0, 0), (1, 1)) for each in (1.0, 3.0))
    both = pooled([one, other])
    assert (both.difference, both.variance) == (2, 1)
    assert 10 < both.freedom < 20
