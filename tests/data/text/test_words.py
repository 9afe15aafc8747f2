"""Words of raw text: every visible character is in exactly one, in any script."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.data.text.words import Words, split_words


def cut(text: str, words: Words) -> list[str]:
    """The words of a text."""
    return [text[start:end] for start, end in zip(*split_words(text, words), strict=True)]


# Any Unicode, with more of what is hard: marks, joiners, apostrophes, scripts without spaces, kinds of white space.
texts = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from(list("aZé9.,:-&/'’·_ \t\n\u00a0\u2028\u3000\u200b\u200d\u00ad\ufe0f\u0301中ーあไทยा́👍🏽🇬"))
)


@pytest.mark.parametrize("words", list(Words))
@given(texts)
@MANY
def test_every_visible_character_is_in_exactly_one_word(words: Words, text: str) -> None:
    starts, ends = split_words(text, words)
    spans = list(zip(starts, ends, strict=True))
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    inside = {at for start, end in spans for at in range(start, end)}
    assert {at for at, character in enumerate(text) if not character.isspace()} <= inside
    assert not {at for at, character in enumerate(text) if character in " \t\n\r\u00a0\u2028\u3000"} & inside


@pytest.mark.parametrize("words", list(Words))
@given(st.text(st.characters(max_codepoint=127) | st.sampled_from(list("aaU.S's-,01 @+_"))))
@MANY
def test_the_words_of_ascii_are_those_of_any_text(words: Words, text: str) -> None:
    """A letter of another script, beyond a space, changes which pattern is used."""
    starts, ends = split_words(f"{text} é", words)
    assert split_words(text, words) == (starts[:-1], ends[:-1])


@pytest.mark.parametrize(
    ("text", "coarse", "fine"),
    [
        ("The U.S. left.", "The|U.S.|left|.", "The|U|.|S|.|left|."),
        ("3,000 at 10:30, 2.5%", "3,000|at|10:30|,|2.5|%", "3|,|000|at|10|:|30|,|2|.|5|%"),
        ("Jean-Luc's AT&T", "Jean-Luc|'s|AT&T", "Jean|-|Luc|'|s|AT|&|T"),
        ("Ada’s dogs' rock'n'roll", "Ada|’s|dogs|'|rock'n'roll", "Ada|’|s|dogs|'|rock|'|n|'|roll"),
        ("Oslo,Norway:x", "Oslo|,|Norway|:|x", None),
        ("U.S.'s 'quoted'", "U.S.|'s|'|quoted|'", "U|.|S|.|'|s|'|quoted|'"),
        ("(a@b.org, x/y)", "(|a@b.org|,|x/y|)", "(|a|@|b|.|org|,|x|/|y|)"),
        ("李明在 北京大学。", "李|明|在|北|京|大|学|。", None),
        ("サーバーA", "サ|ー|バ|ー|A", None),
        ("ไทยแลนด์", "ไ|ท|ย|แ|ล|น|ด์", None),
        ("iPhone在中国", "iPhone|在|中|国", None),
        ("हिन्दी में", "हिन्दी|में", None),
        ("क्\u200dष می\u200cخواهم", "क्\u200dष|می\u200cخواهم", None),
        ("co\u00adop cafe\u0301", "co\u00adop|cafe\u0301", None),
        ("서울특별시 가다", "서울특별시|가다", None),
        ("👍🏽 ❤\ufe0f!", "👍🏽|❤\ufe0f|!", None),
        ("a\u00a0b\u3000c\u2028d", "a|b|c|d", None),
    ],
)
def test_words_of_many_scripts(text: str, coarse: str, fine: str | None) -> None:
    assert cut(text, Words.coarse) == coarse.split("|")
    assert cut(text, Words.fine) == (fine or coarse).split("|")


def test_auto_is_fine_until_the_training_data_says_more() -> None:
    assert cut("Jean-Luc's", Words.auto) == cut("Jean-Luc's", Words.fine)
