"""Texts with the spaces that the tokens of a corpus have between them.

Tokens are encoded with a space before each. A text has none before its commas, and most tokenizers, except those of
BERT, have other sub-words for a comma behind a space.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.data.examples.sentences import Sentence
from ftk.data.text.words import Words, split_words

_MOST_WHOLE = 2000
"""Tokens that are remembered as a whole, the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """What the tokens of a corpus show of the spaces between them.

    Attributes:
        apart: the marks, and endings such as ``'s``, that are tokens more often than they begin or end a longer one.
        whole: tokens that begin or end with one of these all the same: ``St.``, for instance.
    """

    apart: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Spacing:
        """The spacing of the training split."""
        counts = Counter(token for sentence in sentences for token in sentence.tokens or () if not token.isalnum())
        balance: Counter[str] = Counter()
        edges: dict[str, set[str]] = {}
        for token, number in counts.items():
            words = _words(token)
            if len(words) == 1:
                balance[token] += number
            else:
                edges[token] = {words[0], words[-1]}
                for word in edges[token]:
                    balance[word] -= number
        apart = frozenset(word for word, number in balance.items() if number > 0 and not word[0].isalnum())
        whole = [token for token, _ in counts.most_common() if not apart.isdisjoint(edges.get(token, ()))]
        return cls(apart, frozenset(whole[:_MOST_WHOLE]))

    @classmethod
    def of_field(cls, saved: Any) -> Spacing | None:
        """The spacing that the field ``spacing`` of a task has; None if it has none."""
        return cls(*map(frozenset, saved)) if saved else None

    def missing_in(self, text: str) -> list[int]:
        """The characters of a text before which a space is missing, because a word that is a token stands beside
        others."""
        if not self.apart:
            return []
        starts, ends = split_words(text, Words.coarse)
        places: set[int] = set()
        first = 0
        for last in range(1, len(starts) + 1):
            if last == len(starts) or starts[last] != ends[last - 1]:  # those from first to last are written together
                places.update(self._within(text, starts[first:last], ends[first:last]))
                first = last
        return sorted(places)

    def _within(self, text: str, starts: Sequence[int], ends: Sequence[int]) -> Iterator[int]:
        first, last = 0, len(starts) - 1
        while first < last and text[starts[first] : ends[last]] not in self.whole:
            if text[starts[last] : ends[last]] in self.apart:
                yield starts[last]
                last -= 1
            elif text[starts[first] : ends[first]] in self.apart:
                first += 1
                yield starts[first]
            else:
                return


def spaced(
    text: str, starts: Sequence[int], ends: Sequence[int], places: Sequence[int]
) -> tuple[str, list[int], list[int]]:
    """A text with a space before some of its characters, and the places of its words in it.

    Args:
        text: the text.
        starts, ends: of its words, none of which has one of these characters inside.
        places: the characters, in order.
    """
    parts = [text[begin:end] for begin, end in zip([0, *places], [*places, len(text)], strict=True)]
    return (
        " ".join(parts),
        [start + bisect_right(places, start) for start in starts],
        [end + bisect_left(places, end) for end in ends],
    )


def _words(token: str) -> list[str]:
    starts, ends = split_words(token, Words.coarse)
    return [token[start:end] for start, end in zip(starts, ends, strict=True)]
