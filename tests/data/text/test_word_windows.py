"""Words to sub-words and windows: the same as other tools give for every kind of tokenizer, each word read once."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, SOME
from ftk.contracts.values import WindowPlan
from ftk.data.text.word_windows import Encoded, SubwordEncoder, words_of_subwords
from ftk.data.text.words import Words, split_words
from ftk.errors import DataError, ModelError

pytestmark = pytest.mark.torch

TEXTS = [
    "Ada Lovelace's tour of the U.S. began in Oslo , near the harbour .",
    "Jean-Luc paid 3,000 francs ; the rest , said he , was a gift from 北京 and München .",
    "सोमवार को प्रधान मंत्री ने कहा — naïve cafés don't re-open :) 👍🏽",
]
WORDS = [
    *sorted({word for text in TEXTS for word in text.split()}),
    "Unseenium",
    "北京大学",
    "e\u0301t",
    "ﬁve",
    "x" * 30,
]
ODD = ["", "\u200b", "\u00ad", "\ufeff", "\u0301", "  ", "a b", "\u3000", "\x01"]
TEMPLATE = {"single": "[CLS] $A [SEP]", "special_tokens": [("[CLS]", 0), ("[SEP]", 1)]}
SPECIAL = ["[CLS]", "[SEP]", "[UNK]", "[PAD]"]


def wrapped(tokenizer: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    names = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def word_piece(lowercase: bool) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=150, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(**TEMPLATE)
    return wrapped(tokenizer)


def byte_level(*, prefix_space: bool, trim_offsets: bool = True) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=prefix_space, trim_offsets=trim_offsets),
            processors.TemplateProcessing(**TEMPLATE),
        ]
    )
    return wrapped(tokenizer)


def sentence_piece() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=SPECIAL, unk_token="[UNK]", show_progress=False)
    tokenizer.train_from_iterator(TEXTS * 20, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(**TEMPLATE)
    return wrapped(tokenizer)


BUILDERS: dict[str, Callable[[], Any]] = {
    "WordPiece": lambda: word_piece(lowercase=False),
    "WordPiece without case and accents": lambda: word_piece(lowercase=True),
    "byte-level": lambda: byte_level(prefix_space=False),
    "byte-level, untrimmed": lambda: byte_level(prefix_space=False, trim_offsets=False),
    "byte-level with a prefix space": lambda: byte_level(prefix_space=True),
    "byte-level with a prefix space, untrimmed": lambda: byte_level(prefix_space=True, trim_offsets=False),
    "SentencePiece": sentence_piece,
}


@pytest.fixture(scope="module", params=BUILDERS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return BUILDERS[request.param]()


def joined(tokens: list[str]) -> tuple[str, tuple[list[int], list[int]]]:
    """Tokens as a text with the offsets of its words."""
    starts = [sum(len(token) + 1 for token in tokens[:number]) for number in range(len(tokens))]
    return " ".join(tokens), (starts, [start + len(token) for start, token in zip(starts, tokens, strict=True)])


def encode(tokenizer: Any, tokens: list[str], length: int = 10_000, stride: int = 0) -> Encoded:
    text, words = joined(tokens)
    (encoded,) = SubwordEncoder(tokenizer, WindowPlan(length, stride)).encode([text], [words])
    return encoded


def word_ids(encoded: Encoded) -> list[int | None]:
    """For each sub-word of the only window the word that it is said to belong to."""
    (window,) = encoded.windows
    found: list[int | None] = [None] * len(window.input_ids)
    for position, word in zip(window.position, window.word, strict=True):
        found[int(position)] = int(word)
    return found


def check_words(tokenizer: Any, tokens: list[str], encoded: Encoded) -> None:
    """The words are those that the tokenizer reports for pre-split input, where the sub-words are the same."""
    reference = tokenizer(tokens, is_split_into_words=True)
    assert encoded.windows[0].input_ids.tolist() == reference["input_ids"]
    assert word_ids(encoded) == reference.word_ids()


@given(st.data())
@SOME
def test_words_are_those_of_pre_split_input(tokenizer: Any, data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12))
    encoded = encode(tokenizer, tokens)
    pre_tokenizer = str(tokenizer.backend_tokenizer.pre_tokenizer)
    if "ByteLevel" in pre_tokenizer and "add_prefix_space=False" in pre_tokenizer:
        # Pre-split input loses its spaces here. With a prefix space the first word alone is another.
        spaced = [tokens[0], *(f" {token}" for token in tokens[1:])]
        check_words(tokenizer, spaced, encoded)
    else:
        check_words(tokenizer, tokens, encoded)
    assert encoded.vanished == 0


@given(st.data())
@SOME
def test_the_text_is_encoded_as_it_stands(tokenizer: Any, data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.sampled_from(WORDS + ODD), min_size=1, max_size=12))
    text, _ = joined(tokens)
    encoded = encode(tokenizer, tokens)
    ids = tokenizer(text)["input_ids"]
    if len(ids) == 2:
        assert encoded.windows == []
        return
    assert encoded.windows[0].input_ids.tolist() == ids
    owned = [word for word in word_ids(encoded) if word is not None]
    assert owned == sorted(owned)
    assert encoded.vanished == len(tokens) - len(set(owned))
    assert {number for number, token in enumerate(tokens) if token in WORDS} <= set(owned)


def test_byte_level_pieces_of_later_words_keep_their_space() -> None:
    tokenizer = byte_level(prefix_space=False)
    encoded = encode(tokenizer, ["Oslo", "Oslo", "the", "Unseenium"])
    (window,) = encoded.windows
    pieces = tokenizer.convert_ids_to_tokens(window.input_ids.tolist())
    firsts = [pieces[word_ids(encoded).index(word)] for word in range(4)]
    assert [piece[0] == "Ġ" for piece in firsts] == [False, True, True, True]


def test_chinese_characters_are_words_for_every_tokenizer(tokenizer: Any) -> None:
    text = "北京大学 in 北京。"
    starts, ends = split_words(text, Words.fine)
    (encoded,) = SubwordEncoder(tokenizer, WindowPlan(64, 0)).encode([text], [(starts, ends)])
    owned = [word for word in word_ids(encoded) if word is not None]
    assert owned == sorted(owned)
    assert len(set(owned)) == len(starts) - encoded.vanished
    assert 0 in owned


def test_words_of_which_nothing_is_left_are_counted() -> None:
    tokenizer = word_piece(lowercase=True)
    encoded = encode(tokenizer, ["\u200b", "Oslo", "", "\u0301", "the", "\x01"])
    assert encoded.vanished == 4
    assert sorted({word for word in word_ids(encoded) if word is not None}) == [1, 4]
    nothing = encode(tokenizer, ["\u200b", ""])
    assert (nothing.windows, nothing.vanished) == ([], 2)
    assert encode(tokenizer, []) == Encoded([], 0, 0)


@pytest.mark.parametrize(
    "text",
    ["北京大学 in 北京。", "ひらがなとカタカナ", "กรุงเทพมหานคร", "C++ isn't U.S. ...", "a\u200bb c", "서울에서 👍🏽!?"],
)
def test_words_that_share_a_sub_word_are_all_its_own(tokenizer: Any, text: str) -> None:
    starts, ends = split_words(text, Words.fine)
    encoder = SubwordEncoder(tokenizer, WindowPlan(64, 0))
    (alone,), (encoded,) = (list(encoder.encode([text], [(starts, ends)], shared=shared)) for shared in (False, True))
    spans = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    covered = {word for word in range(len(starts)) for b, e in spans if max(b, starts[word]) < min(e, ends[word])}
    (window,) = encoded.windows
    assert set(window.word.tolist()) >= covered
    assert window.word.tolist() == sorted(window.word.tolist())
    assert encoded.vanished == len(starts) - len(set(window.word.tolist()))
    own = dict(zip(alone.windows[0].word.tolist(), alone.windows[0].position.tolist(), strict=True))
    assert own.keys() <= set(window.word.tolist())
    assert encoded.shared == len(set(window.word.tolist())) - len(own)
    if not encoded.shared:
        assert window.position.tolist() == alone.windows[0].position.tolist()


@given(st.lists(st.tuples(st.text(" \n", max_size=2), st.integers(0, 4)), max_size=6), st.data())
@MANY
def test_a_subword_is_of_the_first_word_that_it_shares_a_character_with(
    words: list[tuple[str, int]], data: st.DataObject
) -> None:
    text, starts, ends = "", [], []
    for gap, length in words:
        text += gap + " "
        starts.append(len(text))
        text += "x" * length
        ends.append(len(text))
    text += "  "
    cuts = sorted(data.draw(st.lists(st.integers(1, len(text)), unique=True, max_size=8)))
    subwords = [(data.draw(st.integers(before, end - 1)), end) for before, end in pairwise([0, *cuts])]
    expected = []
    for begin, end in subwords:
        filled = [n for n in range(len(starts)) if starts[n] < ends[n]]
        sharing = [n for n in filled if max(begin, starts[n]) < min(end, ends[n])]
        before = [n for n in filled if starts[n] == end and text[begin:end] == " "]
        expected.append([*sharing, *before, -1][0])
    assert words_of_subwords(text, subwords, starts, ends).tolist() == expected


# Windows. Every character is a sub-word of its own and occurs once in a row, so an id tells its place in the row.

ALPHABET = [chr(0x4E00 + number) for number in range(400)]
PREFIX, SUFFIX = 0, 1


@pytest.fixture(scope="module")
def letters() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    pieces = [piece for letter in ALPHABET for piece in (letter, f"##{letter}")]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(SPECIAL + pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(**TEMPLATE)
    return wrapped(tokenizer)


def words_of_lengths(lengths: list[int]) -> list[str]:
    ends = np.cumsum(lengths, dtype=int)
    return ["".join(ALPHABET[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


@given(
    st.lists(st.integers(1, 4) | st.integers(1, 25), min_size=1, max_size=30), st.integers(3, 20), st.integers(0, 20)
)
@MANY
def test_each_word_is_read_once_where_it_has_most_context(
    letters: Any, lengths: list[int], length: int, stride: int
) -> None:
    capacity = length - 2
    encoded = encode(letters, words_of_lengths(lengths), length, stride)
    total = sum(lengths)
    begin = np.cumsum([0, *lengths])
    shown: list[tuple[int, int]] = []
    owner: dict[int, int] = {}
    for number, window in enumerate(encoded.windows):
        ids = window.input_ids.tolist()
        assert (ids[0], ids[-1]) == (PREFIX, SUFFIX)
        assert 0 < len(ids) - 2 <= capacity
        places = [(id_ - len(SPECIAL)) // 2 for id_ in ids[1:-1]]
        assert places == list(range(places[0], places[0] + len(places)))
        shown.append((places[0], places[-1] + 1))
        for word in np.unique(window.word).tolist():
            assert word not in owner
            owner[word] = number
            own = [places[position - 1] for position in window.position[window.word == word].tolist()]
            assert own == list(range(begin[word], min(begin[word + 1], begin[word] + capacity)))
    assert sorted(owner) == list(range(len(lengths)))
    assert encoded.shortened == sum(word > capacity for word in lengths)
    assert encoded.vanished == 0
    assert all(later > earlier for (_, earlier), (_, later) in pairwise(shown))

    def context(word: int, window: tuple[int, int]) -> float:
        left = math.inf if window[0] == 0 else begin[word] - window[0]
        right = math.inf if window[1] == total else window[1] - begin[word + 1]
        return min(left, right)

    for word, number in owner.items():
        if lengths[word] <= capacity:
            assert context(word, shown[number]) == max(
                context(word, window) for window in shown if window[0] <= begin[word] and begin[word + 1] <= window[1]
            )


@pytest.mark.parametrize(("length", "stride"), [(512, 128), (64, 16), (64, 0), (34, 16), (16, 400)])
@pytest.mark.slow
def test_a_document_of_five_thousand_words(letters: Any, length: int, stride: int) -> None:
    encoded = encode(letters, (ALPHABET * 13)[:5000], length, stride)
    words = np.concatenate([window.word for window in encoded.windows])
    assert words.tolist() == list(range(5000))
    shared = min(stride, (length - 2) // 2)
    assert len(encoded.windows) == 1 + math.ceil((5000 - (length - 2)) / (length - 2 - shared))
    assert encoded.shortened == 0


def test_texts_do_not_touch_one_another(letters: Any) -> None:
    rows = [words_of_lengths(lengths) for lengths in ([3, 9, 1], [], [2] * 20, [1])]
    texts, words = zip(*map(joined, rows), strict=True)
    together = list(SubwordEncoder(letters, WindowPlan(12, 4)).encode(texts, words))
    for row, encoded in zip(rows, together, strict=True):
        alone = encode(letters, row, 12, 4)
        assert len(encoded.windows) == len(alone.windows)
        for one, other in zip(encoded.windows, alone.windows, strict=True):
            assert all(
                map(
                    np.array_equal,
                    (one.input_ids, one.position, one.word),
                    (other.input_ids, other.position, other.word),
                )
            )


def test_a_window_without_room_is_an_error(letters: Any) -> None:
    with pytest.raises(DataError, match=r"^data\.max_length=2 leaves no room for text beside 2 special tokens"):
        encode(letters, ["a"], 2)


def test_a_tokenizer_without_offsets_is_an_error() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match=r"^the tokenizer Slow reports no character offsets"):
        SubwordEncoder(Slow(), WindowPlan(8, 0))
