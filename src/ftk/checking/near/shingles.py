"""The shingles of texts: short pieces, most of which near-duplicates share.

A shingle is a sequence of characters. So texts in all scripts have some, and a short text has enough of them: of the
pairs of words in a question of twelve, one other word changes a sixth. Case and the number of blanks do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ftk.data.splitting.tying import plain

WIDTH = 5
"""Characters of a shingle. Unrelated sentences have few sequences of five letters in common."""
DENSE_WIDTH = 2
"""The same where most characters are Chinese or Japanese: a word has about two."""
PARTED = "\x1f"
"""Stands between the texts of a row."""

_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FACTOR = np.uint32(0x9E3779B1)


def form_of(texts: Sequence[str]) -> str:
    """The texts of a row as they are compared: in small letters, with single blanks, and a sign between the texts."""
    return plain(texts[0]) if len(texts) == 1 else PARTED.join(map(plain, texts))


def width_of(form: str) -> int:
    """The characters of a shingle of a text."""
    return WIDTH if form.isascii() or 2 * len(_DENSE.findall(form)) < len(form) else DENSE_WIDTH


def shingles(text: str, width: int) -> frozenset[str]:
    """The shingles of one text in the form in which it is compared; of a shorter text, the text itself."""
    if len(text) <= width:
        return frozenset((text,))
    return frozenset([text[at : at + width] for at in range(len(text) - width + 1)])


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the members of two sets that are in both."""
    common = len(one & other)
    return common / (len(one) + len(other) - common)


@dataclass(slots=True)
class Hashes:
    """The shingles of some texts as numbers.

    Attributes:
        values: [shingles] those of one text after those of another; equal ones of one text may occur several times.
        starts: [texts] where the shingles of each text begin.
        texts: [texts] the numbers of the texts, which have at least one shingle each.
    """

    values: NDArray[np.uint32]
    starts: NDArray[np.int64]
    texts: NDArray[np.int64]


def hashes_of(forms: Sequence[str], width: int, numbers: NDArray[np.int64]) -> Hashes:
    """The shingles of texts, without those in which two texts of a row meet.

    Args:
        forms: some texts, as ``form_of`` makes them.
        width: of their shingles.
        numbers: [forms] what the texts are called in the result.
    """
    lengths = np.fromiter(map(len, forms), dtype=np.int64, count=len(forms))
    codes = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    windows = len(codes) - width + 1
    if windows < 1:
        return Hashes(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64))
    values = np.zeros(windows, dtype=np.uint32)
    for at in range(width):
        values *= _FACTOR
        values += codes[at : at + windows]
    owners = np.repeat(np.arange(len(forms)), lengths)[:windows]
    whole = np.arange(windows) + width <= np.cumsum(lengths)[owners]
    for place in np.flatnonzero(codes == ord(PARTED)).tolist():
        whole[max(0, place - width + 1) : place + 1] = False
    values, owners = _mixed(values[whole]), owners[whole]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return Hashes(values, starts, numbers[owners[starts]])


def _mixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The finalizer of MurmurHash3 (Appleby, 2011), in place."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        values ^= values >> np.uint32(shift)
        values *= np.uint32(factor)
    values ^= values >> np.uint32(16)
    return values
