"""Documents in blocks: every token once, in order, no block too long, and nothing read that is not in the block."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from block_helpers import CLS, FIRST, SEP, MemoryStore, frame
from data_helpers import MANY
from ftk.errors import DataError
from ftk.tasks.mlm.blocks import Blocks, DocumentBlocks, StreamBlocks
from ftk.tasks.mlm.packing import pack
from ftk.tasks.mlm.pair_blocks import PairBlocks

sizes = st.lists(st.integers(0, 40), max_size=15)
shards = st.lists(st.integers(0, 30), max_size=6)
frames = st.sampled_from([((CLS,), (SEP,)), ((), (SEP,)), ((CLS,), ()), ((CLS, CLS), (SEP, CLS))])


def some(store: MemoryStore, kept: Sequence[int]) -> Any:
    """The numbers of some documents of a store."""
    return np.array([number for number in range(len(store)) if number in kept], dtype=np.int64)


def text_of(ids: Sequence[int]) -> list[int]:
    return [token for token in ids if token >= FIRST]


def check_lengths(blocks: Blocks) -> None:
    """What blocks say of their lengths is so."""
    for number in range(len(blocks)):
        block = blocks.block(number)
        assert len(block.input_ids) == blocks.lengths[number] <= blocks.length
        assert block.input_ids.dtype == np.int32
        for beside in (block.words, block.document):
            assert beside is None or len(beside) == len(block.input_ids)


@MANY
@given(sizes, shards, st.sets(st.integers(0, 14)), st.integers(6, 30), frames)
def test_a_stream_is_the_documents_joined_by_the_separator(
    sizes: list[int], shards: list[int], kept: set[int], length: int, around: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    store, (prefix, suffix) = MemoryStore(sizes, shards, begins=3), around
    documents = some(store, sorted(kept))
    blocks = StreamBlocks(store, documents, length, frame(prefix, suffix))
    stream: list[int] = []
    words: list[bool] = []
    for number in range(len(blocks)):
        block = blocks.block(number)
        ids = block.input_ids.tolist()
        end = len(ids) - len(suffix)
        assert (tuple(ids[: len(prefix)]), tuple(ids[end:])) == around
        assert number == len(blocks) - 1 or len(ids) == length, "all are full but the last"
        assert block.words is not None
        stream += ids[len(prefix) : end]
        words += block.words.tolist()[len(prefix) : end]
    expected: list[int] = []
    for document in documents:
        if sizes[document]:
            expected += [*(suffix[:1] if expected else ()), *store.document(document)]
    assert stream == expected
    assert words == [token < FIRST or (token - FIRST) % 3 == 0 for token in stream]
    check_lengths(blocks)
    _check_counts(blocks, sizes, documents)


def _check_counts(blocks: Blocks, sizes: list[int], documents: Any) -> None:
    counts = blocks.counts()
    every = [token for number in range(len(blocks)) for token in blocks.block(number).input_ids.tolist()]
    assert counts.documents == sum(sizes[document] > 0 for document in documents)
    assert counts.text == len(text_of(every)) == sum(sizes[document] for document in documents)
    assert counts.special == len(every) - counts.text
    assert counts.blocks == len(blocks)
    assert counts.padding == len(blocks) * blocks.length - len(every)
    if len(blocks):
        assert "none lost" in str(counts)


@MANY
@given(sizes, shards, st.sets(st.integers(0, 14)), st.integers(6, 30), frames)
def test_packed_documents_hold_every_token_once(
    sizes: list[int], shards: list[int], kept: set[int], length: int, around: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    store, (prefix, suffix) = MemoryStore(sizes, shards, begins=3), around
    documents = some(store, sorted(kept))
    blocks = DocumentBlocks(store, documents, length, frame(prefix, suffix))
    parts: list[list[int]] = []
    for number in range(len(blocks)):
        block = blocks.block(number)
        assert block.document is not None
        assert block.words is not None
        for inner in range(int(block.document.max()) + 1):
            member = np.flatnonzero(block.document == inner)
            assert member.tolist() == list(range(member[0], member[-1] + 1)), "each stands together"
            ids = block.input_ids[member].tolist()
            end = len(ids) - len(suffix)
            assert (tuple(ids[: len(prefix)]), tuple(ids[end:])) == around
            assert text_of(ids) == ids[len(prefix) : end] != []
            parts.append(text_of(ids))
        assert (np.diff(block.document) >= 0).all()
        words = [token < FIRST or (token - FIRST) % 3 == 0 for token in block.input_ids.tolist()]
        assert block.words.tolist() == words
    capacity = length - len(prefix) - len(suffix)
    expected = []
    for document in documents:
        text = store.document(document)
        expected += [text[begin : begin + capacity] for begin in range(0, len(text), capacity)]
    assert sorted(parts) == sorted(expected), "whole where they fit, else cut where a block is full"
    check_lengths(blocks)
    _check_counts(blocks, sizes, documents)


@MANY
@given(st.lists(st.integers(1, 20), max_size=60), st.integers(20, 40), st.integers(1, 60))
def test_packing_is_a_partition_without_half_empty_blocks(parts: list[int], capacity: int, together: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ftk.tasks.mlm.packing._TOGETHER", together)
        order, bounds = pack(np.array(parts, dtype=np.int64), capacity)
    assert sorted(order.tolist()) == list(range(len(parts)))
    assert bounds[0] == 0
    assert bounds[-1] == len(parts)
    blocks = [order[begin:end] for begin, end in pairwise(bounds.tolist())]
    filled = [sum(parts[part] for part in block) for block in blocks]
    assert all(0 < size <= capacity for size in filled)
    if together >= len(parts) and len(filled) > 1:
        assert sum(sorted(filled)[:2]) > capacity, "no two blocks would fit into one"


def test_packing_fills_blocks() -> None:
    parts = np.random.default_rng(0).integers(1, 128, size=20_000)
    order, bounds = pack(parts, 128)
    assert parts.sum() / (128 * (len(bounds) - 1)) > 0.98
    assert len(order) == 20_000


def pairs_of(blocks: PairBlocks, number: int, times: int = 1) -> Any:
    return [blocks.pair(number, np.random.default_rng([number, time])) for time in range(times)]


@MANY
@given(st.lists(st.integers(1, 40), min_size=2, max_size=15), shards, st.integers(7, 30))
def test_pairs_follow_or_come_from_another_document(sizes: list[int], shards: list[int], length: int) -> None:
    store = MemoryStore(sizes, shards, begins=3)
    blocks = PairBlocks(store, np.arange(len(sizes)), length, frame())
    owner = np.repeat(np.arange(len(sizes)), sizes)
    firsts = []
    for number in range(len(blocks)):
        for pair in pairs_of(blocks, number, 4):
            ids = pair.block.input_ids.tolist()
            middle = ids.index(SEP)
            assert (ids[0], ids[-1], ids.count(SEP)) == (CLS, SEP, 2)
            assert pair.segment.tolist() == [0] * (middle + 1) + [1] * (len(ids) - middle - 1)
            first, second = ids[1:middle], ids[middle + 1 : -1]
            for text in (first, second):
                assert text == list(range(text[0], text[0] + len(text))) != []
            assert pair.follows == (second[0] == first[-1] + 1 and owner[second[0] - FIRST] == owner[first[0] - FIRST])
            assert pair.follows or owner[second[0] - FIRST] != owner[first[0] - FIRST]
            assert len(set(owner[np.array(second) - FIRST])) == 1
            assert len(ids) <= max(blocks.lengths[number], 5) <= length
            assert not pair.follows or len(ids) == blocks.lengths[number]
            assert pair.block.words.tolist() == [token < FIRST or (token - FIRST) % 3 == 0 for token in ids]
        firsts.append(blocks.block(number).input_ids[1])
    assert sorted(set(firsts)) == sorted(firsts), "each part begins one block"
    assert str(blocks.counts()).endswith("the second texts of half of them drawn from other documents)")


def test_half_of_the_pairs_follow_and_the_rest_come_from_anywhere() -> None:
    store = MemoryStore([50] * 40)
    blocks = PairBlocks(store, np.arange(40), 30, frame())
    drawn = pairs_of(blocks, 7, 2000)
    assert sum(pair.follows for pair in drawn) / 2000 == pytest.approx(0.5, abs=0.05)
    cuts = Counter(int(pair.segment.argmax()) - 2 for pair in drawn)
    assert set(cuts) == set(range(1, int(blocks.lengths[7]) - 3)), "cut anywhere"
    own = int(blocks.block(7).input_ids[1] - FIRST) // 50
    others = Counter(int(pair.block.input_ids[-2] - FIRST) // 50 for pair in drawn if not pair.follows)
    assert set(others) == set(range(40)) - {own}


def test_the_begin_of_a_second_text_does_not_tell_whether_it_follows() -> None:
    store = MemoryStore([30] * 50)
    blocks = PairBlocks(store, np.arange(50), 33, frame())
    begins = [
        (pair.follows, (int(pair.block.input_ids[pair.segment.argmax()]) - FIRST) % 30, len(pair.segment))
        for number in range(50)
        for pair in pairs_of(blocks, number, 20)
    ]
    for follows in (True, False):
        places = [place for went_on, place, _ in begins if went_on is follows]
        assert 0 not in places, "no second text begins where a document does"
        assert np.mean(places) == pytest.approx(15, abs=1.5)
    assert {size for _, _, size in begins} == {33}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [StreamBlocks, DocumentBlocks])
def test_any_block_of_a_huge_store_is_read_by_itself(kind: type[Blocks]) -> None:
    store = MemoryStore([1])
    documents = 3_000_000
    store.starts = np.arange(0, 1000 * documents + 1, 1000, dtype=np.int64)  # three thousand million tokens

    def read(columns: Any, begin: int, end: int, kind: Any) -> Any:
        return np.full(end - begin, FIRST, dtype=kind)

    store._read = read  # type: ignore[method-assign, assignment]
    if kind is DocumentBlocks:
        documents = 20_000
    blocks = kind(store, np.arange(documents), 128, frame())
    assert store.read == [], "to pack them nothing of the text is read"
    number = len(blocks) // 2
    block = blocks.block(number)
    text = int((block.input_ids >= FIRST).sum())
    assert sum(end - begin for begin, end in store.read) == text <= 126
    if kind is StreamBlocks:
        assert number > 10_000_000
        begin = number * 126  # each document has 1001 places in the stream, its separator counted
        assert store.read[0][0] == begin // 1001 * 1000 + begin % 1001


def test_too_short_blocks_and_too_few_documents_are_refused() -> None:
    store = MemoryStore([5, 0])
    for kind in (StreamBlocks, DocumentBlocks):
        kind(store, np.arange(2), 4, frame())
        with pytest.raises(DataError, match=r"data\.max_length=3 leaves no room for text beside 2 special tokens"):
            kind(store, np.arange(2), 3, frame())
        assert len(kind(store, np.array([1]), 9, frame())) == 0
    with pytest.raises(DataError, match=r"a split has one document alone, and none to take another text from"):
        PairBlocks(store, np.arange(2), 30, frame())
    with pytest.raises(DataError, match=r"does not know pairs of texts"):
        PairBlocks(MemoryStore([5, 5]), np.arange(2), 30, frame(pair=False))
    with pytest.raises(DataError, match=r"data\.max_length=4 leaves no room"):
        PairBlocks(MemoryStore([5, 5]), np.arange(2), 4, frame())
