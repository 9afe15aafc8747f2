"""Which tokens are hidden, and what replaces them: a function of (seed, epoch, block, position)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ftk.data.batching.random_draws import CounterRandom
from ftk.tasks.mlm.policies import Unit

_WHOLE = 16
"""A word or span of at most this many tokens is always masked whole, even beyond the share of its row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Masking:
    """How to mask (Devlin et al. 2019 for tokens and whole words, Joshi et al. 2020, SpanBERT, for spans).

    Attributes:
        share: of the tokens of text that are to be predicted.
        mask_token: the share of those that become the mask token.
        random_token: the share of those that become a random token; the others stay.
        unit: what is masked as one; a span is also replaced as one.
        span_mean: the mean of the geometric distribution of words in a span.
        span_longest: the largest number of words in a span.
    """

    share: float
    mask_token: float
    random_token: float
    unit: Unit
    span_mean: float
    span_longest: int

    @property
    def needs_words(self) -> bool:
        """Whether it matters where words begin."""
        return self.unit is not Unit.token

    def __call__(
        self,
        ids: NDArray[np.int64],
        text: NDArray[np.bool_],
        begins: NDArray[np.bool_] | None,
        draws: CounterRandom,
        mask_id: int,
        ordinary: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The tokens with some of them hidden, and which ones are hidden.

        In each row the share decides how many tokens are chosen, at least one. A fraction of a token is decided by
        chance, so that the share is right on average. For words and spans, the last one is taken whole or not at all
        by the same rule. The first one is always taken, so short rows may exceed the share. A long word or span with
        more tokens than the row is to hide is taken in part: in scripts without spaces some tokenizers take a sentence
        for one word.

        Args:
            ids: [rows, time] tokens.
            text: [rows, time] which of them may be masked.
            begins: [rows, time] which of them begin a word; None for unit=token.
            draws: the random numbers of these rows.
            mask_id: the mask token.
            ordinary: the tokens that random ones are drawn from.
        """
        time = ids.shape[1]
        group = self._groups(text, begins, draws)
        # The draw of a group is that of its first token.
        priority = np.take_along_axis(draws(0, time), group, axis=1)
        priority = np.where(text, priority, 2.0)
        number = text.sum(axis=1)
        wanted = np.floor(self.share * number + draws(1, 1)[:, 0]).astype(np.int64)
        wanted = np.minimum(np.maximum(wanted, 1), number)
        # Whole groups in the order of their draws. The sort is stable, so the tokens of a group stay together.
        order = np.argsort(priority, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(time), order.shape), axis=1)
        chosen = (rank < wanted[:, None]) & text
        if self.unit is not Unit.token:
            chosen = self._whole(chosen, group, text, order, wanted, draws)
        kind = draws(2, time)
        if self.unit is Unit.span:
            kind = np.take_along_axis(kind, group, axis=1)
        other = ordinary[(draws(3, time) * len(ordinary)).astype(np.int64)]
        hidden = np.where(
            kind < self.mask_token, mask_id, np.where(kind < self.mask_token + self.random_token, other, ids)
        )
        return np.where(chosen, hidden, ids), chosen

    def _groups(
        self, text: NDArray[np.bool_], begins: NDArray[np.bool_] | None, draws: CounterRandom
    ) -> NDArray[np.int64]:
        """[rows, time] the position of the first token of the word or span of each token."""
        place = np.broadcast_to(np.arange(text.shape[1]), text.shape)
        if self.unit is Unit.token:
            return np.ascontiguousarray(place)
        assert begins is not None
        # A special token ends the word before it; a word begins after it.
        behind = np.zeros_like(text)
        behind[:, 1:] = ~text[:, :-1]
        begins = begins | ~text | behind
        begins[:, 0] = True
        if self.unit is Unit.span:
            new = begins & ((draws(4, text.shape[1]) < 1 / self.span_mean) | ~text | behind)
            new[:, 0] = True
            word = np.cumsum(begins, axis=1)
            since: NDArray[np.int64] = word - np.maximum.accumulate(np.where(new, word, 0), axis=1)
            begins = begins & (since % self.span_longest == 0)
        return np.maximum.accumulate(np.where(begins, place, 0), axis=1)

    def _whole(
        self,
        chosen: NDArray[np.bool_],
        group: NDArray[np.int64],
        text: NDArray[np.bool_],
        order: NDArray[np.int64],
        wanted: NDArray[np.int64],
        draws: CounterRandom,
    ) -> NDArray[np.bool_]:
        """Decide about the last group, which was chosen in part: take it whole with the chance of its part, or not.

        A long group is taken in part, from anywhere in it.
        """
        last = np.take_along_axis(order, np.maximum(wanted - 1, 0)[:, None], axis=1)
        first = np.take_along_axis(group, last, axis=1)
        member = (group == first) & text
        size = member.sum(axis=1)
        left = (member & chosen).sum(axis=1)
        only = (chosen & ~member).sum(axis=1) == 0  # without it the row would teach nothing
        keep = (draws(5, 1)[:, 0] * size < left) | only
        long = size > np.maximum(wanted, _WHOLE)
        offset = (draws(6, 1)[:, 0] * (size - left + 1)).astype(np.int64)[:, None]
        since = np.arange(text.shape[1])[None, :] - first - offset
        some = np.where(long[:, None], (since >= 0) & (since < left[:, None]), keep[:, None])
        return np.where(member, some, chosen)
