"""Texts that are too long to be tokenized at once, in pieces, so that a tokenizer needs no memory for all of them.

A tokenizer keeps some hundred bytes for each token while it works; the numbers of the tokens take four.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LONG = 1 << 20
"""Characters from which a text is tokenized in pieces."""
_PIECE = 1 << 18
"""Characters of a piece."""
_NEAR = 1 << 12
"""Characters before the end of a piece in which a better place to cut is looked for."""
_SPACE = re.compile(r" (?=\S)")


def pieces_of(text: str) -> Iterator[tuple[int, str]]:
    """The parts of a text with the character at which each begins; a text that is not long is one part.

    A part ends where a word does, if one ends near its end, and the next one begins with the space between them: so
    nearly all tokenizers give the parts the tokens of the whole.
    """
    if len(text) <= LONG:
        yield 0, text
        return
    begin = 0
    while len(text) - begin > _PIECE:
        end = _cut(text, begin + _PIECE)
        yield begin, text[begin:end]
        begin = end
    yield begin, text[begin:]


def _cut(text: str, last: int) -> int:
    """The place before or at ``last`` at which a text is cut."""
    near = last - _NEAR
    spaces = [match.start() for match in _SPACE.finditer(text, near, last)]
    if spaces:
        return spaces[-1]
    return next((place for place in range(last, near, -1) if not text[place - 1].isalnum()), last)


def parts_of(texts: Sequence[str], number: int, characters: int) -> Iterator[Sequence[str]]:
    """Texts in lists that have so many texts and so many characters at most; a long text is in a list by itself."""
    begin = size = 0
    for at, text in enumerate(texts):
        full = at - begin == number or size + len(text) > characters
        if at > begin and (full or len(text) > LONG or len(texts[begin]) > LONG):
            yield texts[begin:at]
            begin, size = at, 0
        size += len(text)
    if begin < len(texts):
        yield texts[begin:]
