"""Splits raw text into words with character offsets, for tasks that label each word."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# In scripts without spaces each character, with its marks, is a word. The Japanese mark of long vowels belongs to no
# script.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\uff70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_UNSPACED}]]"
# Invisible signs within a word: the soft hyphen and the joiners of Indic scripts, Persian and emoji.
_JOINER = r"\u00ad\u200c\u200d"
_WORD = rf"{_LETTER}(?:{_LETTER}|[{_JOINER}])*"
_ONE = rf"[{_UNSPACED}]\p{{M}}*"
_REST = rf"\S[\p{{M}}\p{{Emoji_Modifier}}{_JOINER}]*"
_FINE = rf"(?V1){_ONE}|{_WORD}|{_REST}"
_SUFFIX = r"['’][sS](?!\w)"
_INSIDE = rf"[-&/@.·]|(?<=\p{{N}})[,:](?=\p{{N}})|(?!{_SUFFIX})['’]"
_COARSE = rf"(?V1){_ONE}|(?:\p{{L}}\.){{2,}}|{_SUFFIX}|{_WORD}(?:(?:{_INSIDE}){_WORD})*|{_REST}"


class Words(Enum):
    """How text without tokens is split into words."""

    auto = "auto"
    coarse = "coarse"
    fine = "fine"


def split_words(text: str, words: Words) -> tuple[list[int], list[int]]:
    """The character offsets at which each word of a text begins and ends.

    ``fine`` makes every punctuation mark a word, so that any span that people mark begins and ends at a word.
    ``coarse`` keeps ``U.S.``, ``Jean-Luc`` and ``3,000`` whole and splits off ``'s``, as token-per-line corpora do.
    Every character that is not white space belongs to exactly one word.
    """
    pattern = _compiled(_COARSE if words is Words.coarse else _FINE)
    spans = [match.span() for match in pattern.finditer(text)]
    return [start for start, _ in spans], [end for _, end in spans]


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex

    return regex.compile(pattern)
