"""A long text is tokenized in pieces, which changes neither its sub-words nor their places."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.contracts.notes import Notes
from ftk.data.text import long_texts, tokenizing, words
from ftk.data.text.long_texts import parts_of, pieces_of
from ftk.data.text.tokenizing import tokenized
from ftk.data.text.words import Words, split_words

pytestmark = pytest.mark.torch

SENTENCE = "The cat, (a dog) and rain's 3,000 houses sat on\nthe roof. [SEP] Élan über </s> "


@cache
def tokenizer(kind: str) -> Any:
    from small_models import make_tokenizer

    return make_tokenizer(kind)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (long_texts, tokenizing, words):
        if hasattr(module, "LONG"):
            monkeypatch.setattr(module, "LONG", 100)
    monkeypatch.setattr(long_texts, "_PIECE", 80)
    monkeypatch.setattr(long_texts, "_NEAR", 40)
    monkeypatch.setattr(tokenizing, "_CHARACTERS", 300)


@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "unigram"])
def test_pieces_have_the_tokens_of_the_whole(request: pytest.FixtureRequest, kind: str, offsets: bool) -> None:
    texts = ["short", 20 * SENTENCE, "", SENTENCE, 7 * SENTENCE]
    notes = [Notes(), Notes()]
    whole = list(tokenized(tokenizer(kind), texts, offsets=offsets, notes=notes[0]))
    request.getfixturevalue("small")
    pieces = list(tokenized(tokenizer(kind), texts, offsets=offsets, notes=notes[1]))
    for (ids, places), (own, own_places) in zip(whole, pieces, strict=True):
        assert own.tolist() == ids.tolist()
        if offsets:
            assert np.asarray(own_places).reshape(-1, 2).tolist() == np.asarray(places).reshape(-1, 2).tolist()
    assert [str(one) for one in notes[0].drain()] == [str(one) for one in notes[1].drain()]


@MANY
@given(text=st.text(st.sampled_from("ab \n.日é"), max_size=2000))
def test_pieces_are_the_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_texts, "LONG", 100)
        patch.setattr(long_texts, "_PIECE", 80)
        patch.setattr(long_texts, "_NEAR", 40)
        pieces = list(pieces_of(text))
        assert "".join(piece for _, piece in pieces) == text
        assert all(text[begin:].startswith(piece) for begin, piece in pieces)
        assert all(len(piece) <= 100 for _, piece in pieces)


@MANY
@given(texts=st.lists(st.text("a", max_size=250), max_size=30), number=st.integers(1, 5))
def test_parts_are_the_texts(texts: list[str], number: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_texts, "LONG", 100)
        parts = list(parts_of(texts, number, 200))
        assert [text for part in parts for text in part] == texts
        for part in parts:
            assert len(part) <= number
            assert len(part) == 1 or (sum(map(len, part)) <= 200 and max(map(len, part)) <= 100)


def test_words_of_a_long_text(request: pytest.FixtureRequest) -> None:
    whole = [split_words(20 * SENTENCE, kind) for kind in (Words.fine, Words.coarse, Words.characters)]
    request.getfixturevalue("small")
    for kind, (starts, ends) in zip((Words.fine, Words.coarse, Words.characters), whole, strict=True):
        assert list(map(list, split_words(20 * SENTENCE, kind))) == [starts, ends]
