"""Splits raw text into words with character offsets, for tasks that label each word."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from ftk.data.text.long_texts import LONG
from ftk.data.text.scripts import CHARACTER, UNSPACED

if TYPE_CHECKING:
    import regex

# In scripts without spaces each character, with its marks, is a word.
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{UNSPACED}]]"
# Invisible signs within a word: the soft hyphen and the joiners of Indic scripts, Persian and emoji.
_JOINER = r"\u00ad\u200c\u200d"
_WORD = rf"{_LETTER}(?:{_LETTER}|[{_JOINER}])*"
_REST = rf"\S[\p{{M}}\p{{Emoji_Modifier}}{_JOINER}]*"
_FINE = rf"(?V1){CHARACTER}|{_WORD}|{_REST}"
_SUFFIX = r"['’][sS](?!\w)"
_INSIDE = rf"[-&/@.·]|(?<=\p{{N}})[,:](?=\p{{N}})|(?!{_SUFFIX})['’]"
_COARSE = rf"(?V1){CHARACTER}|(?:\p{{L}}\.){{2,}}|{_SUFFIX}|{_WORD}(?:(?:{_INSIDE}){_WORD})*|{_REST}"

# The same rules for ASCII, which the standard library applies several times faster.
_ASCII_WORD = "[A-Za-z0-9_]+"
_ASCII_FINE = rf"{_ASCII_WORD}|\S"
_ASCII_SUFFIX = r"'[sS](?!\w)"
_ASCII_INSIDE = rf"[-&/@.]|(?<=[0-9])[,:](?=[0-9])|(?!{_ASCII_SUFFIX})'"
_ASCII_COARSE = rf"(?:[A-Za-z]\.){{2,}}|{_ASCII_SUFFIX}|{_ASCII_WORD}(?:(?:{_ASCII_INSIDE}){_ASCII_WORD})*|\S"


class Words(Enum):
    """How text without tokens is split into words."""

    auto = "auto"
    coarse = "coarse"
    fine = "fine"
    characters = "characters"
    pieces = "pieces"

    @property
    def by_character(self) -> bool:
        """Whether each character is a word."""
        return self in (Words.characters, Words.pieces)


def split_words(text: str, words: Words) -> tuple[Sequence[int], Sequence[int]]:
    """The character offsets at which each word of a text begins and ends.

    ``fine`` makes every punctuation mark a word, so that any span that people mark begins and ends at a word.
    ``coarse`` keeps ``U.S.``, ``Jean-Luc`` and ``3,000`` whole and splits off ``'s``, as token-per-line corpora do.
    ``characters`` and ``pieces`` make every character, with its marks, a word, so that any span begins and ends at one.
    Every character that is not white space belongs to exactly one word.
    """
    found = _pattern(words, ascii=text.isascii()).finditer(text)
    if len(text) > LONG:
        starts, ends = array("q"), array("q")  # a list takes five times as much
        for match in found:
            starts.append(match.start())
            ends.append(match.end())
        return starts, ends
    spans = [match.span() for match in found]
    return [start for start, _ in spans], [end for _, end in spans]


@lru_cache(maxsize=1 << 16)
def _are_of_a_word(left: str, right: str) -> bool:
    letter = _compiled(rf"(?V1){_LETTER}|[{_JOINER}]").match
    return bool(letter(left) and letter(right))


def is_inside_word(text: str, place: int) -> bool:
    """Whether the characters before and after a place belong to one ``fine`` word."""
    return 0 < place < len(text) and _are_of_a_word(text[place - 1], text[place])


@cache
def _pattern(words: Words, *, ascii: bool) -> re.Pattern[str] | regex.Pattern[str]:
    if ascii:
        rule = r"\S" if words.by_character else _ASCII_COARSE if words is Words.coarse else _ASCII_FINE
        return re.compile(rule, re.ASCII)
    return _compiled(_REST if words.by_character else _COARSE if words is Words.coarse else _FINE)


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex

    return regex.compile(pattern)
