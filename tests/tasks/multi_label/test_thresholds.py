"""Thresholds are tuned where the validation rows carry it, and never make micro F1 worse than one half does."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME
from ftk.tasks.multi_label.metric import LabelSetMetric
from ftk.tasks.multi_label.thresholds import FEW_ROWS, LEAST_ROWS, LOW_F1, LOWER_MICRO, best_thresholds

NAMES = ("a", "b", "c")
Rows = list[tuple[str, ...]]


def f1_micro(gold: Rows, scores: Any, thresholds: dict[str, float], names: Sequence[str] = NAMES) -> float:
    there = np.array([[name in row for name in names] for row in gold])
    found = np.asarray(scores, dtype=np.float64) >= [thresholds.get(name, 0.5) for name in names]
    return 2 * (there & found).sum() / max(1, there.sum() + found.sum())


def tuned(gold: Rows, scores: Any, names: Sequence[str] = NAMES) -> tuple[dict[str, float], dict[str, str]]:
    return best_thresholds(gold, list(np.asarray(scores, dtype=np.float32)), names)


TABLES = st.integers(1, 25).flatmap(
    lambda rows: st.tuples(
        st.lists(st.sets(st.sampled_from(NAMES)).map(tuple), min_size=rows, max_size=rows),
        st.lists(st.lists(st.integers(0, 8), min_size=3, max_size=3), min_size=rows, max_size=rows),
    )
)


@SOME
@given(TABLES)
def test_thresholds_never_lower_micro_f1(table: tuple[Rows, list[list[int]]]) -> None:
    gold, scores = table[0], np.array(table[1], dtype=np.float32) / 8
    found, untuned = tuned(gold, scores)
    assert all(0 < threshold <= 1 for threshold in found.values())
    assert {name for row in gold for name in row} <= found.keys() | untuned.keys()
    counts = {name: sum(name in row for row in gold) for name in NAMES}
    for name in NAMES:
        assert (counts[name] < LEAST_ROWS) == (untuned.get(name) == FEW_ROWS)
        if name in untuned:
            assert found.get(name, 0.5) in (0.5, max(0.5, float(scores[:, NAMES.index(name)].max())))
    if LOW_F1 not in untuned.values():
        assert f1_micro(gold, scores, found) >= f1_micro(gold, scores, {}) - 1e-9


@SOME
@given(TABLES)
def test_the_choice_is_the_best_of_all(table: tuple[Rows, list[list[int]]]) -> None:
    """No other choice between the tuned cut and one half has a higher micro F1."""
    gold, scores = table[0], np.array(table[1], dtype=np.float32) / 8
    found, untuned = tuned(gold, scores)
    if LOW_F1 in untuned.values():
        return
    reached = f1_micro(gold, scores, found)
    for kept in itertools.product((True, False), repeat=3):
        other = {name: found.get(name, 0.5) if keep else 0.5 for name, keep in zip(NAMES, kept, strict=True)}
        assert reached >= f1_micro(gold, scores, other) - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_a_threshold_is_the_best_of_all(seed: int) -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(seed)
    gold = rng.random(25) < 0.4
    scores = np.round(rng.random(25), 1).astype(np.float32)  # with ties
    found, untuned = tuned([("a",) if there else () for there in gold], scores[:, None], ["a"])
    reached = f1_score(gold, scores >= found["a"])
    tried = [f1_score(gold, scores >= cut, zero_division=0) for cut in np.linspace(0.001, 1.001, 200)]
    assert reached == pytest.approx(max(tried))
    assert not untuned


def rows_of(counts: dict[str, int], rows: int = 60) -> Rows:
    """So many rows with each label, from the first on."""
    return [tuple(name for name, number in counts.items() if row < number) for row in range(rows)]


def unlearned(high: float, rows: int = 60, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.0, high, rows)


def learned(number: int, rows: int = 60) -> Any:
    return np.where(np.arange(rows) < number, 0.9, 0.05)


CASES: dict[str, tuple[dict[str, int], list[Any], dict[str, str], dict[str, float]]] = {
    "one row of a label that was not learned": (
        {"a": 30, "b": 1, "c": 30},
        [learned(30), unlearned(0.05), learned(30)],
        {"b": FEW_ROWS},
        {"b": 0.5},
    ),
    "no row, high scores": (
        {"a": 30, "b": 0, "c": 30},
        [learned(30), np.full(60, 0.75), learned(30)],
        {"b": FEW_ROWS},
        {"b": 0.5},
    ),
    "no row, and scores of which one is the highest": (
        {"a": 30, "b": 0, "c": 30},
        [learned(30), np.linspace(0.25, 0.75, 60), learned(30)],
        {"b": FEW_ROWS},
        {"b": 0.75},
    ),
    "a few rows of a label that was not learned": (
        {"a": 30, "b": 4, "c": 30},
        [learned(30), np.linspace(0.01, 0.06, 60), learned(30)],
        {"b": LOW_F1},
        {"b": 0.5},
    ),
    "the same, with high scores": (
        {"a": 30, "b": 4, "c": 30},
        [learned(30), np.linspace(0.25, 0.875, 60), learned(30)],
        {"b": LOW_F1},
        {"b": 0.875},
    ),
    "rows enough, whose best cut is all rows": (
        {"a": 30, "b": 12, "c": 30},
        [learned(30), np.linspace(0.01, 0.06, 60), learned(30)],
        {"b": LOWER_MICRO},
        {"b": 0.5},
    ),
    "all are learned": ({"a": 30, "b": 5, "c": 20}, [learned(30), learned(5), learned(20)], {}, {"b": 0.475}),
    "learned, with low scores": (
        {"a": 30, "b": 5, "c": 20},
        [learned(30), learned(5) / 8, learned(20)],
        {},
        {"b": 0.059375},
    ),
    "two rows, learned": (
        {"a": 30, "b": 2, "c": 20},
        [learned(30), learned(2), learned(20)],
        {"b": FEW_ROWS},
        {"b": 0.5},
    ),
    "scores that are all 0": (
        {"a": 30, "b": 5, "c": 20},
        [learned(30), np.zeros(60), learned(20)],
        {"b": LOW_F1},
        {"b": 0.5},
    ),
    "scores that are all 1": (
        {"a": 30, "b": 4, "c": 20},
        [learned(30), np.ones(60), learned(20)],
        {"b": LOW_F1},
        {"b": 1.0},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_label_is_tuned_where_validation_carries_it(name: str) -> None:
    counts, columns, untuned, thresholds = CASES[name]
    gold, scores = rows_of(counts), np.stack(columns, axis=1)
    found, why = tuned(gold, scores)
    assert why == untuned
    assert {one: pytest.approx(found.get(one, 0.5)) for one in thresholds} == thresholds
    assert f1_micro(gold, scores, found) >= f1_micro(gold, scores, {})


def test_a_cut_keeps_all_its_digits() -> None:
    high = np.float32(0.3)
    low = np.nextafter(high, np.float32(0))
    scores = np.array([high] * 5 + [low] * 5, dtype=np.float32)
    found, _ = tuned([("a",)] * 5 + [()] * 5, scores[:, None], ["a"])
    assert float(low) < found["a"] < float(high)


def test_a_label_that_no_row_has_gets_no_threshold() -> None:
    found, untuned = tuned([("a",), ()], [[0.9, 0.2], [0.1, 0.3]], ["a", "b"])
    assert (found, untuned) == ({"a": 0.5}, {"a": FEW_ROWS, "b": FEW_ROWS})


def test_the_table_says_which_labels_were_tuned() -> None:
    metric = LabelSetMetric(["a", "b"], [0.25, 0.5], {"b": FEW_ROWS})
    metric.add(["a"], np.array([0.3, 0.6], dtype=np.float32))
    metric.add(["b"], np.array([0.3, 0.1], dtype=np.float32))
    found = metric.compute()
    assert {name: each["tuned"] for name, each in found["per_label"].items()} == {"a": "yes", "b": FEW_ROWS}
    assert {name: each["given"] for name, each in found["per_label"].items()} == {"a": 2, "b": 1}
    assert (found["support_per_row"], found["given_per_row"]) == (1.0, 1.5)
