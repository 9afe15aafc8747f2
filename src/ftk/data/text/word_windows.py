"""Converts words to sub-words and windows, for any tokenizer that reports character offsets.

The text is encoded as it is, and sub-words are assigned to words by their offsets. So every tokenizer sees the spaces
that it was trained with: byte-level tokenizers need no ``add_prefix_space``, and no tokenizer is a special case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.values import WindowPlan
from ftk.data.text.piece_cuts import PieceCutter
from ftk.data.text.special_tokens import require_offsets, special_tokens
from ftk.data.text.tokenizing import tokenized
from ftk.errors import DataError

_NONE = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a row.

    Attributes:
        input_ids: with special tokens.
        position: the place in ``input_ids`` of each sub-word of an owned word.
        word: the index of that word in the row, in order. Each word is owned by exactly one window, the one that shows
            most of its context. A sub-word that several words share is there once for each of them.
        offset: the number in the row of the sub-word at position 0; negative if a special token stands there.
    """

    input_ids: NDArray[np.int32]
    position: NDArray[np.int32]
    word: NDArray[np.int32]
    offset: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """One row as windows, with the numbers of words that were lost or cut."""

    windows: list[Window]
    vanished: int
    """Words without a sub-word: zero-width characters, control characters."""
    shortened: int
    """Words longer than a window, of which only the beginning is read."""
    shared: int = 0
    """Words that have no sub-word of their own and share that of a word before them."""
    spans: NDArray[np.int64] = field(default_factory=lambda: _NONE, compare=False)
    """[sub-words, 2] the characters that each sub-word of the row covers."""


class SubwordEncoder:
    """Encodes rows of words with one tokenizer and one plan of windows.

    Args:
        tokenizer: of the tokenizers library.
        plan: of the windows.
        masks: whether the mask token in a text is a mask.
        notes: collect what is noticed about texts.
    """

    def __init__(self, tokenizer: Any, plan: WindowPlan, *, masks: bool = False, notes: Notes | None = None) -> None:
        require_offsets(tokenizer)
        self._masks = masks
        self._notes = notes
        self.tokenizer = tokenizer
        self.plan = plan
        self.prefix, self.suffix = special_tokens(tokenizer)
        self._cutter = PieceCutter(tokenizer)
        self.capacity = plan.length - len(self.prefix) - len(self.suffix)
        if self.capacity < 1:
            raise DataError(
                f"data.max_length={plan.length} leaves no room for text beside {plan.length - self.capacity} special "
                "tokens; set a larger one."
            )

    def encode(
        self,
        texts: Sequence[str],
        words: Sequence[tuple[Sequence[int], Sequence[int]]],
        *,
        shared: bool = False,
        cuts: Sequence[Sequence[int]] | None = None,
    ) -> Iterator[Encoded]:
        """Each text as windows.

        Args:
            texts: the texts.
            words: for each text, the character offsets at which its words begin and end.
            shared: whether a sub-word that covers several words is one of each of them that has no other; if not, it is
                one of the first word alone.
            cuts: for each text, the characters before which sub-words are cut; None cuts none.
        """
        for text, (ids, offsets), (starts, ends), places in zip(
            texts,
            tokenized(self.tokenizer, texts, offsets=True, masks=self._masks, notes=self._notes),
            words,
            repeat((), len(texts)) if cuts is None else cuts,
            strict=True,
        ):
            spans = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
            if len(places):
                ids, spans = self._cutter.cut(text, ids, spans, places)
            yield self._row(text, ids, spans, starts, ends, shared)

    def _row(
        self,
        text: str,
        subwords: NDArray[np.int32],
        spans: NDArray[np.int64],
        starts: Sequence[int],
        ends: Sequence[int],
        shared: bool,
    ) -> Encoded:
        word = words_of_subwords(text, spans, starts, ends)
        keep = word >= 0
        # The first sub-word of each word that has any, in the order of the text.
        present, begin = np.unique(np.where(keep, word, len(starts)), return_index=True)
        present, begin = present[present < len(starts)], begin[: np.count_nonzero(present < len(starts))]
        vanished = len(starts) - len(present)
        if not len(subwords):
            return Encoded([], vanished, 0)
        others = _NONE
        if shared and vanished:
            others = _sharing(spans, starts, ends, present)
            vanished -= len(others)
        end = np.append(begin[1:], len(subwords))
        shortened = int(np.count_nonzero(end - begin > self.capacity))
        windows = []
        for first, last, owned_from, owned_to in self._cuts(begin, end, len(subwords)):
            own = np.arange(max(first, owned_from), min(last, owned_to))
            own = own[word[own] >= 0]
            owner = word[own]
            if len(others):
                mine = others[(others[:, 1] >= max(first, owned_from)) & (others[:, 1] < min(last, owned_to))]
                own, owner = np.append(own, mine[:, 1]), np.append(owner, mine[:, 0].astype(np.int32))
                order = np.argsort(owner, kind="stable")
                own, owner = own[order], owner[order]
            windows.append(
                Window(
                    input_ids=np.concatenate([self.prefix, subwords[first:last], self.suffix]),
                    position=(own - first + len(self.prefix)).astype(np.int32),
                    word=owner,
                    offset=first - len(self.prefix),
                )
            )
        return Encoded(windows, vanished, shortened, len(others), spans)

    def _cuts(self, begin: NDArray[np.int64], end: NDArray[np.int64], total: int) -> list[tuple[int, int, int, int]]:
        """For each window its first sub-word, the one after its last, and the range that it owns."""
        if total <= self.capacity or not len(begin):
            return [(0, min(total, self.capacity), 0, total)]
        stride = min(self.plan.stride, self.capacity // 2)
        cuts: list[tuple[int, int]] = []
        first_word = 0
        while True:
            first = int(begin[first_word])
            # The last word that fits whole; a word longer than a window gets its own window, and is cut at its end.
            last_word = int(np.searchsorted(end, first + self.capacity, side="right"))
            last_word = max(last_word, first_word + 1)
            last = min(int(end[last_word - 1]), first + self.capacity)
            cuts.append((first, last))
            if last_word >= len(begin):
                break
            # The next window shares the stride, or as much of it as leaves room for the first word not yet shown.
            shared = max(last - stride, int(end[last_word]) - self.capacity)
            first_word = min(int(np.searchsorted(begin, shared, side="left")), last_word)
        bounds, twice_middles = [0], begin + end
        for (_, left_end), (right_begin, _) in pairwise(cuts):
            # The left window shows more context of those shared words whose middle is before the middle of the share.
            bound = int(np.searchsorted(twice_middles, left_end + right_begin, side="right"))
            bounds.append(int(begin[bound]) if bound < len(begin) else total)
        bounds.append(total)
        return [(first, last, bounds[i], bounds[i + 1]) for i, (first, last) in enumerate(cuts)]


def note_windows(row: Encoded, where: str, plan: WindowPlan, notes: Notes) -> None:
    """Count rows in several windows, and words that were lost or cut.

    Args:
        row: the encoded row.
        where: its place, for messages.
        plan: the windows that it was encoded with.
        notes: collects the counts.
    """
    if len(row.windows) > 1:
        notes.add(kinds.LONG_ROW, policy="merged", length=plan.length)
        notes.add(kinds.WINDOWS, number=len(row.windows))
    if row.vanished:
        notes.add(kinds.VANISHED_WORD, where, number=row.vanished)
    if row.shortened:
        notes.add(kinds.LONG_WORD, where, number=row.shortened, length=plan.length)


def words_of_subwords(
    text: str, offsets: Sequence[tuple[int, int]] | NDArray[np.int64], starts: Sequence[int], ends: Sequence[int]
) -> NDArray[np.int32]:
    """For each sub-word the index of its word, or -1 for one between words.

    A sub-word belongs to the first word with which it shares a character; white space that a byte-level or a
    SentencePiece tokenizer adds to a sub-word does not matter. If such a tokenizer makes a sub-word of the space before
    a word, that is the first sub-word of the word, as it is for pre-split input.
    """
    begin_at, end_at = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    filled = np.flatnonzero(begin_at < end_at)  # an empty word shares no character with anything
    if not len(filled):
        return np.full(len(offsets), -1, dtype=np.int32)
    begin_at, end_at = begin_at[filled], end_at[filled]
    spans = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    word = np.searchsorted(begin_at, spans[:, 0], side="right") - 1
    past = (word < 0) | (end_at[word] <= spans[:, 0])
    # It begins in the gap after a word: the next word is its own if it reaches into it.
    following = np.minimum(word + 1, len(begin_at) - 1)
    reaches = (word + 1 < len(begin_at)) & (begin_at[following] < spans[:, 1])
    touches = past & (word + 1 < len(begin_at)) & (begin_at[following] == spans[:, 1])
    for piece in np.flatnonzero(touches & (spans[:, 1] - spans[:, 0] == 1)):
        reaches[piece] = text[spans[piece, 0]] == " "
    return np.where(past, np.where(reaches, filled[following], -1), filled[word]).astype(np.int32)


def _sharing(
    spans: NDArray[np.int64], starts: Sequence[int], ends: Sequence[int], present: NDArray[np.integer[Any]]
) -> NDArray[np.int64]:
    """[words, 2] words that only share a sub-word with a word before them, and the first sub-word that each shares."""
    lost = np.delete(np.arange(len(starts)), present)
    begin, end = np.asarray(starts, dtype=np.int64)[lost], np.asarray(ends, dtype=np.int64)[lost]
    piece = np.searchsorted(np.maximum.accumulate(spans[:, 1]), begin, side="right")
    there = np.minimum(piece, len(spans) - 1)
    shares = (begin < end) & (piece < len(spans)) & (spans[there, 0] < end) & (spans[there, 0] < spans[there, 1])
    return np.stack([lost[shares], there[shares]], axis=1)
