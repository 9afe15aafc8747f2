"""Blocks of tokens for pretraining. Arithmetic finds the tokens of any block in a store, without the other blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ftk.config.schema import TrainConfig
from ftk.data.batching.order import BlockOrder
from ftk.data.documents.token_store import TokenStore
from ftk.data.text.block_frame import BlockFrame
from ftk.errors import DataError
from ftk.tasks.mlm.learnable import learnable
from ftk.tasks.mlm.packing import pack


@dataclass(frozen=True, slots=True)
class Block:
    """One sequence for the model.

    Attributes:
        input_ids: with special tokens.
        words: whether each token begins a word; None if the store does not know.
        document: the number of each token's document in the block, counted from 0; None if documents are not packed.
    """

    input_ids: NDArray[np.int32]
    words: NDArray[np.bool_] | None
    document: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """The result of packing, in numbers."""

    documents: int
    text: int
    """The number of tokens of text."""
    special: int
    """The number of special tokens around the text."""
    blocks: int
    padding: int
    """The room that stays empty if every block has the full length."""
    swapped: bool = False
    """Whether some blocks (of pairs) repeat tokens of another block; if not, each token is in exactly one block."""

    def __str__(self) -> str:
        room = self.text + self.special + self.padding
        lost = "the second texts of half of them drawn from other documents" if self.swapped else "none lost"
        return (
            f"{self.text:,} tokens of {self.documents:,} document{'s' if self.documents != 1 else ''} and "
            f"{self.special:,} special ones in {self.blocks:,} block{'s' if self.blocks != 1 else ''} "
            f"({100 * (1 - self.padding / room):.1f} % filled, {lost})"
        )


class Blocks(ABC):
    """Blocks over some documents of a store. To the core they are windows.

    Attributes:
        lengths: [blocks] the number of tokens in each block, special ones included.
        special: the number of special tokens in all blocks.
        left_out: the number of blocks without anything to learn, which are none of these.
    """

    swapped: ClassVar[bool] = False

    def __init__(self, store: TokenStore, documents: NDArray[np.int64], length: int, frame: BlockFrame) -> None:
        self.store = store
        self.frame = frame
        self.length = length
        # A document that the tokenizer removes is not packed.
        self._begin = store.starts[documents]
        self._size = store.starts[documents + 1] - self._begin
        self._begin, self._size = self._begin[self._size > 0], self._size[self._size > 0]
        self.text = int(self._size.sum())
        self.lengths: NDArray[Any]
        self.special: int
        self.left_out = 0
        self._numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def pad_id(self) -> int:
        """The padding token."""
        return self.frame.pad_id

    @property
    def longest(self) -> int:
        """The number of tokens in the longest block."""
        return int(self.lengths.max(initial=0))

    @abstractmethod
    def block(self, number: int) -> Block:
        """One block."""

    def counts(self) -> Counts:
        """How the tokens were packed.

        Raises:
            AssertionError: tokens were lost or doubled.
        """
        inside = int(self.lengths.sum(dtype=np.int64))
        assert inside == self.text + self.special, f"{inside:,} tokens in blocks of {self.text:,} + {self.special:,}"
        padding = len(self) * self.length - inside
        return Counts(len(self._size), self.text, self.special, len(self), padding, self.swapped)

    def windows_of(self, first_row: int, end_row: int) -> range:
        """The blocks from ``first_row`` up to, but not including, ``end_row``: each block is a row."""
        return range(first_row, end_row)

    def places(self, windows: NDArray[np.int64]) -> str:
        """The numbers of some blocks, for messages."""
        return f"blocks {windows[:8].tolist()}{' …' if len(windows) > 8 else ''}"

    def order(self, train: TrainConfig, seed: int) -> BlockOrder:
        """Shuffled blocks."""
        return BlockOrder(len(self), train.batch_size, seed, start=train.batch_start, warmup=train.batch_warmup)

    def _leave_out(self, block: NDArray[np.int64], begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        """Leave out the blocks without a token that may be masked.

        Args:
            block: of each part of a document.
            begins, sizes: of the parts in the store, in ascending order.
        """
        learned = np.zeros(len(self.lengths), dtype=np.bool_)
        learned[block[learnable(self.store, begins, sizes, self.frame.is_special)]] = True
        self._numbers = np.flatnonzero(learned)
        self.left_out = len(self.lengths) - len(self._numbers)
        if self.left_out:
            special = self.lengths - np.bincount(block, sizes, minlength=len(self.lengths)).astype(np.int64)
            self.lengths, self.special = self.lengths[learned], int(special[learned].sum())
            self.text = int(self.lengths.sum(dtype=np.int64)) - self.special

    def _room(self, framing: int) -> int:
        room = self.length - framing
        if room < 2:
            raise DataError(f"data.max_length={self.length} leaves no room for text beside {framing} special tokens.")
        return room

    def _words(self, begin: int, end: int) -> NDArray[np.bool_]:
        return self.store.words(begin, end)


class StreamBlocks(Blocks):
    """All documents one after the other, with separators between them, cut wherever a block is full.

    Each block is framed as a separate text (RoBERTa's FULL-SENTENCES, Liu et al. 2019).
    """

    def __init__(self, store: TokenStore, documents: NDArray[np.int64], length: int, frame: BlockFrame) -> None:
        super().__init__(store, documents, length, frame)
        framing = len(frame.prefix) + len(frame.suffix)
        self._capacity = self._room(framing)
        self._separator = frame.suffix[:1]
        # The position in the stream at which each document begins; the last entry is the end of the stream.
        starts = np.concatenate([[0], np.cumsum(self._size + len(self._separator))])
        self._starts = starts
        total = max(0, int(starts[-1]) - len(self._separator))
        blocks = -(-total // self._capacity)
        self.lengths = np.full(blocks, length, dtype=np.int32)
        if blocks:
            self.lengths[-1] = total - (blocks - 1) * self._capacity + framing
        self.special = blocks * framing + max(0, len(self._size) - 1) * len(self._separator)
        self._leave_out(*self._segments())

    def _segments(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The parts of documents that blocks show: the block, the beginning in the store and the size of each."""
        first, last = self._starts[:-1] // self._capacity, (self._starts[:-1] + self._size - 1) // self._capacity
        number = last - first + 1
        document = np.repeat(np.arange(len(self._size)), number)
        block = np.arange(len(document)) - np.repeat(np.cumsum(number) - number - first, number)
        begin = np.maximum(self._starts[document], block * self._capacity)
        end = np.minimum(self._starts[document] + self._size[document], (block + 1) * self._capacity)
        return block, self._begin[document] + begin - self._starts[document], end - begin

    def block(self, number: int) -> Block:
        begin = int(self._numbers[number]) * self._capacity
        end = begin + int(self.lengths[number]) - len(self.frame.prefix) - len(self.frame.suffix)
        tokens: list[NDArray[np.int32]] = [self.frame.prefix]
        words: list[NDArray[np.bool_]] = [np.ones(len(self.frame.prefix), dtype=np.bool_)]
        document = int(np.searchsorted(self._starts, begin, side="right")) - 1
        while begin < end:
            offset = begin - int(self._starts[document])
            size = int(self._size[document])
            if offset < size:
                at = int(self._begin[document])
                stop = min(size, offset + end - begin)
                tokens.append(self.store.tokens(at + offset, at + stop))
                if self.store.manifest.words:
                    words.append(self._words(at + offset, at + stop))
                begin += stop - offset
            if begin < end:
                tokens.append(self._separator)
                words.append(np.ones(len(self._separator), dtype=np.bool_))
                begin += len(self._separator)
                document += 1
        tokens.append(self.frame.suffix)
        words.append(np.ones(len(self.frame.suffix), dtype=np.bool_))
        return Block(np.concatenate(tokens), np.concatenate(words) if self.store.manifest.words else None)


class Parts(Blocks):
    """Documents cut into parts that fit into a block: ``_part_begin`` and ``_part_size`` find them in the store."""

    def _cut(self, capacity: int) -> None:
        number = -(-self._size // capacity)
        document = np.repeat(np.arange(len(self._size)), number)
        first = np.repeat(np.cumsum(number) - number, number)
        offset = (np.arange(len(document)) - first) * capacity
        self._part_document = document
        self._part_begin = self._begin[document] + offset
        self._part_size = np.minimum(self._size[document] - offset, capacity)


class DocumentBlocks(Parts):
    """Documents packed whole if they fit, each framed by itself; none attends to another."""

    def __init__(self, store: TokenStore, documents: NDArray[np.int64], length: int, frame: BlockFrame) -> None:
        super().__init__(store, documents, length, frame)
        framing = len(frame.prefix) + len(frame.suffix)
        self._cut(self._room(framing))
        self._order, self._bounds = pack(self._part_size + framing, length)
        sizes = np.concatenate([[0], np.cumsum((self._part_size + framing)[self._order])])
        self.lengths = np.diff(sizes[self._bounds]).astype(np.int32)
        self.special = len(self._part_size) * framing
        of_part = np.empty(len(self._order), dtype=np.int64)
        of_part[self._order] = np.repeat(np.arange(len(self.lengths)), np.diff(self._bounds))
        self._leave_out(of_part, self._part_begin, self._part_size)

    def block(self, number: int) -> Block:
        number = int(self._numbers[number])
        tokens: list[NDArray[np.int32]] = []
        words: list[NDArray[np.bool_]] = []
        document: list[NDArray[np.int64]] = []
        for place, part in enumerate(self._order[self._bounds[number] : self._bounds[number + 1]]):
            begin = int(self._part_begin[part])
            end = begin + int(self._part_size[part])
            framed = np.concatenate([self.frame.prefix, self.store.tokens(begin, end), self.frame.suffix])
            tokens.append(framed)
            document.append(np.full(len(framed), place, dtype=np.int64))
            if self.store.manifest.words:
                begins = np.ones(len(framed), dtype=np.bool_)
                begins[len(self.frame.prefix) : len(framed) - len(self.frame.suffix)] = self._words(begin, end)
                words.append(begins)
        return Block(np.concatenate(tokens), np.concatenate(words) if words else None, np.concatenate(document))
