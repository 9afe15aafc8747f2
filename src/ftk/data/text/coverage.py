"""How many of the words of texts a tokenizer knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_CHARACTERS = 500_000
"""Characters of the texts that are looked at."""
_WORDS = 20_000
"""Different words that are looked at, the most frequent ones."""
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many running words were looked at, and how many of them a tokenizer does not split into known pieces.

    Attributes:
        words: the running words.
        unknown: those with a piece that is not in the vocabulary.
        examples: the most frequent of these.
    """

    words: int
    unknown: int
    examples: tuple[str, ...]


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
    return Coverage(sum(counts[word] for word in words), number, tuple(lost[:_EXAMPLES]))
