"""Blocks of text pairs for next-sentence prediction: the second text follows the first, or comes from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ftk.data.documents.token_store import TokenStore
from ftk.data.text.block_frame import BlockFrame
from ftk.errors import DataError
from ftk.tasks.mlm.blocks import Block, Parts


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts as one sequence.

    Attributes:
        block: both, framed.
        segment: 0 up to the end of the first text, then 1.
        follows: whether the second text continues the first one.
    """

    block: Block
    segment: NDArray[np.int64]
    follows: bool


class PairBlocks(Parts):
    """Parts of documents as pairs of texts: half continue as they are, half with the end of a part of another document.

    A second text begins anywhere and ends where a part ends, whether it follows or not, so its position tells nothing.
    """

    swapped = True

    def __init__(self, store: TokenStore, documents: NDArray[np.int64], length: int, frame: BlockFrame) -> None:
        super().__init__(store, documents, length, frame)
        if frame.pair is None:
            raise DataError("task.next_sentence=true: the tokenizer of this model does not know pairs of texts.")
        if len(self._size) < 2:
            raise DataError(
                "task.next_sentence=true: a split has one document alone, and none to take another text from; see "
                "data.documents, and data.validation_share for the documents that are held out."
            )
        self._framing = sum(map(len, frame.pair))
        self._cut(self._room(self._framing))
        self.lengths = (self._part_size + self._framing).astype(np.int32)
        self.special = len(self._part_size) * self._framing
        self._leave_out(np.arange(len(self._part_size)), self._part_begin, self._part_size)

    def block(self, number: int) -> Block:
        return self.pair(number, np.random.default_rng(number)).block

    def pair(self, number: int, generator: np.random.Generator) -> Pair:
        """One block as a pair. A text of a single token is always followed by a text of another document.

        It has no more tokens than ``lengths`` says, or one more if the text is a single token.
        """
        assert self.frame.pair is not None
        number = int(self._numbers[number])
        size = int(self._part_size[number])
        follows = bool(generator.random() < 0.5) and size > 1
        cut = int(generator.integers(1, size)) if size > 1 else 1
        begin = int(self._part_begin[number])
        if follows:
            second = begin + cut, begin + size
        else:
            other = self._other(number, generator)
            end = int(self._part_begin[other] + self._part_size[other])
            room = max(1, int(self._part_size[other]) - 1)  # the second text never begins where a part begins
            second = end - min(room, max(1, size - cut)), end
        first = begin, begin + cut
        if not follows and size > 1 and self._nothing_in(first) and self._nothing_in(second):
            follows, second = True, (begin + cut, begin + size)
        before, between, behind = self.frame.pair
        ids = np.concatenate([before, self.store.tokens(*first), between, self.store.tokens(*second), behind])
        head = len(before) + first[1] - first[0] + len(between)
        words = None
        if self.store.manifest.words:
            words = np.ones(len(ids), dtype=np.bool_)
            words[len(before) : len(before) + cut] = self._words(*first)
            words[head : head + second[1] - second[0]] = self._words(*second)
        return Pair(Block(ids, words), (np.arange(len(ids)) >= head).astype(np.int64), follows)

    def _nothing_in(self, part: tuple[int, int]) -> bool:
        return bool(self.store.manifest.unknown) and bool(self.frame.is_special[self.store.tokens(*part)].all())

    def _other(self, number: int, generator: np.random.Generator) -> int:
        """Draw a part of another document, each with the same chance."""
        own = self._part_document[number]
        first, last = np.searchsorted(self._part_document, [own, own + 1])
        drawn = int(generator.integers(0, len(self._part_size) - (last - first)))
        return drawn if drawn < first else drawn + int(last - first)
