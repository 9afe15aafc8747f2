"""Windows of texts and of pairs: nothing is lost, nothing is too long, and the special tokens are the tokenizer's."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.contracts.values import WindowPlan
from ftk.data.text.text_windows import TextEncoder, takes_segments
from ftk.errors import DataError

pytestmark = pytest.mark.torch

TEXTS = ["the cat sat on the mat", "a dog ran to the old house by the river", "rain fell on the roof all night"]


@cache
def tokenizer(kind: str = "wordpiece") -> Any:
    from small_models import make_tokenizer

    return make_tokenizer(kind)


def test_one_window_is_what_the_tokenizer_makes():
    for kind in ("wordpiece", "bytes", "unigram"):
        encoder = TextEncoder(tokenizer(kind), WindowPlan(64, 16), pairs=False)
        for text, (ids, _) in zip(TEXTS, encoder.tokens(TEXTS), strict=True):
            [window] = encoder.windows(ids)
            assert window.input_ids.tolist() == tokenizer(kind)(text)["input_ids"]


def test_a_pair_is_what_the_tokenizer_makes_with_its_segments():
    for kind in ("wordpiece", "bytes", "unigram"):
        encoder = TextEncoder(tokenizer(kind), WindowPlan(64, 16), pairs=True)
        (first, _), (second, _) = encoder.tokens(TEXTS[:2])
        [window] = encoder.windows(first, second)
        expected = tokenizer(kind)(TEXTS[0], TEXTS[1], return_token_type_ids=True)
        assert window.input_ids.tolist() == expected["input_ids"]
        if kind == "wordpiece":  # the others know one segment only
            assert [int(at >= window.segment) for at in range(len(window.input_ids))] == expected["token_type_ids"]
        shown = window.input_ids[window.second_at : window.second_at + len(second)]
        assert shown.tolist() == second.tolist()


@MANY
@given(total=st.integers(0, 200), length=st.integers(8, 40), stride=st.integers(0, 20))
def test_windows_of_one_text_show_all_of_it(total, length, stride):
    encoder = TextEncoder(tokenizer(), WindowPlan(length, min(stride, length // 2)), pairs=False)
    ids = np.arange(total, dtype=np.int32)
    windows = encoder.windows(ids)
    assert all(len(window.input_ids) <= length for window in windows)
    shown = [
        set(window.input_ids[window.first_at :][: window.first[1] - window.first[0]].tolist()) for window in windows
    ]
    assert set().union(*shown) == set(range(total))
    assert all(after.first[0] > before.first[0] for before, after in pairwise(windows))
    assert all(after.first[0] <= before.first[1] for before, after in pairwise(windows))


@MANY
@given(one=st.integers(0, 120), two=st.integers(0, 120), length=st.integers(12, 40), stride=st.integers(0, 20))
def test_windows_of_a_pair_show_each_part_of_the_one_beside_each_part_of_the_other(one, two, length, stride):
    encoder = TextEncoder(tokenizer(), WindowPlan(length, min(stride, length // 2), 10**9), pairs=True)
    first, second = np.arange(one, dtype=np.int32), np.arange(1000, 1000 + two, dtype=np.int32)
    windows = encoder.windows(first, second)
    assert all(len(window.input_ids) <= length for window in windows)
    pairs = {(a, b) for window in windows for a in range(*window.first) for b in range(*window.second)}
    assert pairs == {(a, b) for a in range(one) for b in range(two)}
    for window in windows:
        assert window.input_ids[window.first_at :][: window.first[1] - window.first[0]].tolist() == list(
            range(*window.first)
        )
        assert window.input_ids[window.second_at :][: window.second[1] - window.second[0]].tolist() == [
            1000 + at for at in range(*window.second)
        ]


def test_windows_without_room_for_text_are_refused():
    with pytest.raises(DataError, match=r"data\.max_length=4 leaves no room"):
        TextEncoder(tokenizer(), WindowPlan(4, 1), pairs=True)


def test_segments_are_for_models_that_have_them():
    from types import SimpleNamespace

    from ftk.models.tokenizers.model_inputs import set_token_type_input

    for sizes, expected in ((2, True), (1, False), (0, False)):
        made = tokenizer()
        set_token_type_input(SimpleNamespace(type_vocab_size=sizes), made)
        assert takes_segments(made) is expected


@MANY
@given(first=st.integers(0, 900), second=st.integers(0, 900), length=st.integers(8, 40), most=st.integers(1, 80))
def test_a_pair_of_long_texts_has_the_windows_of_its_ends(first, second, length, most):
    whole = TextEncoder(tokenizer(), WindowPlan(length, length // 4, 10**9), pairs=True)
    encoder = TextEncoder(tokenizer(), WindowPlan(length, length // 4, most), pairs=True)
    all_of, found = whole._parts(first, second), encoder._parts(first, second)
    assert set(found) <= set(all_of)
    if not encoder.is_cut(first, second):
        assert found == all_of
        assert len(found) <= most or len({one for one, _ in found}) == 1 or len({two for _, two in found}) == 1
        return
    assert len(found) <= max(1, most) < len(all_of)
    assert found[0] == all_of[0]  # the beginnings of both
    assert most < 4 or found[-1] == all_of[-1]
