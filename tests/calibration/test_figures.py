"""Figures of calibration against plain loops and resampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.calibration.figures import Reliability, bins_of, calibration_errors
from ftk.contracts.values import Scores
from ftk.tasks.shared.confidence import CLASSES


class _Row:
    def __init__(self, target: str) -> None:
        self.target = target


def test_the_error_without_chance_is_the_one_that_was_planted() -> None:
    """Means over 60 draws of 700 answers, which are as few as the plain error is far too high for."""
    chance = np.random.default_rng(1)
    for planted in (0.0, 0.04, 0.1):
        errors = []
        for _ in range(60):
            sure = chance.uniform(0.55, 0.9, 700)
            errors.append(calibration_errors(bins_of(sure, chance.random(700) < sure - planted)))
        debiased, plain = np.mean(errors, axis=0)
        assert plain > planted + 0.01 or planted == 0.1
        assert debiased == pytest.approx(planted, abs=0.02 if planted == 0 else 0.01)
        assert debiased < plain


def test_the_plain_error_is_that_of_a_loop() -> None:
    chance = np.random.default_rng(2)
    sure = chance.random(100)
    right = chance.random(100) < sure
    order = np.argsort(sure)
    parts = [order[:34], order[34:67], order[67:]]
    expected = sum(len(part) / 100 * abs(sure[part].mean() - right[part].mean()) for part in parts)
    assert calibration_errors(bins_of(sure, right))[1] == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_errors_are_shares(answers: list[tuple[float, bool]]) -> None:
    sure, right = (np.array(column) for column in zip(*answers, strict=True))
    debiased, plain = calibration_errors(bins_of(sure, right))
    assert 0 <= debiased <= plain <= 1


def test_loss_and_brier_score_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import log_loss

    chance = np.random.default_rng(3)
    names, values = ("a", "b", "c"), chance.dirichlet([1, 1, 1], 40).astype(np.float32)
    gold = [names[at] for at in chance.integers(0, 3, 40)]
    collected = Reliability(CLASSES)
    for target, row in zip(gold, values, strict=True):
        collected.add(_Row(target), Scores(names, row))
    found = collected.compute()
    shares = values.astype(np.float64)
    assert found["nll"] == pytest.approx(log_loss(gold, shares / shares.sum(1, keepdims=True)), abs=1e-6)
    one_hot = np.array([[name == target for name in names] for target in gold])
    assert found["brier"] == pytest.approx(np.square(values - one_hot).sum(1).mean())
    assert sum(number for _, _, number in found["bins"]) == found["answers"] == 40


def test_no_answer_has_no_figures() -> None:
    assert Reliability(CLASSES).compute() == {"answers": 0}
