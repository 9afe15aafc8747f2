"""Which scripts texts are written in."""

import unicodedata
from collections.abc import Iterable
from functools import cache

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Unicode names of the letters of scripts that put no spaces between words."""
_LETTERS = 100_000
"""Number of letters from which the script is determined."""


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
        if found["letters"] > _LETTERS:
            break
    return found


@cache
def is_unspaced(character: str) -> bool:
    """Whether a letter belongs to a script that puts no spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED)
