"""Sub-words that are cut where words begin: no character is lost, and nothing else is changed."""

from itertools import pairwise
from typing import Any
from unicodedata import category

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_word_windows import BUILDERS

from data_helpers import SOME
from ftk.data.text.piece_cuts import PieceCutter

pytestmark = pytest.mark.torch

PARTS = [
    "Ada",
    "Lovelace's",
    "U.S.",
    "北京大学",
    "ひらがな",
    "กรุงเทพ",
    "서울에서",
    "München",
    "C++",
    "👍🏽",
    "é",
    "प्रधान",
]


@pytest.fixture(scope="module", params=BUILDERS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return BUILDERS[request.param]()


def encoded(tokenizer: Any, text: str) -> tuple[Any, Any]:
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    spans = np.asarray(found["offset_mapping"], dtype=np.int64).reshape(-1, 2)
    return np.asarray(found["input_ids"], dtype=np.int32), spans


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6), st.sampled_from(["", " "]), st.data())
@SOME
def test_no_sub_word_covers_characters_on_both_sides_of_a_cut(
    tokenizer: Any, parts: list[str], gap: str, data: st.DataObject
) -> None:
    text = gap.join(parts)
    ids, spans = encoded(tokenizer, text)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=8)))
    cuts = [cut for cut in cuts if cut < len(text) and not text[cut].isspace()]
    new_ids, new_spans = PieceCutter(tokenizer).cut(text, ids, spans, cuts)
    assert len(new_ids) == len(new_spans)
    for begin, end in new_spans.tolist():
        for cut in cuts:
            assert not (begin < cut < end and text[begin:cut].strip())
    touched = [any(begin < cut < end for cut in cuts) for begin, end in spans.tolist()]
    if not any(touched):
        assert new_ids.tolist() == ids.tolist()
    assert all(one[0] <= other[0] for one, other in pairwise(new_spans.tolist()) if one[0] < one[1])
    before, after = ({at for b, e in some.tolist() for at in range(b, e)} for some in (spans, new_spans))
    # A mark by itself is nothing to a tokenizer that removes accents.
    assert {at for at in before if category(text[at])[0] not in "ZM"} <= after


def test_parts_of_words_are_written_as_such() -> None:
    from test_word_windows import SPECIAL, wrapped
    from tokenizers import Tokenizer, models, pre_tokenizers

    entries = [*SPECIAL, "서울에서", "서", "##울", "##에", "##서", "간다", "##간"]
    model = models.WordPiece({entry: number for number, entry in enumerate(entries)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    own = wrapped(tokenizer)
    ids, spans = encoded(own, "서울에서 간다")
    cut, places = PieceCutter(own).cut("서울에서 간다", ids, spans, [1, 2, 3, 5])
    assert own.convert_ids_to_tokens(cut.tolist()) == ["서", "##울", "##에", "##서", "간다"]
    assert places.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [5, 7]]
    whole, _ = PieceCutter(own).cut("서울에서 간다", ids, spans, [5])
    assert whole.tolist() == ids.tolist()
    cut, _ = PieceCutter(own).cut("서울에서 간다", ids, spans, [6])
    assert own.convert_ids_to_tokens(cut.tolist()) == ["서울에서", "##간", "[UNK]"]


@pytest.mark.parametrize("lowercase", [True, False])
def test_letters_that_a_tokenizer_takes_apart_are_cut_between(lowercase: bool) -> None:
    """Without accents, Korean syllables are made of letters, and sub-words may end between these."""
    from dataclasses import replace

    from conftest import word_pieces
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    texts = ["서울에서 부산까지", "부산에서 서울까지 간다", "서울에서 간다"] * 5
    own = learn_tokenizer(texts, replace(word_pieces(300), lowercase=lowercase), max_length=64)
    ids, spans = encoded(own, texts[0])
    cuts = [at for at in range(1, len(texts[0])) if texts[0][at] != " "]
    cut, places = PieceCutter(own).cut(texts[0], ids, spans, cuts)
    assert own.unk_token_id not in cut.tolist()
    assert {end - begin for begin, end in places.tolist()} == {1}
