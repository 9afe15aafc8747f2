"""What tokenizers put around text, and which of their tokens masking leaves alone."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from ftk.data.text.block_frame import BlockFrame
from ftk.errors import ModelError
from small_models import make_tokenizer

pytestmark = pytest.mark.torch  # transformers

KINDS = ("wordpiece", "bytes", "unigram")


@cache
def tokenizer(kind: str) -> Any:
    return make_tokenizer(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_framed_by_hand_is_what_the_tokenizer_makes(kind: str) -> None:
    known = tokenizer(kind)
    frame = BlockFrame.of(known)
    left, right = (known(text, add_special_tokens=False)["input_ids"] for text in ("Ada went", "to Oslo"))
    assert [*frame.prefix, *left, *frame.suffix] == known("Ada went")["input_ids"]
    assert frame.pair is not None
    before, between, behind = frame.pair
    assert [*before, *left, *between, *right, *behind] == known("Ada went", "to Oslo")["input_ids"]
    assert frame.mask_id == known.mask_token_id


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_are_not_ordinary(kind: str) -> None:
    known = tokenizer(kind)
    frame = BlockFrame.of(known)
    assert len(frame.is_special) == len(known)
    assert set(np.flatnonzero(frame.is_special)) == set(known.all_special_ids)
    assert sorted([*frame.ordinary, *known.all_special_ids]) == list(range(len(known)))


def wrapped(vocabulary: dict[str, int], *, pair: bool = True, **names: str) -> Any:
    """A tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]" if pair else "[CLS] $A $B",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **{"unk_token": "[UNK]", "mask_token": "[MASK]", **names})


FEW = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}


def test_a_vocabulary_without_latin_letters_knows_pairs_too() -> None:
    frame = BlockFrame.of(wrapped({**FEW, "北": 5, "京": 6}))
    assert (frame.prefix.tolist(), frame.suffix.tolist()) == ([2], [3])
    assert frame.pair is not None
    assert [part.tolist() for part in frame.pair] == [[2], [3], [3]]


def test_numbers_that_are_missing_from_a_vocabulary_are_not_drawn() -> None:
    frame = BlockFrame.of(wrapped({**FEW, "a": 7, "b": 20}, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]"))
    assert frame.ordinary.tolist() == [7, 20]
    assert len(frame.is_special) == 21
    assert np.flatnonzero(frame.is_special).tolist() == [0, 1, 2, 3, 4]


def test_a_tokenizer_without_pairs_or_without_a_mask() -> None:
    assert BlockFrame.of(wrapped(FEW, pair=False)).pair is None
    bare = wrapped({**FEW, "a": 5})
    bare.mask_token = None
    with pytest.raises(ModelError, match=r"has no mask token.*cannot be pretrained by masking"):
        BlockFrame.of(bare)


def test_a_tokenizer_that_is_not_of_the_tokenizers_library_is_refused() -> None:
    import transformers

    with pytest.raises(ModelError, match=r"ByT5Tokenizer reports no character offsets.*tokenizer\.json is needed"):
        BlockFrame.of(transformers.ByT5Tokenizer())
