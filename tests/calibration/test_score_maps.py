"""Temperatures and maps of scores: they find what was planted, and are what their definition says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import softmax

from ftk.calibration.kept import LEAST
from ftk.calibration.maps import _Problem, by_temperature, fit_isotonic, fit_vector
from ftk.calibration.temperature import fit_temperature
from ftk.contracts.confidence import Shape
from ftk.contracts.values import Scores
from ftk.tasks.shared.confidence import CLASSES

NAMES = ("a", "b", "c", "d")


@dataclass
class Row:
    target: str


def planted(rows: int, scale: Any = 3.0, bias: Any = 0.0) -> tuple[list[Row], np.ndarray]:
    """Rows whose labels follow from logits, and the logits of a model that scales them."""
    chance = np.random.default_rng(0)
    true = chance.normal(size=(rows, 4)) * 1.5
    gold = [Row(NAMES[chance.choice(4, p=softmax(row))]) for row in true]
    return gold, true * scale + bias


def test_a_planted_temperature_is_found() -> None:
    rows, logits = planted(3000)

    def at(temperature: float, part: slice | None = None) -> list[tuple[Any, Any]]:
        shares = softmax(logits / temperature, axis=-1).astype(np.float32)
        pairs = [(row, Scores(NAMES, share)) for row, share in zip(rows, shares, strict=True)]
        return pairs if part is None else pairs[part]

    fit = fit_temperature(at, CLASSES)
    assert fit is not None
    assert fit.temperature == pytest.approx(3.0, rel=0.07)
    assert fit.after["ece"] < 0.02 < fit.before["ece"]
    few = fit_temperature(lambda temperature, part=None: at(temperature)[: LEAST - 1], CLASSES)
    assert few is None


def test_dividing_scores_is_dividing_logits() -> None:
    _, logits = planted(20)
    calibrated = by_temperature(2.5, Shape.classes)
    for row in logits:
        np.testing.assert_allclose(calibrated(NAMES, softmax(row)), softmax(row / 2.5), rtol=1e-9)


def test_vector_scaling_mends_a_bias() -> None:
    rows, logits = planted(2000, scale=2.0, bias=np.array([2.0, 0, 0, 0]))
    pairs = [(row, Scores(NAMES, softmax(one).astype(np.float32))) for row, one in zip(rows, logits, strict=True)]
    found = fit_vector(pairs, CLASSES)
    assert found.other[0] - found.other[1:].mean() == pytest.approx(-1.0, abs=0.25)
    assert found.one == pytest.approx(np.full(4, 0.5), abs=0.1)


@pytest.mark.parametrize("shape", list(Shape))
def test_the_gradient_is_that_of_the_loss(shape: Shape) -> None:
    chance = np.random.default_rng(4)
    values = chance.normal(size=9 if shape is Shape.answers else (9, 3))
    label = chance.integers(0, 3, 9) if shape is Shape.answers else np.arange(3)
    gold = np.eye(3)[chance.integers(0, 3, 9)] if values.ndim == 2 else (chance.random(9) < 0.5).astype(float)
    problem = _Problem(values, gold, label, 3, shape)
    begin = chance.normal(size=6)
    assert check_grad(lambda x: problem(x)[0], lambda x: problem(x)[1], begin) < 1e-5


def test_isotonic_scores_never_turn_the_order_round() -> None:
    rows, logits = planted(400)
    pairs = [(row, Scores(NAMES, softmax(one).astype(np.float32))) for row, one in zip(rows, logits, strict=True)]
    found = fit_isotonic(pairs, CLASSES)
    for _, prediction in pairs:
        scores = found(NAMES, CLASSES.scores(prediction))
        assert scores.sum() == pytest.approx(1.0)
        order = np.argsort(CLASSES.scores(prediction))
        assert (np.diff(scores[order]) >= -1e-12).all()
