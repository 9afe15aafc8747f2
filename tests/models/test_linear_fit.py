"""Linear layers that are fitted to fixed inputs, beside scikit-learn's."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

from ftk.models.tuning.linear_fit import Scaling, fit_classes, fit_numbers, fit_presence


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


def scaled(states: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return Scaling.of(states, weights)(states)


@pytest.mark.parametrize(("rows", "size", "classes"), [(90, 12, 5), (20, 60, 7)])
def test_classes_are_those_of_scikit_learn(random: np.random.Generator, rows: int, size: int, classes: int) -> None:
    states = random.normal(size=(rows, size)) * random.uniform(0.1, 9, size) + 3
    label, weights = np.arange(rows) % classes, random.uniform(0.2, 2, rows)
    fit = fit_classes(states, label, classes + 1, weights=weights, ridge=0.2)
    table = scaled(states, weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = LogisticRegression(C=5, tol=1e-9, max_iter=5000).fit(table, label, sample_weight=weights)
    found, expected = states @ fit.weight.T + fit.bias, reference.decision_function(table)
    assert found[:, :-1] - found[:, :1] == pytest.approx(expected - expected[:, :1], abs=0.02)
    assert (found[:, -1] < found[:, :-1].max(1)).all(), "a class without rows is the likeliest of none"


def test_labels_are_those_of_scikit_learn(random: np.random.Generator) -> None:
    states, weights = random.normal(size=(80, 9)) * 4, random.uniform(0.2, 2, (80, 4))
    present = random.random((80, 4)) < 0.4
    present[:, 2], present[:, 3] = False, True
    fit = fit_presence(states, present, weights=weights, ridge=0.5)
    table = scaled(states, weights.mean(1))
    for label in (0, 1):
        reference = LogisticRegression(C=2, tol=1e-9, max_iter=5000)
        reference.fit(table, present[:, label], sample_weight=weights[:, label])
        found = states @ fit.weight[label] + fit.bias[label]
        assert found == pytest.approx(reference.decision_function(table), abs=0.01)
    assert not fit.weight[2:].any()
    assert fit.bias[2] < 0 < fit.bias[3]


def test_numbers_are_those_of_scikit_learn(random: np.random.Generator) -> None:
    states, weights = random.normal(size=(40, 60)), random.uniform(0.2, 2, 40)
    numbers = states[:, :2] + 0.1 * random.normal(size=(40, 2))
    table = scaled(states, weights)
    fit = fit_numbers(states, numbers, weights=weights, ridge=0.3)
    reference = Ridge(alpha=0.3).fit(table, numbers, sample_weight=weights)
    assert states @ fit.weight.T + fit.bias == pytest.approx(reference.predict(table))
    plain = fit_numbers(states, numbers[:, :1])
    chosen = RidgeCV(alphas=np.logspace(3, -3, 25)).fit(scaled(states, np.ones(40)), numbers[:, 0])
    assert plain.ridge == pytest.approx(chosen.alpha_)


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_few_rows_are_enough(random: np.random.Generator, rows: int) -> None:
    states, label = random.normal(size=(rows, 8)), np.arange(rows) % 3
    for fit in (
        fit_classes(states, label, 3),
        fit_presence(states, label[:, None] == [0, 1, 2]),
        fit_numbers(states, label[:, None] * 1.0),
    ):
        assert np.isfinite(fit.weight).all()
        assert np.isfinite(fit.bias).all()
    found = (states @ (fit := fit_classes(states, label, 3)).weight.T + fit.bias).argmax(1)
    assert (found == label).all()


def test_the_ridge_is_stronger_where_the_inputs_say_less(random: np.random.Generator) -> None:
    label = np.arange(300) % 3
    clear = np.eye(3)[label] @ random.normal(size=(3, 20)) * 3 + random.normal(size=(300, 20))
    assert fit_classes(clear, label, 3).ridge < fit_classes(random.normal(size=(300, 20)), label, 3).ridge


def test_inputs_that_are_all_alike_give_the_odds_of_the_rows() -> None:
    fit = fit_classes(np.ones((9, 4)), np.array([0] * 6 + [1] * 3), 2)
    assert fit.bias[0] - fit.bias[1] == pytest.approx(np.log(2), abs=0.01)
    assert not fit.weight.any()
