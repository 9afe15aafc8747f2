"""Which windows make a step: all of them once an epoch, in an order that seed and epoch decide, with little padding."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data_helpers import MANY
from ftk.data.batching.features import Features, Ragged
from ftk.data.batching.order import BlockOrder, StepOrder, token_batches
from ftk.data.batching.permutation import Permutation

LENGTHS = np.random.default_rng(0).integers(1, 300, size=1000)


def epoch(order: StepOrder, number: int) -> list[list[int]]:
    """The windows of each step of one epoch."""
    first = number * order.steps_per_epoch
    return [order.step(first + step)[0].tolist() for step in range(order.steps_per_epoch)]


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


@given(st.lists(st.integers(1, 60), min_size=1, max_size=300), st.integers(1, 40), st.integers(0, 9))
@MANY
def test_which_rows_are_drawn_together_at_random_does_not_depend_on_lengths(
    lengths: list[int], batch_size: int, seed: int
) -> None:
    order, others = (
        StepOrder(np.array(found), batch_size, seed, grouped=False) for found in (lengths, np.ones_like(lengths))
    )
    for number in (0, 3):
        steps = epoch(order, number)
        assert sorted(window for step in steps for window in step) == list(range(len(lengths)))
        assert [sorted(step) for step in steps] == [sorted(step) for step in epoch(others, number)]
        assert all(len(step) == batch_size for step in steps[:-1])
        for step in steps:
            assert [lengths[window] for window in step] == sorted((lengths[window] for window in step), reverse=True)
    assert order.step(len(steps))[0].tolist() == epoch(order, 1)[0]


def test_seed_and_epoch_alone_decide_the_order() -> None:
    order = StepOrder(LENGTHS, 16, seed=7)
    first, second = epoch(order, 0), epoch(order, 1)
    assert first != second
    assert epoch(StepOrder(LENGTHS, 16, seed=7), 0) == first
    assert epoch(StepOrder(LENGTHS, 16, seed=8), 0) != first


def test_any_step_is_reached_without_those_before_it() -> None:
    order = StepOrder(LENGTHS, 16, seed=7)
    in_order = [order.step(step)[0].tolist() for step in range(3 * order.steps_per_epoch)]
    for step in (150, 0, 187, 63, 62, 126):
        assert StepOrder(LENGTHS, 16, seed=7).step(step)[0].tolist() == in_order[step]
        assert order.step(step)[0].tolist() == in_order[step], "and back again"


def padding(steps: list[list[int]]) -> float:
    """The share of padding if each step is one tensor."""
    cells = sum(len(step) * max(LENGTHS[window] for window in step) for step in steps)
    return 1 - LENGTHS.sum() / cells


def test_there_is_less_padding_than_in_random_order() -> None:
    steps = epoch(StepOrder(LENGTHS, 16, seed=0), 0)
    shuffled = np.random.default_rng(1).permutation(len(LENGTHS)).tolist()
    assert padding(steps) < 0.25 * padding([shuffled[at : at + 16] for at in range(0, len(shuffled), 16)])


def test_rows_of_a_small_corpus_meet_others_in_each_epoch() -> None:
    order = StepOrder(LENGTHS[:320], 16, seed=0)
    one, other = (
        {frozenset(pair) for step in epoch(order, number) for pair in combinations(step, 2)} for number in (0, 1)
    )
    assert len(one & other) < 0.4 * len(one)


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
    features = Features({"input_ids": Ragged.of([np.arange(n + 1, dtype=np.int32) for n in range(6)])}, row, 0)
    assert len(features) == 6
    assert features.lengths.tolist() == [1, 2, 3, 4, 5, 6]
    for first in range(6):
        for end in range(first, 6):
            expected = [window for window in range(6) if first <= row[window] < end]
            assert list(features.windows_of(first, end)) == expected


def test_a_window_knows_its_epoch() -> None:
    order = StepOrder(LENGTHS, 16, seed=7)
    for step in (0, 62, 63, 190):
        windows, epochs = order.step(step)
        assert epochs.tolist() == [step // 63] * len(windows)
    assert [order.epoch(step) for step in (0, 63, 126)] == [0, 1, 2]
    assert [order.steps_in(epochs) for epochs in (0.001, 0.5, 1, 1.001, 2)] == [1, 32, 63, 64, 126]


@st.composite
def growing_orders(draw: st.DrawFn) -> tuple[int, int, int, int | None, int]:
    """Blocks, batch size, seed, and how the batch grows."""
    size = draw(st.integers(1, 30))
    warmup = draw(st.integers(0, 12))
    start = draw(st.integers(1, size)) if warmup else None
    return draw(st.integers(1, 70)), size, draw(st.integers(0, 5)), start, warmup


@given(growing_orders())
@MANY
def test_blocks_come_once_an_epoch_and_steps_continue_across_epochs(
    made: tuple[int, int, int, int | None, int],
) -> None:
    blocks, size, seed, start, warmup = made
    order = BlockOrder(blocks, size, seed, start=start, warmup=warmup)
    windows: list[int] = []
    epochs: list[int] = []
    begins = [0]
    while len(windows) < 3 * blocks:
        found = order.step(len(begins) - 1)
        windows += found[0].tolist()
        epochs += found[1].tolist()
        begins.append(len(windows))
    assert epochs == [place // blocks for place in range(len(windows))]
    for epoch in range(3):
        assert sorted(windows[epoch * blocks : (epoch + 1) * blocks]) == list(range(blocks))
    sizes = np.diff(begins).tolist()
    first = size if start is None else start
    assert sizes == sorted(sizes)
    assert sizes == [first + (size - first) * step // warmup if step < warmup else size for step in range(len(sizes))]
    assert [order.position(step) for step in range(len(begins))] == begins
    assert [order.epoch(step) for step in range(len(begins))] == [begin / blocks for begin in begins]
    for wanted in (0.01, 0.5, 1, 1.5, 3):
        enough = [step for step, begin in enumerate(begins) if step and begin >= wanted * blocks]
        assert order.steps_in(wanted) == enough[0]


def test_seed_and_epoch_alone_decide_the_order_of_blocks() -> None:
    def blocks(seed: int, *steps: int) -> list[list[int]]:
        order = BlockOrder(1000, 50, seed, start=None, warmup=0)
        return [order.step(step)[0].tolist() for step in steps]

    assert blocks(1, 25, 3) == blocks(1, 3, 25)[::-1], "any step is reached without those before it"
    assert blocks(1, 3) != blocks(2, 3)
    first, second = blocks(1, *range(20)), blocks(1, *range(20, 40))
    assert first != second


def test_a_step_of_many_millions_of_blocks_is_computed_not_stored() -> None:
    blocks, size, seed = 50_000_017, 64, 3
    tracemalloc.start()
    order = BlockOrder(blocks, size, seed, start=16, warmup=100)
    step = 10_000_000
    windows, epochs = order.step(step)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    grown = sum(16 + 48 * warm // 100 for warm in range(100))
    begin = grown + (step - 100) * size
    assert order.position(step) == begin
    assert order.epoch(step) == begin / blocks
    epoch, offset = divmod(begin, blocks)
    assert epochs.tolist() == [epoch] * size
    assert windows.tolist() == Permutation(blocks, (seed, epoch))(np.arange(offset, offset + size)).tolist()
    assert len(set(windows.tolist())) == size
    assert windows.min() >= 0
    assert windows.max() < blocks
    assert order.steps_in(order.epoch(step)) in (step, step + 1)  # the share of an epoch is rounded
