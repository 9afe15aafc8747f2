"""An order that is computed: each thing once, another order for another key, and no order to be seen in it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.data.batching.permutation import Permutation, mix

SIZES = (
    st.integers(1, 40)
    | st.integers(1, 5000)
    | st.integers(1, 12).flatmap(lambda power: st.integers(max(1, 2**power - 1), 2**power + 1))
)


def order(size: int, *key: int) -> list[int]:
    return Permutation(size, key)(np.arange(size)).tolist()


@given(SIZES, st.integers(0, 2**63), st.integers(0, 1000))
@MANY
def test_each_thing_has_one_place(size: int, seed: int, epoch: int) -> None:
    assert sorted(order(size, seed, epoch)) == list(range(size))


def test_places_are_computed_one_by_one() -> None:
    size = 2**33 + 12_345
    permutation = Permutation(size, (1, 0))
    places = np.array([0, 1, 2**31, 2**32 + 1, size - 1, 12_345])
    together = permutation(places)
    assert together.dtype == np.int64
    assert [int(permutation(places[at : at + 1])[0]) for at in range(len(places))] == together.tolist()
    assert permutation(places[::-1]).tolist() == together[::-1].tolist()
    assert len(set(together.tolist())) == len(places)
    assert all(0 <= thing < size for thing in together.tolist())
    assert places[0] == 0, "what was asked for is not changed"
    assert permutation(np.zeros(0, dtype=np.int64)).tolist() == []


def test_the_key_alone_decides_the_order() -> None:
    orders = [tuple(order(200, seed, epoch)) for seed in range(20) for epoch in range(20)]
    assert len(set(orders)) == 400
    assert orders[0] == tuple(order(200, 0, 0))
    # Two of them agree in about one place, as two random orders do.
    agreeing = [np.sum(np.array(a) == np.array(b)) for a, b in itertools.pairwise(orders)]
    assert 0.8 < np.mean(agreeing) < 1.2


def test_every_order_of_a_few_things_is_as_likely() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(6000):
        found = tuple(order(4, seed, 0))
        counts[found] = counts.get(found, 0) + 1
    assert len(counts) == 24
    expected = 6000 / 24
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < 49.7  # 23 degrees of freedom: passed by 999 of 1000 fair shuffles


@pytest.mark.parametrize("size", [1000, 4096, 4097, 100_003])
def test_places_and_things_have_nothing_to_do_with_one_another(size: int) -> None:
    places = np.arange(size)
    for seed in range(5):
        things = np.array(order(size, seed, 0))
        limit = 4 / np.sqrt(size)
        assert abs(np.corrcoef(places, things)[0, 1]) < limit
        for distance in (1, 2, 64):
            assert abs(np.corrcoef(things[:-distance], things[distance:])[0, 1]) < limit
        # Tenths of the places against tenths of the things.
        table, _, _ = np.histogram2d(places, things, bins=10)
        chi_square = ((table - size / 100) ** 2 / (size / 100)).sum()
        assert chi_square < 126  # 81 degrees of freedom: passed by 999 of 1000 fair shuffles
        # Neighbours stay neighbours about twice, as in a fair shuffle.
        assert np.sum(np.abs(np.diff(things)) == 1) < 12


def test_mix_is_the_finalizer_of_splitmix64() -> None:
    # The first outputs of the generator for the seed 1234567, from its reference implementation.
    seeds = np.uint64(1234567) + np.uint64(0x9E3779B97F4A7C15) * np.arange(3, dtype=np.uint64)
    assert mix(seeds).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]
