"""Queries and candidates as numbers: each text once, and for each row the numbers of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ftk.config.choices import Grouping
from ftk.config.schema import TrainConfig
from ftk.contracts import finding_kinds as shared_kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.findings import SHOWN
from ftk.contracts.protocols import Order
from ftk.data.batching.features import Ragged
from ftk.data.batching.order import StepOrder
from ftk.data.examples.rankings import Form, RankingExample
from ftk.data.text.text_windows import TextEncoder
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.ranking.alike import groups_of, with_alike
from ftk.tasks.ranking.by_owner import by_owner, sums
from ftk.tasks.ranking.numbered_texts import NumberedTexts
from ftk.tasks.ranking.sampling import NegativeSampling, SampledCandidates

_UNSEEDED = 0x9E3779B9
"""Stands for the seed and the pass over the data, if the same is to be drawn each time."""


class RankedRows:
    """Queries with their candidates. The core sees one window per row; the texts are cut when a batch is made.

    Attributes:
        encoder: of texts, or of pairs of a query and a candidate.
        texts: the sub-words of each text, without special tokens.
        query: [rows] the number of the text of each query.
        candidates: the numbers of the texts of each row's candidates.
        grades: how relevant the candidates are; None if that is not known.
        has_in_pool_negatives: [rows] whether a row is scored against the positives of other rows, because it
            names only its own.
        pad_id: the token that pads short texts.
        pool: the numbers of the texts that are positives in some row.

    The first ``shared`` texts are the candidates of rows without candidates.
    """

    several_texts = True

    def __init__(
        self,
        encoder: TextEncoder,
        texts: Ragged,
        query: NDArray[np.int64],
        candidates: Ragged,
        grades: Ragged | None,
        has_in_pool_negatives: NDArray[np.bool_],
        sampling: NegativeSampling,
        shared: int,
        pad_id: int,
        groups: NDArray[np.int64],
    ) -> None:
        self.encoder = encoder
        self.texts = texts
        self.query = query
        self.candidates = candidates
        self.grades = grades
        self.has_in_pool_negatives = has_in_pool_negatives
        self.pad_id = pad_id
        self._sampling = sampling
        self._shared = np.arange(shared)
        right = grades.values > 0 if grades is not None else np.zeros(len(candidates.values), dtype=np.bool_)
        self.pool = np.unique(candidates.values[right])
        owners, rights = with_alike(np.repeat(query, candidates.lengths)[right], candidates.values[right], groups)
        self._right_of = by_owner(owners, rights, len(texts))

    @classmethod
    def of(
        cls,
        examples: Sequence[RankingExample],
        encoding: Encoding,
        sampling: NegativeSampling,
        *,
        pairs: bool,
        shared: Ragged | None = None,
    ) -> RankedRows:
        """The rows of some examples; those with a text that is longer than a window are counted.

        Args:
            examples: all with grades, or none.
            encoding: how texts become numbers.
            sampling: which candidates are read.
            pairs: whether a query is read together with each candidate.
            shared: the sub-words of the candidates of rows without candidates.
        """
        encoder = TextEncoder(encoding.processor, encoding.windows, pairs=pairs, notes=encoding.notes)
        first = len(shared) if shared is not None else 0
        numbered = NumberedTexts(examples, encoding.windows.prefix, first)
        starts = np.zeros(len(examples) + 1, dtype=np.int64)
        np.cumsum([len(example.candidates) for example in examples], out=starts[1:])
        candidates = [numbered.candidate(text) for example in examples for text in example.candidates]
        grades = None
        if all(example.grades is not None for example in examples):
            grades = [grade for example in examples for grade in example.grades or ()]
        texts = numbered.tokens(encoder)
        if shared is not None:
            begins = np.concatenate([shared.starts, texts.starts[1:] + shared.starts[-1]])
            texts = Ragged(np.concatenate([shared.values, texts.values]), begins)
        rows = cls(
            encoder,
            texts,
            np.array([numbered.query(example.query) for example in examples], dtype=np.int64),
            Ragged(np.array(candidates, dtype=np.int64), starts),
            Ragged(np.array(grades, dtype=np.float32), starts) if grades is not None else None,
            np.array([example.form is Form.right for example in examples], dtype=np.bool_) & (grades is not None),
            sampling,
            first,
            encoding.pad_id,
            groups := groups_of(numbered, first),
        )
        if grades is not None:
            there = np.unique(candidates)
            if doubled := len(there) - len(np.unique(groups[there])):
                encoding.notes.add(kinds.ALIKE_CANDIDATES, number=doubled)
        if long := int(rows.long.sum()):
            policy, length = "best" if pairs else "mean", encoding.windows.length
            encoding.notes.add(kinds.LONG_CANDIDATE, policy=policy, number=long, length=length)
        if pairs and (cut := rows._cut_rows()):
            most = encoding.windows.max_windows
            encoding.notes.add(
                shared_kinds.CUT_PAIR, *(examples[row].row.where for row in cut[:SHOWN]), number=len(cut), most=most
            )
        return rows

    def __len__(self) -> int:
        return len(self.query)

    @property
    def pairs(self) -> bool:
        """Whether a query is read together with each candidate."""
        return self.encoder.pairs

    @property
    def longest(self) -> int:
        """The number of tokens in the longest window of a text, or of a pair."""
        sizes = self.texts.lengths
        longest = int(sizes.max(initial=0))
        if self.pairs:
            longest = int(sizes[self.query].max(initial=0) + sizes[self.candidates.values].max(initial=0))
        special = self.encoder.plan.length - self.encoder.capacity
        return min(self.encoder.plan.length, longest + special) if len(self) else 0

    def sizes(self, most: int) -> str:
        """Describes the lengths, for windows of at most ``most`` tokens."""
        words = []
        for name, texts in (("query", self.query), ("candidate", self.candidates.values)):
            lengths = self.texts.lengths[np.unique(texts)]
            middle, high = np.quantile(lengths, [0.5, 0.95], method="nearest")
            words.append(f"per {name}: 50 % up to {middle}, 95 % up to {high}, longest {lengths.max()}")
        return f"tokens {'; '.join(words)} (limit {most} per window{', which shows both' if self.pairs else ''})"

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """[rows] the number of tokens in all windows of a row, as evaluation reads it."""
        sizes, counts = self.texts.lengths, self.candidates.lengths
        query, own = sizes[self.query], sizes[self.candidates.values]
        if not self.pairs:
            return self._tokens(query) + sums(self._tokens(own), self.candidates.starts)
        drawn = self._drawn
        total = sums(self._tokens(np.repeat(query, counts), own), self.candidates.starts)
        total += sums(self._tokens(np.repeat(query, drawn.lengths), sizes[drawn.values]), drawn.starts)
        if len(self._shared) and not counts.all():
            # A query is read with every shared text: there are many of these, but they have few lengths.
            lengths, number = np.unique(sizes[self._shared], return_counts=True)
            queries, which = np.unique(query, return_inverse=True)
            grid = self._tokens(np.repeat(queries, len(lengths)), np.tile(lengths, len(queries)))
            total += np.where(counts == 0, (grid.reshape(len(queries), -1) @ number)[which], 0)
        return total

    @property
    def long(self) -> NDArray[np.bool_]:
        """[rows] whether a text of a row, or a pair of them, is longer than one window."""
        sizes, starts, counts = self.texts.lengths, self.candidates.starts, self.candidates.lengths
        query = sizes[self.query]
        longest = np.full(len(self), sizes[self._shared].max(initial=0))
        longest[counts > 0] = np.maximum.reduceat(sizes[self.candidates.values], starts[:-1][counts > 0])
        found: NDArray[np.bool_] = (
            query + longest if self.pairs else np.maximum(query, longest)
        ) > self.encoder.capacity
        return found

    def _cut_rows(self) -> list[int]:
        """The rows with a pair of texts that has more windows than are read."""
        sizes, cut = self.texts.lengths, self.encoder.is_cut
        long = np.flatnonzero(self.long).tolist()
        return [row for row in long if any(cut(sizes[self.query[row]], sizes[text]) for text in self.candidates[row])]

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The windows of the rows from ``first_row`` up to, but not including, ``end_row``: each row is one."""
        return range(first_row, end_row)

    def places(self, windows: NDArray[np.int64]) -> str:
        """The rows of some windows, for messages."""
        rows = sorted(int(row) for row in windows)
        return f"training rows {rows[:8]}{' …' if len(rows) > 8 else ''}"

    def tokens_in_use(self) -> NDArray[np.int64]:
        """[tokens] The distinct tokens of the texts, their special tokens and the padding token, ascending."""
        around = (self.encoder.before, self.encoder.between, self.encoder.after)
        return np.unique(np.concatenate([self.texts.values, *around, [self.pad_id]])).astype(np.int64)

    def order(self, train: TrainConfig, seed: int) -> Order:
        """Pairs may be grouped by length. Single texts never are: rows with candidates of equal length may have the
        same candidate, which could not be a negative of the other row."""
        lengths = np.zeros(len(self), dtype=np.int64)
        if self.pairs:
            sizes = self.texts.lengths
            own = sums(sizes[self.candidates.values], self.candidates.starts)
            lengths = (sizes[self.query] + own / np.maximum(self.candidates.lengths, 1)).astype(np.int64)
        return StepOrder(lengths, train.batch_size, seed, grouped=train.grouping is not Grouping.none)

    def sampled(self, row: int, drawn: tuple[int, int] | None) -> SampledCandidates:
        """The candidates of a row.

        Args:
            row: its number.
            drawn: the seed and the pass over the data, in training; None gives all candidates of the row.
        """
        own = self.candidates[row]
        if self.grades is None:
            own = own if len(own) else self._shared
            return SampledCandidates(own, np.zeros(len(own), dtype=np.bool_))
        right = self.grades[row] > 0
        if drawn is None:
            more = self._drawn[row].astype(np.int64) if self.pairs else own[:0]
        else:
            generator = np.random.default_rng([*drawn, row])
            chosen = generator.permutation(np.flatnonzero(right))[:1]
            wrong = np.flatnonzero(~right & ~np.isin(own, self.right_of(row)))
            chosen = np.concatenate([chosen, np.sort(generator.permutation(wrong)[: self._sampling.hard])])
            own, right = own[chosen], right[chosen]
            barred = np.concatenate([self.candidates[row], self.right_of(row)])
            more = self._others(row, self._sampling.sampled, drawn, barred) if self.pairs else own[:0]
        return SampledCandidates(
            np.concatenate([own, more]), np.concatenate([right, np.zeros(len(more), dtype=np.bool_)])
        )

    def right_of(self, row: int) -> NDArray[np.int64]:
        """All texts that are positives of the query of a row, whichever row says so, and those near-equal to them."""
        return self._right_of[int(self.query[row])]

    @cached_property
    def _drawn(self) -> Ragged:
        """For each row the negatives from other rows that fill up its own in validation.

        All rows with one query have the same candidates, because they are scored as one. They are drawn when they are
        first needed, and kept.
        """
        counts = np.zeros(len(self), dtype=np.int64)
        found: list[NDArray[np.int32]] = []
        if self.pairs and self._sampling.filled and self.has_in_pool_negatives.any():
            rows = np.flatnonzero(self.has_in_pool_negatives)
            _, first, which = np.unique(self.query[rows], return_index=True, return_inverse=True)
            own = Ragged.of([self.candidates[row] for row in rows.tolist()], np.int64)
            named = by_owner(np.repeat(which, own.lengths), own.values, len(first))
            of_query = []
            for number, at in enumerate(rows[first].tolist()):
                barred = np.union1d(named[number], self.right_of(at))
                wrong = len(barred) - len(self.right_of(at))
                more = self._others(at, max(0, self._sampling.filled - 1 - wrong), None, barred)
                of_query.append(more.astype(np.int32))
            found = [of_query[number] for number in which]
            counts[rows] = [len(each) for each in found]
        values = np.concatenate(found) if found else np.zeros(0, dtype=np.int32)
        return Ragged(values, np.concatenate([[0], np.cumsum(counts)]))

    def _others(
        self, row: int, number: int, drawn: tuple[int, int] | None, barred: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Draw negatives from other rows, each at most once."""
        generator = np.random.default_rng([*(drawn or (_UNSEEDED, _UNSEEDED)), row, 1])
        wanted = min(len(self.pool), number + len(np.unique(barred)))
        found = self.pool[generator.choice(len(self.pool), size=wanted, replace=False)] if wanted else self.pool
        return found[~np.isin(found, barred)][:number]

    def _tokens(self, first: NDArray[np.int64], second: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """The number of tokens in all windows of texts, or of pairs, of these lengths in sub-words."""
        shown = first if second is None else first + second
        total: NDArray[np.int64] = shown + (self.encoder.plan.length - self.encoder.capacity)
        long = shown > self.encoder.capacity  # windows overlap
        if long.any():
            base = int(shown.max()) + 1
            both = first[long] if second is None else first[long] * base + second[long]
            sizes, which = np.unique(both, return_inverse=True)
            parts = ((size,) if second is None else divmod(size, base) for size in sizes.tolist())
            total[long] = np.array([self.encoder.size(*part)[1] for part in parts])[which]
        return total
