"""CKA over batches is that of plain loops over all rows."""

import numpy as np
import pytest

from ftk.comparing.alike.cka import BatchedCKA, unbiased_hsic


def hsic_by_loops(one: np.ndarray, other: np.ndarray) -> float:
    """Song et al. (2012): the mean over quadruples of different rows."""
    rows = range(len(one))
    pairs = [(i, j) for i in rows for j in rows if i != j]
    triples = [(i, j, q) for i, j in pairs for q in rows if q not in (i, j)]
    quadruples = [(i, j, q, r) for i, j, q in triples for r in rows if r not in (i, j, q)]
    return float(
        np.mean([one[i, j] * other[i, j] for i, j in pairs])
        + np.mean([one[i, j] * other[q, r] for i, j, q, r in quadruples])
        - 2 * np.mean([one[i, j] * other[i, q] for i, j, q in triples])
    )


def test_hsic_is_that_of_plain_loops() -> None:
    random = np.random.default_rng(0)
    kernels = []
    for width in (3, 5):
        states = random.normal(size=(7, width))
        kernel = states @ states.T
        np.fill_diagonal(kernel, 0)
        kernels.append(kernel)
    assert unbiased_hsic(*kernels) == pytest.approx(hsic_by_loops(*kernels), rel=1e-9)


def test_cka_does_not_depend_on_rotation_scale_and_shift() -> None:
    random = np.random.default_rng(1)
    states = random.normal(size=(60, 6))
    rotation = np.linalg.qr(random.normal(size=(6, 6)))[0]
    found = BatchedCKA([1, 2])
    for begin in range(0, 60, 20):
        part = states[begin : begin + 20]
        found.add([[part], [3 * part @ rotation + 7, random.normal(size=(20, 4))]])
    same, unrelated = found.of(0, 1)[0]
    assert same == pytest.approx(1)
    assert abs(unrelated) < 0.2
    assert found.rows == 60


def test_batches_estimate_the_cka_of_all_rows() -> None:
    """The CKA of Kornblith et al. (2019) over many rows, whose bias is then small."""
    random = np.random.default_rng(2)
    shared = random.normal(size=(4000, 8))
    one = shared @ random.normal(size=(8, 5)) + random.normal(size=(4000, 5))
    other = shared @ random.normal(size=(8, 6)) + random.normal(size=(4000, 6))
    first, second = one - one.mean(0), other - other.mean(0)
    norms = [np.linalg.norm(states.T @ states) for states in (first, second)]
    expected = np.linalg.norm(first.T @ second) ** 2 / np.prod(norms)
    found = BatchedCKA([1, 1])
    for begin in range(0, 4000, 100):
        found.add([[one[begin : begin + 100]], [other[begin : begin + 100]]])
    assert found.of(0, 1)[0, 0] == pytest.approx(expected, abs=0.02)


def test_a_layer_with_one_state_for_all_rows_has_none() -> None:
    found = BatchedCKA([1, 1])
    found.add([[np.ones((8, 3))], [np.random.default_rng(0).normal(size=(8, 3))]])
    assert np.isnan(found.of(0, 1)).all()
