"""Blocks of nothing but words that the vocabulary lacks are left out; the others stay as they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from block_helpers import SPECIAL, MemoryStore, frame
from conftest import Result
from data_helpers import MANY
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.mlm import learnable
from ftk.tasks.mlm.blocks import Blocks, DocumentBlocks, StreamBlocks
from ftk.tasks.mlm.pair_blocks import PairBlocks

UNKNOWN = 4
documents = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=2, max_size=12)


def store_of(sizes: list[int], unknown: list[bool], *, known: bool) -> MemoryStore:
    """A store some of whose documents have unknown words alone; ``known``: its manifest says so."""
    store = MemoryStore(sizes)
    [tokens] = store._tokens
    for number, lost in enumerate(unknown):
        if lost:
            tokens[store.starts[number] : store.starts[number + 1]] = UNKNOWN
    if known:
        from ftk.data.documents.token_store import Shard

        store.manifest.shards = [Shard(len(tokens), 0, int((tokens == UNKNOWN).sum()), {})]
    return store


def all_of(blocks: Blocks) -> list[list[int]]:
    if isinstance(blocks, PairBlocks):
        return [[number, int(blocks.lengths[number])] for number in range(len(blocks))]
    return [blocks.block(number).input_ids.tolist() for number in range(len(blocks))]


@pytest.mark.parametrize("kind", [StreamBlocks, DocumentBlocks])
@MANY
@given(documents, st.integers(6, 30), st.integers(1, 50))
def test_blocks_without_a_known_word_are_left_out(
    kind: type[Blocks], documents: list[tuple[int, bool]], length: int, together: int
) -> None:
    sizes, unknown = [size for size, _ in documents], [lost for _, lost in documents]
    kept = np.array([number for number in range(len(sizes)) if number % 4 != 3])  # others are held out
    whole = all_of(kind(store_of(sizes, unknown, known=False), kept, length, frame()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learnable, "_AT_ONCE", together)
        blocks = kind(store_of(sizes, unknown, known=True), kept, length, frame())
    assert all_of(blocks) == [ids for ids in whole if any(token >= SPECIAL for token in ids)]
    assert blocks.left_out == len(whole) - len(blocks)
    if len(blocks):
        blocks.counts()


@MANY
@given(documents, st.integers(6, 30), st.integers(0, 5))
def test_a_pair_always_has_something_to_learn(documents: list[tuple[int, bool]], length: int, seed: int) -> None:
    sizes, unknown = [size + 1 for size, _ in documents], [lost for _, lost in documents]
    blocks = PairBlocks(store_of(sizes, unknown, known=True), np.arange(len(sizes)), length, frame())
    for number in range(len(blocks)):
        pair = blocks.pair(number, np.random.default_rng([seed, number]))
        assert (pair.block.input_ids >= SPECIAL).any()
    lost = {number for number, one in enumerate(unknown) if one}
    assert not lost & set(blocks._part_document[blocks._numbers].tolist())


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("packing", ["stream", "documents"])
def test_pretraining_passes_over_a_line_of_unknown_words(ftk: Callable[..., Result], packing: str) -> None:
    lines = [f"the cat sat on mat {number}\n\n" for number in range(12)]
    lines.insert(5, "日本 語の " * 40 + "\n\n")
    Path("train.txt").write_text("".join(lines), encoding="utf-8")
    Path("vocab.txt").write_text("".join(f"the cat sat on mat {number % 3}\n" for number in range(200)))
    settings = ("train.batch_size=1", "train.epochs=1", "run.curves=false", f"task.packing={packing}")
    data = ("data.train=train.txt", "data.validation_share=0", "data.max_length=16", "data.documents=blank_line")
    made = ftk("pretrain", "model=tiny", "data.train=vocab.txt", *settings[1:], *data[1:], "run.dir=first")
    assert made.code == 0, made.err
    result = ftk("pretrain", "--json", "model=auto", "model.name=first/best", *settings, *data, "run.dir=run")
    assert result.code == 0, result.err
    assert result.found(task_kinds.UNKNOWN_BLOCK).count >= 5
    assert kinds.EMPTY_ROW.id not in result.out
