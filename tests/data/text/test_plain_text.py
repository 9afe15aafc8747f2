"""Special tokens that a text spells out are text, for every kind of tokenizer, and everything else stays as it was."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.plain_text import plain_text
from ftk.data.text.tokenizing import tokenized

pytestmark = pytest.mark.torch  # tokenizers

FAST = ("wordpiece", "bytes", "unigram", "words", "whole words", "normalized", "gpt2")
PYTHON = ("byt5", "canine", "phobert")
SPELLED = ("[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]", "</s>", "<s>", "<pad>", "<mask>", "<unk>", "<|endoftext|>")


@cache
def tokenizer(kind: str) -> Any:
    import transformers
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

    from small_models import WORDS, make_tokenizer

    names = {
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "mask_token": "<mask>",
    }
    if kind in ("words", "whole words", "normalized"):
        vocabulary = {word: number for number, word in enumerate([*names.values(), *WORDS, "<", "/s>", "s>"])}
        backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        backend.pre_tokenizer = pre_tokenizers.Whitespace() if kind == "words" else pre_tokenizers.WhitespaceSplit()
        if kind == "normalized":
            backend.normalizer = normalizers.NFKC()
            names["sep_token"] = AddedToken("</s>", normalized=True, special=True, lstrip=True)  # type: ignore[assignment]
        return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **names)
    if kind == "gpt2":
        made = make_tokenizer("bytes")
        end = "<|endoftext|>"
        return transformers.PreTrainedTokenizerFast(
            tokenizer_object=made.backend_tokenizer, bos_token=end, eos_token=end, unk_token=end, pad_token=end
        )
    if kind == "byt5":
        return transformers.ByT5Tokenizer()
    if kind == "canine":
        return transformers.CanineTokenizer()
    if kind == "phobert":
        Path("vocab.txt").write_text("".join(f"{word} 1\n" for word in ("a@@", "b@@", "c", "Ada", "<@@", "s@@", ">")))
        Path("bpe.codes").write_text("A d 1\nAd a</w> 1\n")
        return transformers.PhobertTokenizer("vocab.txt", "bpe.codes")
    return make_tokenizer(kind)


def special(made: Any) -> set[int]:
    roles = ("bos", "eos", "sep", "pad", "cls", "mask")
    return {getattr(made, f"{role}_token_id") for role in roles} - {None, made.unk_token_id}


@pytest.mark.parametrize("kind", [*FAST, *PYTHON])
@pytest.mark.parametrize("name", [*SPELLED, "\ue000", "\ue004", "\uff1c/s\uff1e"])
def test_no_text_has_a_special_token(kind: str, name: str) -> None:
    made = tokenizer(kind)
    for text in (f"Ada {name} Oslo", f"Ada{name}Oslo", name, f"{name}{name}", f" {name}\n{name} went"):
        [(ids, _)] = tokenized(made, [text])
        assert special(made).isdisjoint(ids.tolist()), (text, made.convert_ids_to_tokens(ids.tolist()))


@pytest.mark.parametrize("kind", FAST)
@MANY
@given(parts=st.lists(st.sampled_from([*SPELLED, "Ada", "Oslo", " ", ".", "é", "</", "s>", "[", "京"]), max_size=12))
def test_offsets_are_those_of_the_text(kind: str, parts: list[str]) -> None:
    made, text = tokenizer(kind), "".join(parts)
    notes = Notes()
    [(ids, places)] = tokenized(made, [text], offsets=True, notes=notes)
    spans = np.asarray(places, dtype=np.int64).reshape(-1, 2)
    assert len(spans) == len(ids)
    assert special(made).isdisjoint(ids.tolist())
    assert ((spans[:, 0] <= spans[:, 1]) & (spans[:, 1] <= len(text))).all()
    assert (np.diff(spans[:, 0]) >= 0).all()
    if kind == "bytes":  # it has a token for each byte, so no character is left out
        covered = {place for begin, end in spans.tolist() for place in range(begin, end)}
        assert covered == set(range(len(text)))
    before = made(text, add_special_tokens=False)["input_ids"]
    if special(made).isdisjoint(before) and made.unk_token not in text:
        assert ids.tolist() == before
        assert not list(notes)
    else:
        assert {found.kind.id for found in notes} == {kinds.SPECIAL_TOKEN_IN_TEXT.id}


def test_words_that_were_added_stay_single_tokens() -> None:
    from small_models import make_tokenizer

    for kind in ("wordpiece", "bytes", "unigram"):
        made = make_tokenizer(kind)
        made.add_tokens(["covid-19"])
        made.add_special_tokens({"extra_special_tokens": ["<url>"]})
        [(ids, _)] = tokenized(made, [f"Ada {made.sep_token} covid-19 <url> {made.pad_token}"])
        for word in ("covid-19", "<url>"):
            assert ids.tolist().count(made.convert_tokens_to_ids(word)) == 1
        assert special(made).isdisjoint(ids.tolist())


def test_masks_stay_where_they_are_asked_for() -> None:
    for kind in ("wordpiece", "bytes", "unigram", "words"):
        made = tokenizer(kind)
        text = f"Ada {made.mask_token} to {made.sep_token} {made.mask_token}."
        [(ids, places)] = tokenized(made, [text], masks=True, offsets=True)
        masks = [place for number, place in zip(ids, places, strict=True) if number == made.mask_token_id]
        assert [text[begin:end].strip() for begin, end in masks] == [made.mask_token] * 2
        assert made.sep_token_id not in ids
        [(plain, _)] = tokenized(made, [text])
        assert made.mask_token_id not in plain


def test_a_sign_of_texts_may_pad() -> None:
    from small_models import make_tokenizer

    made = make_tokenizer("bytes")
    made.pad_token = "."
    text = "Ada went to Oslo."
    [(ids, _)] = tokenized(made, [text])
    assert ids.tolist() == made(text, add_special_tokens=False)["input_ids"]


def test_truncation_and_padding_of_the_file_have_no_effect() -> None:
    from small_models import make_tokenizer

    for kind in ("wordpiece", "bytes", "unigram"):
        made, text = make_tokenizer(kind), "Ada went to Oslo by slow train again ."
        expected = made(text, add_special_tokens=False)["input_ids"]
        made.backend_tokenizer.enable_truncation(3)
        made.backend_tokenizer.enable_padding(length=64)
        assert [ids.tolist() for ids, _ in tokenized(made, [text])] == [expected]
        made.backend_tokenizer.enable_truncation(3)
        made.backend_tokenizer.enable_padding(length=64)
        [(ids, _)] = tokenized(made, [f"{text} {made.sep_token}"])
        assert ids.tolist()[: len(expected)] == expected
        assert len(plain_text(made).backend.encode(text, add_special_tokens=False).ids) == len(expected)
