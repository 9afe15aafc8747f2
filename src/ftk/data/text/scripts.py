"""Which scripts texts are written in, and tokens of scripts without spaces as the text that they were cut from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# The Japanese mark of long vowels belongs to no script. The signs stand here as themselves, because tokenizers reads
# the same pattern, and writes escapes in another way than Python.
_DENSE = r"\p{Han}\p{Hiragana}\p{Katakana}" + "\u30fc\uff70"
_SPARSE = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
UNSPACED = _DENSE + _SPARSE
"""The characters of scripts without spaces between words, as the inside of a class in a regular expression."""
CHARACTER = rf"[{UNSPACED}]\p{{M}}*"
"""One of these characters, with its marks."""

# Between these no space is ever meant; Korean alone puts spaces beside Han characters.
_TIGHT = rf"[{_DENSE}\p{{Bopomofo}}\u3000-\u303f\ufe30-\ufe4f\uff01-\uff65]"

_LETTERS_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Unicode names of the letters of scripts that put no spaces between words."""
_MOST_LETTERS = 100_000
"""Number of letters from which the script is determined."""


def is_spaced(text: str) -> bool:
    """Whether no character of a text belongs to a script without spaces."""
    return text.isascii() or _compiled(rf"[{UNSPACED}]").search(text) is None


def character_starts(text: str) -> list[int]:
    """Where the characters of a text begin that belong to scripts without spaces."""
    return [match.start() for match in _compiled(CHARACTER).finditer(text)]


def text_of_tokens(tokens: Sequence[str]) -> tuple[str, list[int], list[int]]:
    """Tokens as a text, and the characters at which each of them begins and ends in it.

    There is one space between two tokens, and none where their script has none: beside Chinese and Japanese characters
    and punctuation, and within Thai, Lao, Khmer and Burmese, which put spaces around foreign words and numbers.
    """
    starts: list[int] = []
    ends: list[int] = []
    parts: list[str] = []
    position = 0
    tight = [False, *(_is_tight(left[-1:], right[:1]) for left, right in pairwise(tokens))]
    for token, joined in zip(tokens, tight, strict=False):
        if parts and not joined:
            parts.append(" ")
            position += 1
        parts.append(token)
        starts.append(position)
        position += len(token)
        ends.append(position)
    return "".join(parts), starts, ends


@cache
def _is_tight(left: str, right: str) -> bool:
    """Whether no space stands between two characters."""
    if left.isascii() and right.isascii():
        return False
    matches = _compiled
    if matches(r"\p{Hangul}").match(left) or matches(r"\p{Hangul}").match(right):
        return False
    if matches(_TIGHT).match(left) or matches(_TIGHT).match(right):
        return True
    others = [character for character in (left, right) if not matches(rf"[{_SPARSE}]").match(character)]
    return not others or (len(others) == 1 and not others[0].isalnum())


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex

    return regex.compile(pattern)


def scripts(texts: Iterable[str]) -> dict[str, int]:
    """The number of letters, and how many of them belong to each kind of script."""
    found = {"letters": 0, "latin": 0, "unspaced": 0, "cjk": 0}
    for text in texts:
        for character in text:
            if character.isalpha():
                found["letters"] += 1
                found["latin"] += character.isascii()
                unspaced = is_unspaced(character)
                found["unspaced"] += unspaced
                found["cjk"] += unspaced and unicodedata.name(character, "").startswith("CJK")
        if found["letters"] > _MOST_LETTERS:
            break
    return found


@cache
def is_unspaced(character: str) -> bool:
    """Whether a letter belongs to a script that puts no spaces between words."""
    return unicodedata.name(character, "").startswith(_LETTERS_UNSPACED)
