"""How many of the words of texts a tokenizer knows."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

_CHARACTERS = 500_000
"""Characters of the texts that are looked at."""
_WORDS = 20_000
"""Different words that are looked at, the most frequent ones."""
_EXAMPLES = 5
_MANY = 0.05
"""The share of unknown words that is reported."""
_FEW = 20
"""Different words up to which rows are predicted without one that is known: a single emoji is a text, too."""
_NO_WORD = ("P", "Z", "N", "C", "M")
"""Categories of characters that are in texts of any language."""
_MARKS = "\u2581\u0120"
"""How tokenizers write the space before a word."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many running words were looked at, and how many of them a tokenizer does not split into known pieces.

    Attributes:
        words: the running words.
        unknown: those with a piece that is not in the vocabulary.
        examples: the most frequent of these.
        known: whether any piece with a letter or a symbol was read.
        different: how many of the words that were looked at differ.
    """

    words: int
    unknown: int
    examples: tuple[str, ...]
    known: bool
    different: int


def coverage(tokenizer: Any, texts: Iterable[str]) -> Coverage | None:
    """How many words of the first texts a tokenizer knows.

    Args:
        tokenizer: of transformers.
        texts: words in them are separated by white space; a run of letters of another script is one word.

    Returns:
        None for a tokenizer that has no token for unknown words, and if there are no words.
    """
    unknown = getattr(tokenizer, "unk_token_id", None)
    if unknown is None:
        return None
    counts: Counter[str] = Counter()
    left = _CHARACTERS
    for text in texts:
        counts.update(text[:left].split())
        left -= len(text)
        if left <= 0:
            break
    words = [word for word, _ in counts.most_common(_WORDS)]
    if not words:
        return None
    ids = tokenizer(words, add_special_tokens=False)["input_ids"]
    lost = [word for word, pieces in zip(words, ids, strict=True) if unknown in pieces]
    number = sum(counts[word] for word in lost)
    pieces = tokenizer.convert_ids_to_tokens(sorted({piece for word in ids for piece in word} - {unknown}))
    known = any(_is_of_a_word(character) for piece in pieces for character in str(piece).lstrip(_MARKS))
    return Coverage(sum(counts[word] for word in words), number, tuple(lost[:_EXAMPLES]), known, len(words))


def note_coverage(tokenizer: Any, texts: Iterable[str], notes: Notes, *, predicted: bool = False) -> None:
    """Report the words of texts that a tokenizer does not know.

    Args:
        tokenizer: of transformers.
        texts: all of a split, or its first ones.
        notes: collects the findings.
        predicted: whether the texts are rows to predict, of which a few may have nothing but unknown words.

    Raises:
        DataError: it knows none of them; with ``predicted``, none of many different ones.
    """
    found = coverage(tokenizer, texts)
    if found is None or found.unknown < _MANY * found.words:
        return
    examples = map(repr, found.examples)
    if found.known:
        share = f"{100 * found.unknown / found.words:.0f} %"
        notes.add(kinds.UNKNOWN_WORDS, *examples, number=found.unknown, share=share, unknown=str(tokenizer.unk_token))
    else:
        policy = "predicted" if predicted and found.different < _FEW else None
        notes.add(kinds.NO_KNOWN_WORD, *examples, number=found.words, policy=policy)
    notes.raise_errors()


def _is_of_a_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in _NO_WORD and (category[0] == "L" or not character.isascii())
