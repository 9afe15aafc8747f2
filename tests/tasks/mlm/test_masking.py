"""Masks: the share that was asked for, whole words and spans, and the same for a block wherever it is seen."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from block_helpers import MASK, SPECIAL
from data_helpers import MANY, SOME
from ftk.data.batching.random_draws import CounterRandom
from ftk.tasks.mlm.masking import Masking
from ftk.tasks.mlm.policies import Unit

ORDINARY = np.array([number for number in range(SPECIAL, 1000) if number % 7], dtype=np.int64)
UNITS = list(Unit)


def masking(unit: Unit = Unit.token, **changes: Any) -> Masking:
    values = {"share": 0.15, "mask_token": 0.8, "random_token": 0.1, "span_mean": 3.8, "span_longest": 10}
    return Masking(unit=unit, **{**values, **changes})


def draws(rows: int, seed: int = 1, epoch: int = 0, first: int = 0) -> CounterRandom:
    return CounterRandom(seed, np.full(rows, epoch), np.arange(first, first + rows))


class Rows:
    """Rows of random tokens, framed and padded, and where their words begin."""

    def __init__(self, rows: int, time: int, *, mean_word: float = 1.7, seed: int = 0, full: bool = False) -> None:
        random = np.random.default_rng(seed)
        self.ids = random.integers(SPECIAL, 1000, size=(rows, time))
        self.ids[:, 0] = 1
        ends = np.full(rows, time) if full else random.integers(3, time + 1, size=rows)
        self.ids[np.arange(rows), ends - 1] = 2
        self.ids[np.arange(time) >= ends[:, None]] = 0
        self.text = self.ids >= SPECIAL
        self.begins = (random.random((rows, time)) < 1 / mean_word) | ~self.text
        self.begins[:, 1] = True

    def word(self) -> NDArray[np.int64]:
        """The number of each token's word."""
        return np.cumsum(self.begins, axis=1)

    def masked(self, mask: Masking, draws: CounterRandom) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return mask(self.ids, self.text, self.begins, draws, MASK, ORDINARY)


@MANY
@given(
    st.sampled_from(UNITS), st.integers(1, 5), st.integers(3, 50), st.floats(0.01, 0.99), st.integers(0, 99), st.data()
)
def test_chosen_are_tokens_of_text_one_at_least(
    unit: Unit, number: int, time: int, share: float, seed: int, data: st.DataObject
) -> None:
    rows = Rows(number, time, mean_word=data.draw(st.floats(1, 5)), seed=seed)
    hidden, chosen = rows.masked(masking(unit, share=share), draws(number, seed))
    assert not (chosen & ~rows.text).any()
    assert (hidden[~chosen] == rows.ids[~chosen]).all()
    counts, text = chosen.sum(axis=1), rows.text.sum(axis=1)
    assert ((counts > 0) == (text > 0)).all()
    if unit is Unit.token:
        assert (np.abs(counts - share * text) < 1).all() | (counts[np.abs(counts - share * text) >= 1] == 1).all()
    replaced = hidden[chosen & (hidden != MASK) & (hidden != rows.ids)]
    assert np.isin(replaced, ORDINARY).all(), "no special token, and none that the vocabulary lacks"


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("share", [0.15, 0.4])
def test_the_share_is_met_on_average(unit: Unit, share: float) -> None:
    rows = Rows(3000, 128)
    _, chosen = rows.masked(masking(unit, share=share), draws(3000))
    long = rows.text.sum(axis=1) > 60  # in short rows one word or span at least is more than the share
    shares = chosen[long].sum(axis=1) / rows.text[long].sum(axis=1)
    assert shares.mean() == pytest.approx(share, abs=0.003)
    counts = chosen[long].sum(axis=1) - share * rows.text[long].sum(axis=1)
    assert np.abs(counts).max() < {Unit.token: 1, Unit.word: 12, Unit.span: 40}[unit]
    # Each place has the same chance, nearly: what is cut at the ends of a row is shorter, and fits more often.
    rows = Rows(3000, 128, full=True)
    by_place = rows.masked(masking(unit, share=share), draws(3000))[1][:, 1:-1].mean(axis=0)
    assert np.abs(by_place / share - 1).max() < 0.2
    assert by_place.std() < 0.07 * share


@pytest.mark.parametrize("unit", UNITS)
def test_what_replaces_them(unit: Unit) -> None:
    rows = Rows(2000, 128, full=True)
    hidden, chosen = rows.masked(masking(unit), draws(2000))
    before, behind = rows.ids[chosen], hidden[chosen]
    assert (behind == MASK).mean() == pytest.approx(0.8, abs=0.02)
    assert ((behind != MASK) & (behind != before)).mean() == pytest.approx(0.1, abs=0.015)
    assert (behind == before).mean() == pytest.approx(0.1, abs=0.015)
    drawn, times = np.unique(behind[(behind != MASK) & (behind != before)], return_counts=True)
    assert len(drawn) > 0.9 * len(ORDINARY), "any ordinary token"
    assert times.max() < 30


@pytest.mark.parametrize(("mask_token", "random_token"), [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (0.5, 0.5)])
def test_the_ends_of_the_shares(mask_token: float, random_token: float) -> None:
    rows = Rows(200, 64)
    hidden, chosen = rows.masked(masking(mask_token=mask_token, random_token=random_token), draws(200))
    behind = hidden[chosen]
    assert (behind == MASK).mean() == pytest.approx(mask_token, abs=0.06)
    if random_token == 0:
        assert ((behind == MASK) | (behind == rows.ids[chosen])).all()
    if mask_token + random_token == 1:
        assert (behind == rows.ids[chosen]).mean() < 0.01, "only where the random token is the same"


@pytest.mark.parametrize("mean_word", [1.0, 1.5, 4.0])
def test_a_word_is_masked_whole_or_not_at_all(mean_word: float) -> None:
    rows = Rows(1000, 64, mean_word=mean_word)
    _, chosen = rows.masked(masking(Unit.word), draws(1000))
    for row in range(1000):
        word, own = rows.word()[row], chosen[row]
        sizes = np.bincount(word, weights=rows.text[row])
        inside = np.bincount(word, weights=own)
        assert (((inside == 0) | (inside == sizes)) | (sizes > 16)).all()


def test_pieces_of_a_word_are_replaced_each_by_itself() -> None:
    rows = Rows(500, 64, mean_word=3)
    hidden, chosen = rows.masked(masking(Unit.word, mask_token=0.5, random_token=0.0), draws(500))
    first = chosen[:, :-1] & chosen[:, 1:] & ~rows.begins[:, 1:]
    same = (hidden[:, :-1] == MASK)[first] == (hidden[:, 1:] == MASK)[first]
    assert same.mean() == pytest.approx(0.5, abs=0.05)


def spans(mask: Masking, rows: Rows, draws: CounterRandom) -> NDArray[np.int64]:
    """The span of each token, by the place of its first token."""
    return mask._groups(rows.text, rows.begins, draws)


@pytest.mark.parametrize(("mean", "longest"), [(3.8, 10), (2.0, 30), (1.0, 10), (6.0, 3)])
def test_spans_are_words_in_a_row_of_geometric_number(mean: float, longest: int) -> None:
    rows = Rows(2000, 128, full=True)
    mask = masking(Unit.span, span_mean=mean, span_longest=longest)
    group = spans(mask, rows, draws(2000))
    hidden, chosen = rows.masked(mask, draws(2000))
    words = []
    for row in range(2000):
        word, own = rows.word()[row], group[row]
        for first in np.unique(own[chosen[row]]):
            member = np.flatnonzero(own == first)
            assert member.tolist() == list(range(member[0], member[-1] + 1)), "contiguous"
            assert rows.begins[row, member[0]]
            assert member[-1] + 1 == 128 or rows.begins[row, member[-1] + 1], "it ends where a word ends"
            if len(member) <= 16:
                assert chosen[row, member].all(), "whole"
            kinds = hidden[row, member[chosen[row, member]]] == MASK
            assert kinds.all() or not kinds.any(), "replaced as one"
            if member[-1] < 126:
                words.append(len(set(word[member])))
    assert max(words) <= longest
    # Geometric numbers that are cut at the longest, and begin anew there.
    stay = 1 - 1 / mean
    expected = mean * (1 - stay**longest)
    assert np.mean(words) == pytest.approx(expected, rel=0.12)
    share = [words.count(number) / len(words) for number in range(1, longest + 1)]
    if 1 < mean < longest:
        assert share[1] / share[0] == pytest.approx(stay, abs=0.06)


def test_spans_do_not_reach_over_special_tokens() -> None:
    rows = Rows(300, 64, full=True)
    rows.ids[:, 20:60:20] = 2
    rows.text = rows.ids >= SPECIAL
    rows.begins[:, 21] = rows.begins[:, 41] = False  # a block of a stream may go on with the middle of a word
    for unit in (Unit.word, Unit.span):
        group = spans(masking(unit, span_mean=8), rows, draws(300))
        assert (group[:, [20, 40]] == [20, 40]).all()
        assert (group[:, [21, 41]] == [21, 41]).all()
        assert (group[:, 22:40] >= 21).all()


@SOME
@given(st.sampled_from(UNITS), st.permutations(range(12)), st.integers(1, 12), st.integers(0, 30))
def test_masks_are_a_function_of_seed_epoch_and_block(unit: Unit, order: list[int], size: int, padding: int) -> None:
    rows, mask = Rows(12, 40), masking(unit)
    together = rows.masked(mask, draws(12))
    for begin in range(0, 12, size):
        batch = np.array(order[begin : begin + size])
        wide = [
            np.pad(part[batch], ((0, 0), (0, padding)), constant_values=fill)
            for part, fill in ((rows.ids, 0), (rows.text, False), (rows.begins, True))
        ]
        hidden, chosen = mask(*wide, CounterRandom(1, np.zeros(len(batch), dtype=np.int64), batch), MASK, ORDINARY)
        assert (hidden[:, :40] == together[0][batch]).all()
        assert (chosen[:, :40] == together[1][batch]).all()
        assert not chosen[:, 40:].any()


@pytest.mark.parametrize("unit", UNITS)
def test_other_seeds_epochs_and_blocks_have_other_masks(unit: Unit) -> None:
    rows = Rows(3, 128, full=True)
    masks = {
        rows.masked(masking(unit), draws(3, seed, epoch, first))[1].tobytes()
        for seed in range(6)
        for epoch in (-1, 0, 1, 2)
        for first in (0, 3, 2**40)
    }
    assert len(masks) == 6 * 4 * 3


def test_masks_of_epochs_are_independent() -> None:
    rows = Rows(500, 128, full=True)
    chosen = [rows.masked(masking(), draws(500, 1, epoch))[1] for epoch in range(4)]
    both = (chosen[0] & chosen[1]).sum() / chosen[0].sum()
    assert both == pytest.approx(0.15, abs=0.01)
    assert np.logical_or.reduce(chosen)[rows.text].mean() == pytest.approx(1 - 0.85**4, abs=0.01)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("text", "expected"), [(0, 0), (1, 1), (2, 1)])
def test_rows_of_next_to_no_text(unit: Unit, text: int, expected: int) -> None:
    ids = np.array([[1, *range(SPECIAL, SPECIAL + text), 2, 0, 0]] * 50)
    begins = np.ones(ids.shape, dtype=np.bool_)
    hidden, chosen = masking(unit, span_longest=1)(ids, ids >= SPECIAL, begins, draws(50), MASK, ORDINARY)
    assert (chosen.sum(axis=1) == expected).all()
    assert (hidden[ids < SPECIAL] == ids[ids < SPECIAL]).all()


@pytest.mark.parametrize("unit", [Unit.word, Unit.span])
@pytest.mark.parametrize("size", [17, 40, 126])
def test_sentences_without_spaces_do_not_hide_a_whole_row(unit: Unit, size: int) -> None:
    """Byte-level and Unigram tokenizers take a sentence of Chinese for one word."""
    rows = Rows(800, 128, full=True)
    rows.begins[:] = ~rows.text
    rows.begins[:, 1:127:size] = True
    _, chosen = rows.masked(masking(unit), draws(800))
    assert chosen.sum() / rows.text.sum() == pytest.approx(0.15, abs=0.02)
    assert chosen.any(axis=1).all()
    assert (chosen.sum(axis=1) < 40).all()


def test_random_numbers_are_even_and_unrelated() -> None:
    numbers = np.concatenate([draws(300, seed)(purpose, 50) for seed in (1, 2) for purpose in (0, 1)])
    assert 0 <= numbers.min() < 0.001
    assert 0.999 < numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.005)
    counts, _ = np.histogram(numbers, bins=20)
    assert np.abs(counts / len(numbers.ravel()) - 0.05).max() < 0.004
    assert abs(np.corrcoef(numbers[:, 0], numbers[:, 1])[0, 1]) < 0.1
    assert len(np.unique(numbers)) == numbers.size
    first, again = (draws(3).generator(row).random() for row in (1, 1))
    assert first == again != draws(3).generator(2).random()
