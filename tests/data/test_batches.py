"""Which windows make a step: all of them once an epoch, in an order that seed and epoch decide, with little padding."""

import numpy as np
import pytest
from data_helpers import MANY
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ftk.data.batches import StepOrder, token_batches
from ftk.data.features import Features, Ragged

LENGTHS = np.random.default_rng(0).integers(1, 300, size=1000)


def epoch(order: StepOrder, number: int) -> list[list[int]]:
    """The windows of each step of one epoch."""
    first = number * order.steps_per_epoch
    return [order.windows(first + step).tolist() for step in range(order.steps_per_epoch)]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=300), st.integers(1, 40), st.integers(0, 9))
@MANY
def test_every_window_once_an_epoch(lengths: list[int], batch_size: int, seed: int) -> None:
    order = StepOrder(np.array(lengths), batch_size, seed)
    for number in (0, 3):
        steps = epoch(order, number)
        assert sorted(window for step in steps for window in step) == list(range(len(lengths)))
        short = [step for step in steps if len(step) != batch_size]
        assert len(short) == (len(lengths) % batch_size > 0)
        assert all(0 < len(step) <= batch_size for step in steps)
        for step in steps:
            assert [lengths[window] for window in step] == sorted((lengths[window] for window in step), reverse=True)


def test_seed_and_epoch_alone_decide_the_order() -> None:
    order = StepOrder(LENGTHS, 16, seed=7)
    first, second = epoch(order, 0), epoch(order, 1)
    assert first != second
    assert epoch(StepOrder(LENGTHS, 16, seed=7), 0) == first
    assert epoch(StepOrder(LENGTHS, 16, seed=8), 0) != first


def test_any_step_is_reached_without_those_before_it() -> None:
    order = StepOrder(LENGTHS, 16, seed=7)
    in_order = [order.windows(step).tolist() for step in range(3 * order.steps_per_epoch)]
    for step in (150, 0, 187, 63, 62, 126):
        assert StepOrder(LENGTHS, 16, seed=7).windows(step).tolist() == in_order[step]
        assert order.windows(step).tolist() == in_order[step], "and back again"


def padding(steps: list[list[int]]) -> float:
    """The share of padding if each step is one tensor."""
    cells = sum(len(step) * max(LENGTHS[window] for window in step) for step in steps)
    return 1 - LENGTHS.sum() / cells


def test_there_is_less_padding_than_in_random_order() -> None:
    steps = epoch(StepOrder(LENGTHS, 16, seed=0), 0)
    shuffled = np.random.default_rng(1).permutation(len(LENGTHS)).tolist()
    assert padding(steps) < 0.1 * padding([shuffled[at : at + 16] for at in range(0, len(shuffled), 16)])


def test_long_and_short_steps_are_mixed() -> None:
    longest = [max(LENGTHS[window] for window in step) for step in epoch(StepOrder(LENGTHS[:400], 16, seed=0), 0)]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 200))
@MANY
def test_token_batches_hold_every_window_within_the_budget(lengths: list[int], tokens: int) -> None:
    all_lengths = np.array([99, *lengths])
    windows = np.arange(1, len(all_lengths))
    batches = list(token_batches(windows, all_lengths, tokens))
    assert sorted(window for batch in batches for window in batch.tolist()) == windows.tolist()
    for batch in batches:
        longest = all_lengths[batch].max()
        assert len(batch) == 1 or len(batch) * longest <= tokens
    flat = [all_lengths[window] for batch in batches for window in batch.tolist()]
    assert flat == sorted(flat, reverse=True)
    for batch in batches[:-1]:
        assert (len(batch) + 1) * all_lengths[batch].max() > tokens, "no batch is smaller than it must be"


@pytest.mark.parametrize("lists", [[], [[]], [[1, 2], [], [3]]])
def test_ragged_gives_back_what_it_packed(lists: list[list[int]]) -> None:
    packed = Ragged.of([np.array(values, dtype=np.int32) for values in lists])
    assert [packed[i].tolist() for i in range(len(packed))] == lists
    assert packed.lengths.tolist() == [len(values) for values in lists]


def test_the_windows_of_some_rows() -> None:
    row: NDArray[np.int64] = np.array([0, 0, 2, 3, 3, 3])
    features = Features({"input_ids": Ragged.of([np.arange(n + 1, dtype=np.int32) for n in range(6)])}, row, 5)
    assert len(features) == 6
    assert features.lengths.tolist() == [1, 2, 3, 4, 5, 6]
    for first in range(6):
        for end in range(first, 6):
            expected = [window for window in range(6) if first <= row[window] < end]
            assert list(features.windows_of(first, end)) == expected
