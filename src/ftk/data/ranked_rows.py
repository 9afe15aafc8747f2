"""Rows of queries and candidates as numbers: each text once, and for each row the numbers of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ftk.config.schema import TrainConfig
from ftk.data.batches import Order, StepOrder
from ftk.data.encoding import TextEncoder
from ftk.data.features import Ragged

if TYPE_CHECKING:
    from ftk.data.candidates import RankingExample

_UNSEEDED = 0x9E3779B9
"""In the place of seed and pass, where the same is to be drawn each time."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Which candidates of a row are read.

    Attributes:
        hard: wrong ones of the row itself in training, at most.
        sampled: wrong ones from other rows in training, beside them.
        filled: how many a row with a right one and no list has in validation, filled up from other rows; 0: its own.
    """

    hard: int
    sampled: int
    filled: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The candidates of one row that a batch has: the numbers of their texts, and whether they are right."""

    texts: NDArray[np.int64]
    right: NDArray[np.bool_]


class RankedRows:
    """Windows as the core counts them, one a row: a query with its candidates, cut up when a batch is made.

    Attributes:
        encoder: of texts, or of pairs of a query and a candidate.
        texts: the sub-words of each text, without special tokens.
        query: [rows] the text of each query.
        candidates: the texts of the candidates of each row.
        grades: how right these are; None where that is not known.
        open_rows: [rows] whether a row is scored against the right candidates of others, for it names but its own.
        pool: the texts that are right in some row.

    The first ``shared`` texts are the candidates of rows that have none of their own.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        texts: Ragged,
        query: NDArray[np.int64],
        candidates: Ragged,
        grades: Ragged | None,
        open_rows: NDArray[np.bool_],
        draws: Draws,
        shared: int,
    ) -> None:
        self.encoder = encoder
        self.texts = texts
        self.query = query
        self.candidates = candidates
        self.grades = grades
        self.open_rows = open_rows
        self._draws = draws
        self._shared = np.arange(shared)
        self._right_of: dict[int, NDArray[np.int64]] = {}
        self.pool = np.zeros(0, dtype=np.int64)
        if grades is not None:
            owner = np.repeat(query, candidates.lengths)
            right = grades.values > 0
            self.pool = np.unique(candidates.values[right])
            pairs = np.unique(np.stack([owner[right], candidates.values[right]], axis=1), axis=0)
            starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
            for part in np.split(pairs, starts[1:]) if len(pairs) else ():
                self._right_of[int(part[0, 0])] = part[:, 1]
        self.lengths = np.array([self._tokens(row) for row in range(len(query))], dtype=np.int64)

    @classmethod
    def of(
        cls,
        examples: Sequence[RankingExample],
        encoder: TextEncoder,
        draws: Draws,
        shared: Ragged | None,
    ) -> RankedRows:
        """The rows of some examples.

        Args:
            examples: all with grades, or none.
            encoder: of pairs, or of single texts.
            draws: which candidates are read.
            shared: the sub-words of candidates for rows that have none of their own.
        """
        from ftk.data.candidates import Form

        first = len(shared) if shared is not None else 0
        number: dict[str, int] = {}
        for text in chain.from_iterable((example.query, *example.candidates) for example in examples):
            number.setdefault(text, first + len(number))
        texts = Ragged.of([ids for ids, _ in encoder.tokens(list(number))])
        if shared is not None:
            starts = np.concatenate([shared.starts, texts.starts[1:] + shared.starts[-1]])
            texts = Ragged(np.concatenate([shared.values, texts.values]), starts)
        return cls(
            encoder,
            texts,
            np.array([number[example.query] for example in examples], dtype=np.int64),
            Ragged.of(
                [np.array([number[text] for text in example.candidates], dtype=np.int64) for example in examples],
                np.int64,
            ),
            Ragged.of([np.array(example.grades, dtype=np.float32) for example in examples], np.float32)
            if all(example.grades is not None for example in examples)
            else None,
            np.array([example.grades is not None and example.form is Form.right for example in examples]),
            draws,
            first,
        )

    def __len__(self) -> int:
        return len(self.query)

    @property
    def pairs(self) -> bool:
        """Whether a query is read together with each candidate."""
        return self.encoder.pairs

    @property
    def longest(self) -> int:
        """Tokens in the longest window of any of the texts; of pairs those of the longest one."""
        sizes = self.texts.lengths
        longest = int(sizes.max(initial=0))
        if self.pairs:
            longest = int(sizes[self.query].max(initial=0) + sizes[self.candidates.values].max(initial=0))
        special = self.encoder.plan.length - self.encoder.capacity
        return min(self.encoder.plan.length, longest + special) if len(self) else 0

    def sizes(self, most: int) -> str:
        """The lengths in words, where a window may have so many tokens."""
        words = []
        for name, texts in (("query", self.query), ("candidate", self.candidates.values)):
            lengths = self.texts.lengths[np.unique(texts)]
            middle, high = np.quantile(lengths, [0.5, 0.95], method="nearest")
            words.append(f"in a {name}: half have up to {middle}, 95 % up to {high}, all up to {lengths.max()}")
        return f"tokens {'; '.join(words)} (of {most} in a window{', which shows both' if self.pairs else ''})"

    def long(self, row: int) -> bool:
        """Whether a text of a row, or a pair of them, is longer than one window."""
        sizes, own = self.texts.lengths, self.candidates[row]
        query, candidate = int(sizes[self.query[row]]), int(sizes[own].max(initial=0))
        return (query + candidate if self.pairs else max(query, candidate)) > self.encoder.capacity

    def windows_of(self, first_row: int, end_row: int) -> range:
        """Each row is one."""
        return range(first_row, end_row)

    def places(self, windows: NDArray[np.int64]) -> str:
        """The rows of some windows, for messages."""
        rows = sorted(int(row) for row in windows)
        return f"training rows {rows[:8]}{' …' if len(rows) > 8 else ''}"

    def tokens_seen(self, pad_id: int) -> NDArray[np.int64]:
        """The tokens of the texts, those around them, and the padding."""
        around = (self.encoder.before, self.encoder.between, self.encoder.after)
        return np.unique(np.concatenate([self.texts.values, *around, [pad_id]])).astype(np.int64)

    def order(self, train: TrainConfig, seed: int) -> Order:
        """Batches of pairs grouped by length; of single texts at random: rows whose candidates are of one length may
        have one and the same, and are then no wrong candidates of each other."""
        lengths = np.zeros(len(self), dtype=np.int64)
        if self.pairs:
            sizes = self.texts.lengths
            mean = np.array([sizes[self.candidates[row]].mean() for row in range(len(self))])
            lengths = (sizes[self.query] + mean).astype(np.int64)
        return StepOrder(lengths, train.batch_size, seed)

    def taken(self, row: int, drawn: tuple[int, int] | None) -> Taken:
        """The candidates of a row.

        Args:
            row: which.
            drawn: seed and pass for training; None where all own ones are wanted.
        """
        own = self.candidates[row]
        if self.grades is None:
            own = own if len(own) else self._shared
            return Taken(own, np.zeros(len(own), dtype=np.bool_))
        right = self.grades[row] > 0
        if drawn is None:
            filled = self.pairs and self.open_rows[row]
            more = self._others(row, max(0, self._draws.filled - len(own)), None) if filled else own[:0]
        else:
            generator = np.random.default_rng([*drawn, row])
            chosen = generator.permutation(np.flatnonzero(right))[:1]
            wrong = np.flatnonzero(~right & ~np.isin(own, self.right_of(row)))
            chosen = np.concatenate([chosen, np.sort(generator.permutation(wrong)[: self._draws.hard])])
            own, right = own[chosen], right[chosen]
            more = self._others(row, self._draws.sampled, drawn) if self.pairs else own[:0]
        return Taken(np.concatenate([own, more]), np.concatenate([right, np.zeros(len(more), dtype=np.bool_)]))

    def right_of(self, row: int) -> NDArray[np.int64]:
        """All texts that are right for the query of a row, in whichever row that is said."""
        return self._right_of.get(int(self.query[row]), self.pool[:0])

    def _others(self, row: int, number: int, drawn: tuple[int, int] | None) -> NDArray[np.int64]:
        """Wrong candidates from other rows, each once."""
        generator = np.random.default_rng([*(drawn or (_UNSEEDED, _UNSEEDED)), row, 1])
        barred = np.concatenate([self.candidates[row], self.right_of(row)])
        wanted = min(len(self.pool), number + len(np.unique(barred)))
        found = self.pool[generator.choice(len(self.pool), size=wanted, replace=False)] if wanted else self.pool
        return found[~np.isin(found, barred)][:number]

    def _tokens(self, row: int) -> int:
        """Tokens in all windows of a row, as evaluation reads it."""
        query, others = int(self.texts.lengths[self.query[row]]), self.texts.lengths[self.taken(row, None).texts]
        shown = others + query if self.pairs else np.append(others, query)
        special = self.encoder.plan.length - self.encoder.capacity
        total = int((shown + special).sum())
        for at in np.flatnonzero(shown > self.encoder.capacity):  # windows overlap
            size = self.encoder.size(query, int(others[at])) if self.pairs else self.encoder.size(int(shown[at]))
            total += size[1] - int(shown[at]) - special
        return total
