"""Learned vocabularies: coverage, saving, determinism."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ftk.config.choices import Normalization, Vocabulary
from ftk.config.schema import TokenizerConfig
from ftk.errors import ModelError
from ftk.models.tokenizers import vocabulary as module
from ftk.models.tokenizers.vocabulary import learn_tokenizer

pytestmark = pytest.mark.torch  # transformers

KINDS = [kind.value for kind in Vocabulary]
LATIN = ["Ada went to Oslo by slow train.", "Zoë paints zoos; zones & Zürich.", "naïve café ACCRA\nnext\tline"] * 3
CHINESE = ["北京大学在北京。", "我们去北京大学", "大学的学生去北京"] * 3
TEXTS = [*LATIN, *CHINESE]


def settings(kind: str, **changes: Any) -> TokenizerConfig:
    """Settings of a vocabulary for a few sentences."""
    values: dict[str, Any] = {
        "name": None,
        "vocab_size": 400,
        "lowercase": False,
        "normalization": Normalization.none,
        "special_tokens": {},
        "extra_tokens": [],
        "max_characters": 10**6,
    }
    return TokenizerConfig(train=Vocabulary(kind), **{**values, **changes})


def learned(kind: str, texts: Iterable[str] = TEXTS, **changes: Any) -> Any:
    cache_file = changes.pop("cache_file", None)
    return learn_tokenizer(texts, settings(kind, **changes), max_length=128, cache_file=cache_file)


def back(tokenizer: Any, text: str) -> str:
    """Encodes and decodes a text."""
    return tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_round_trip_without_unknown_letters(kind: str) -> None:
    tokenizer = learned(kind)
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
        if kind == "bpe":
            assert back(tokenizer, text) == text, "byte for byte"
        elif kind == "unigram":
            assert back(tokenizer, text) == " ".join(text.split())
        else:
            assert "".join(back(tokenizer, text).split()) == "".join(text.split())
    assert len(tokenizer) <= 400
    assert tokenizer.model_max_length == 128


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_vocabulary_is_loaded_to_the_same_encodings(kind: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = learned(kind, extra_tokens=["<url>"], lowercase=True)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    probes = [*TEXTS, "Unseen WORDS, 42 \u0416 <url> [MASK]"]
    assert loaded(probes)["input_ids"] == tokenizer(probes)["input_ids"]
    assert loaded(probes[0], probes[1]).data == tokenizer(probes[0], probes[1]).data
    assert loaded.special_tokens_map == tokenizer.special_tokens_map
    assert loaded.get_vocab() == tokenizer.get_vocab()


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_have_two_segments(kind: str) -> None:
    tokenizer = learned(kind)
    pair = tokenizer("Ada went", "to Oslo", return_token_type_ids=True)
    first = len(tokenizer("Ada went")["input_ids"])
    assert pair["token_type_ids"] == [0] * first + [1] * (len(pair["input_ids"]) - first)


@pytest.mark.parametrize("kind", KINDS)
def test_frequent_words_are_single_tokens(kind: str) -> None:
    tokenizer = learned(kind, ["the harbour of the town", "other harbours often soft townsfolk"] * 50)
    words = [token.strip("Ġ▁") for token in tokenizer.tokenize("the harbour of the town")]
    assert [word for word in words if word] == ["the", "harbour", "of", "the", "town"]


@pytest.mark.parametrize("kind", KINDS)
def test_case_accents_and_unicode_forms(kind: str) -> None:
    lower = learned(kind, lowercase=True)
    assert lower("ZÜRICH café")["input_ids"] == lower("zurich CAFE")["input_ids"]
    kept = learned(kind)
    assert kept("Zürich")["input_ids"] != kept("zurich")["input_ids"]
    composed, decomposed = "Zu\u0308rich \ufb01ve", "Z\u00fcrich five"
    for form, letters in (
        (Normalization.nfc, (composed[:7], decomposed[:6])),
        (Normalization.nfkc, (composed, decomposed)),
    ):
        tokenizer = learned(kind, [*TEXTS, "five"], normalization=form)
        assert tokenizer(letters[0])["input_ids"] == tokenizer(letters[1])["input_ids"]
    assert kept(composed)["input_ids"] != kept(decomposed)["input_ids"]


@pytest.mark.parametrize("kind", KINDS)
def test_special_and_extra_tokens_are_never_split(kind: str) -> None:
    names = {"mask_token": "<mask>", "cls_token": "<s>", "sep_token": "</s>"}
    tokenizer = learned(kind, special_tokens=names, extra_tokens=["<url>", "covid-19"])
    assert {name: getattr(tokenizer, name) for name in names} == names
    assert tokenizer.pad_token == "[PAD]"
    ids = tokenizer("Ada <mask> covid-19 <url>")["input_ids"]
    assert (ids[0], ids[-1]) == tuple(tokenizer.convert_tokens_to_ids(["<s>", "</s>"]))
    for token in ("<mask>", "<url>", "covid-19"):
        assert ids.count(tokenizer.convert_tokens_to_ids(token)) == 1
        assert tokenizer.convert_tokens_to_ids(token) != tokenizer.unk_token_id
    assert len(set(tokenizer.get_vocab().values())) == len(tokenizer)


ONCE = """
import hashlib, sys
from pathlib import Path
import test_vocabulary as test
for kind in test.KINDS:
    for lowercase in (False, True):
        texts = test.TEXTS + test.many_words()
        tokenizer = test.learned(kind, texts, vocab_size=500, lowercase=lowercase, extra_tokens=["<url>"])
        print(kind, lowercase, hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest())
tokenizer = test.learned("wordpiece", test.from_everywhere(), vocab_size=2000)
print(hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest())
"""


def many_words() -> list[str]:
    """Text with many words of the same frequency."""
    syllables = ["ka", "to", "mi", "shu", "ren", "bo", "li", "er", "ing"]
    return [f"{a}{b} {b}{c}{a} {c}{a}" for a in syllables for b in syllables for c in syllables]


HANGUL = [chr(0xAC00 + number) for number in range(2500)]
HAN = [chr(0x4E00 + number) for number in range(2500)]


def from_everywhere() -> list[str]:
    """Common words, common letters at the ends of two scripts, and 5,000 further letters once each."""
    once = ["".join(HANGUL[at : at + 5] + HAN[at : at + 5]) for at in range(0, 2500, 5)]
    common = ["the harbour of the town, (quite) far!", f"{''.join(HANGUL[-30:])} {''.join(HAN[-30:])}"] * 50
    return [*once, *common]


def test_texts_in_many_scripts_leave_room_for_words() -> None:
    vocabulary = learned("wordpiece", from_everywhere(), vocab_size=2000).get_vocab()
    assert 1000 < len(vocabulary) <= 2000
    assert {*HANGUL[-30:], *(f"##{letter}" for letter in HANGUL[-30:]), *HAN[-30:], *"hru,(!"} <= set(vocabulary)
    assert sum(len(token.removeprefix("##")) == 1 for token in vocabulary) <= 1000
    assert {"the", "harbour", "of", "town", "quite", "far"} <= set(vocabulary)
    inner = {token[2:] for token in vocabulary if token.startswith("##")}
    assert not inner & {*HAN, *",()!"}, "what is a word by itself never goes on with one"


@pytest.mark.parametrize("size", [100, 150, 400, 4000])
def test_all_letters_of_ordinary_text_are_kept(size: int) -> None:
    tokenizer = learned("wordpiece", LATIN, vocab_size=size)
    assert len(tokenizer) <= size
    assert not [text for text in LATIN if tokenizer.unk_token_id in tokenizer(text)["input_ids"]]


@pytest.mark.slow
def test_the_same_texts_give_the_same_vocabulary_in_every_process() -> None:
    Path("once.py").write_text(ONCE)
    outputs = []
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
            "PYTHONHASHSEED": seed,
        }
        made = subprocess.run([sys.executable, "once.py"], env=environment, capture_output=True, text=True, check=True)
        outputs.append(made.stdout)
    assert len(outputs[0].splitlines()) == 2 * len(KINDS) + 1
    assert outputs[0] == outputs[1]


def test_unigram_pieces_do_not_depend_on_noise_and_order() -> None:
    special = [("[PAD]", 0.0), ("[UNK]", 0.0)]
    one = [*special, ("ab", -1.0), ("c", -2.0), ("d", -2.0), ("y", -8.9999), ("x", -9.0)]
    two = [*special, ("ab", -1.0 - 1e-14), ("d", -2.0), ("c", -2.0 - 1e-14), ("x", -8.9999), ("y", -9.0)]
    settled = [*special, ("ab", -1.0), ("c", -2.0), ("d", -2.0), ("x", -9.0), ("y", -9.0)]
    assert module._deterministic(one, 2) == module._deterministic(two, 2) == settled


def test_line_ends_separate_words_in_a_unigram_vocabulary() -> None:
    tokenizer = learned("unigram")
    assert tokenizer("Ada went\nto\t Oslo\n")["input_ids"] == tokenizer("Ada went to Oslo")["input_ids"]
    assert not [token for token in tokenizer.get_vocab() if "\n" in token or "\t" in token]
    encoding = tokenizer("Ada\nwent", add_special_tokens=False, return_offsets_mapping=True)
    assert len(set(encoding.word_ids())) == 2
    assert encoding["offset_mapping"][-1][1] == len("Ada\nwent"), "offsets are those of the text as it stands"


@pytest.mark.parametrize("kind", KINDS)
def test_a_cached_vocabulary_is_not_learned_again(kind: str, tmp_path: Path) -> None:
    cache_file = tmp_path / "cache" / "one.json"

    def unread() -> Iterable[str]:
        raise AssertionError("the texts are read again")
        yield

    first = learned(kind, cache_file=cache_file, extra_tokens=["<url>"])
    assert [path.name for path in cache_file.parent.iterdir()] == ["one.json"]
    again = learned(kind, unread(), cache_file=cache_file, extra_tokens=["<url>"])
    assert again(TEXTS)["input_ids"] == first(TEXTS)["input_ids"]
    assert again.get_vocab() == first.get_vocab()
    whole = cache_file.read_bytes()
    cache_file.write_bytes(whole[: len(whole) // 2])
    assert learned(kind, cache_file=cache_file, extra_tokens=["<url>"]).get_vocab() == first.get_vocab()
    assert cache_file.read_bytes() == whole, "a damaged one is learned again"


def test_a_sample_is_even_and_within_the_limit() -> None:
    texts = [f"{number:04}" for number in range(1000)]
    assert module._sample(iter(texts), 4000) == texts
    sample = module._sample(iter(texts), 400)
    assert 200 < sum(map(len, sample)) <= 400
    assert len({int(b) - int(a) for a, b in pairwise(sample)}) == 1, "every n-th"
    assert int(sample[0]) < 16
    assert int(sample[-1]) > 980
    assert module._sample(iter(["x" * 50]), 20) == ["x" * 20]
    assert module._sample(iter([]), 20) == []
    ragged = ["a" * size for size in (5, 400, 3, 90, 1, 1, 1, 77)]
    assert sum(map(len, module._sample(iter(ragged), 100))) <= 100


def test_the_vocabulary_is_learned_from_the_sample() -> None:
    texts = ["common words here", "seldom"] * 100
    vocabulary = learned("wordpiece", texts, max_characters=400).get_vocab()
    assert "common" in vocabulary
    assert "seldom" not in vocabulary


def test_too_small_vocabularies() -> None:
    many = ["".join(chr(0x4E00 + number) for number in range(300))]
    assert len(learned("wordpiece", many, vocab_size=50)) == 50, "letters that do not fit are unknown"
    assert len(learned("bpe", many, vocab_size=50)) == 256 + 5
    with pytest.raises(ModelError, match=r"train=unigram .*vocab_size=50: no vocabulary can be learned \(.+\)"):
        learned("unigram", many, vocab_size=50)


def test_only_the_exact_spelling_is_a_special_token() -> None:
    tokenizer = learned("wordpiece")
    marked = json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]
    assert {token["content"] for token in marked} == {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}


SCRIPTS = {
    "Han": "我们去北京大学",
    "Hiragana": "ひらがなでかく",
    "Katakana": "サーバーをみる",
    "Thai": "ฉันไปกรุงเทพ",
    "Lao": "ຂ້ອຍໄປວຽງຈັນ",
    "Khmer": "ខ្ញុំទៅភ្នំពេញ",
    "Myanmar": "ငါရန်ကုန်သွား",
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("kind", KINDS)
def test_characters_of_scripts_without_spaces_are_single_tokens(kind: str, script: str) -> None:
    """Always in WordPiece vocabularies, and in others if asked for; with the marks of a character."""
    from ftk.data.text.words import Words, split_words

    text = SCRIPTS[script]
    texts = [f"{text} and {text}, {text[:4]}Ada"] * 20
    settled = settings(kind)
    single = learn_tokenizer(texts, settled, max_length=128, single_characters=True)
    starts, ends = split_words(text, Words.fine)
    characters = list(zip(starts, ends, strict=True))
    spans = single(f"{text} Ada", add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert single.unk_token_id not in single(texts[0])["input_ids"]
    for begin, end in spans:
        assert sum(begin < last and first < end for first, last in characters) <= 1
    plain = learn_tokenizer(texts, settled, max_length=128)
    same = plain.get_vocab() == single.get_vocab()
    assert same or kind != "wordpiece"


@pytest.mark.parametrize("kind", KINDS)
def test_other_scripts_are_split_as_ever(kind: str) -> None:
    settled = settings(kind)
    one, other = (
        learn_tokenizer(LATIN, settled, max_length=128, single_characters=single).backend_tokenizer.to_str()
        for single in (False, True)
    )
    assert one == other
    assert '"type":"Split"' not in one


_SPACED = {
    "a space": "Ada went to Oslo",
    "none at first": "Oslo",
    "at the beginning": " Ada went",
    "several": "Ada   went  to",
    "at the end": "Ada went  ",
    "a tab": "Ada\twent",
    "a line end": "Ada\nwent\r\nto",
    "one without a break": "Ada\u00a0went",
    "an ideographic one": "Ada\u3000went",
    "before marks": 'Ada ("Oslo") .',
    "letters of other scripts": "Zoë 北京 京",
    "no letter known": "Ж 42",
    "a mask": "Ada [MASK] Oslo",
    "words together": "AdaOslo",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("single", [False, True])
def test_offsets_leave_out_the_space_before_a_word(kind: str, single: bool, tmp_path: Path) -> None:
    """As the offsets of Hugging Face's tokenizers; its pipelines cut entities out of a text by them."""
    from transformers import AutoTokenizer

    learn_tokenizer(TEXTS, settings(kind), max_length=128, single_characters=single).save_pretrained(tmp_path)
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path)
    for text in _SPACED.values():
        encoded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        covered = [text[begin:end] for begin, end in encoded["offset_mapping"]]
        assert [part for part in covered if part.startswith(" ") or part.endswith(" ")] == []
        words = {word.start() for word in re.finditer(r"\S+", text)}
        assert words <= {begin for begin, _ in encoded["offset_mapping"]}
