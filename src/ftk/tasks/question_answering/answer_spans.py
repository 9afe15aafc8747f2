"""Maps characters of a context to its sub-words, and scores of sub-words back to passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passage:
    """The sub-words of a context that show a character other than white space.

    Attributes:
        input_ids: of all sub-words, without special tokens.
        shown: the numbers of those that show a character, among all sub-words.
        begin, end: the characters that each of these shows: from, to.
    """

    input_ids: NDArray[np.int32]
    shown: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(cls, text: str, input_ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> Passage:
        """The passage of a context, from its sub-words and their [sub-words, 2] offsets."""
        begin, end = _without_space(text, offsets)
        shown = np.flatnonzero(begin < end)
        return cls(input_ids, shown, begin[shown], end[shown])

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The first and the last sub-word that share a character with a passage, counted in ``shown``, or None."""
        first = int(np.searchsorted(self.end, start, side="right"))
        last = int(np.searchsorted(self.begin, end, side="left")) - 1
        return (first, last) if first <= last else None

    def within(self, piece: tuple[int, int]) -> tuple[int, int]:
        """The range of ``shown`` that lies in a range of all sub-words."""
        low, high = np.searchsorted(self.shown, piece)
        return int(low), int(high)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be the answer.

    Attributes:
        start, end: its characters.
        score: its share among the candidates that are kept; no answer is one of them if it is possible.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class FoundAnswers:
    """The outputs for one question.

    Attributes:
        candidates: the best passages, the best first; none if the context has no sub-word.
        no_answer: the share of no answer; None if there always is one.
        margin: how far no answer scores above the best passage, in natural logarithms; infinite without a passage.
    """

    candidates: tuple[Candidate, ...]
    no_answer: float | None
    margin: float

    def chosen(self, threshold: float | None) -> Candidate | None:
        """The answer that is given, or None.

        Args:
            threshold: the margin above which no answer is given; None if one is always given.
        """
        if not self.candidates or (threshold is not None and self.margin > threshold):
            return None
        return self.candidates[0]


def _whole(first: tuple[int, int], last: tuple[int, int]) -> tuple[int, int]:
    """The characters from the beginning of the first sub-word to the end of the last one."""
    return first[0], last[1]


Scored = tuple[NDArray[np.float32], NDArray[Any], NDArray[Any]]
"""Of a window: [2, 1 + sub-words] scores of start and end, no answer first; where each sub-word begins and ends."""


def found_answers(
    windows: Iterable[Scored],
    *,
    longest: int,
    number: int,
    allow_no_answer: bool,
    cut: Callable[[tuple[int, int], tuple[int, int]], tuple[int, int]] = _whole,
) -> FoundAnswers:
    """The best passages over all windows of a row.

    The score of a passage is the sum of the log-probabilities of its start and its end in a window. A passage that
    several windows show has its best score; no answer has its worst, because it takes all windows to rule an answer out
    (Devlin et al. 2019, section 4.3).

    Args:
        windows: of the row.
        longest: the largest number of sub-words of a passage.
        number: the number of passages to keep.
        allow_no_answer: whether a question may have no answer.
        cut: the characters of a passage, given those of its first and of its last sub-word; by default all of them.
    """
    best: dict[tuple[int, int], float] = {}
    nothing = np.inf
    for scores, begin, end in windows:
        nothing = min(nothing, float(scores[0, 0]) + float(scores[1, 0]))
        for score, first, last in _best_spans(scores[:, 1:], begin, end, longest, number):
            at = cut((int(begin[first]), int(end[first])), (int(begin[last]), int(end[last])))
            best[at] = max(score, best.get(at, -np.inf))
    spans = sorted(best, key=lambda at: (-best[at], at))[:number]
    if not spans:
        return FoundAnswers((), 1.0 if allow_no_answer else None, np.inf)
    values = np.array([best[at] for at in spans] + ([nothing] if allow_no_answer else []))
    shares = np.exp(values - values.max())
    shares /= shares.sum()
    candidates = tuple(Candidate(*at, float(share)) for at, share in zip(spans, shares, strict=False))
    return FoundAnswers(candidates, float(shares[-1]) if allow_no_answer else None, nothing - best[spans[0]])


def _best_spans(
    scores: NDArray[np.float32], begin: NDArray[Any], end: NDArray[Any], longest: int, number: int
) -> Iterator[tuple[float, int, int]]:
    """The best spans of one window: score, first and last sub-word. No two have the same characters."""
    starts, ends = scores
    total = len(starts)
    if not total:
        return
    # Of several sub-words with the same characters (the bytes of a letter), the first begins and the last ends a span.
    starts = np.where(np.append(True, begin[1:] > begin[:-1]), starts, -np.inf)
    ends = np.where(np.append(end[1:] > end[:-1], True), ends, -np.inf)
    width = min(longest, total)
    padded = np.append(ends, np.full(width - 1, -np.inf, dtype=ends.dtype))
    sums = (starts[:, None] + np.lib.stride_tricks.sliding_window_view(padded, width)).ravel()
    kept = min(number, sums.size)
    for at in np.argpartition(sums, sums.size - kept)[-kept:].tolist():
        if sums[at] > -np.inf:
            first, further = divmod(at, width)
            yield float(sums[at]), first, first + further


def _without_space(text: str, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets without the white space that byte-level and SentencePiece tokenizers add to a sub-word."""
    total = len(text)
    space = np.fromiter(map(str.isspace, text), dtype=bool, count=total)
    places = np.arange(total + 1)
    # For each character the next one that is no space, and the end of the last one before it that is none.
    following = np.minimum.accumulate(np.append(np.where(space, total, places[:-1]), total)[::-1])[::-1]
    before = np.maximum.accumulate(np.append(0, np.where(space, 0, places[1:])))
    begin, end = offsets[:, 0], offsets[:, 1]
    return following[begin], np.where(end > begin, before[end], 0)
