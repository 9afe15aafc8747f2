"""Shards of tokens on disk: what was written comes back from any place, and what was changed is noticed."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data_helpers import SOME
from ftk.data.documents import token_store as module
from ftk.data.documents.token_store import (
    Manifest,
    ShardWriter,
    TokenStore,
    read_manifest,
    verify,
    write_manifest,
)
from ftk.system.kept import Damaged

SETTINGS = {"texts": ["0123"], "limit": None}


def write_store(
    folder: Path,
    documents: list[list[list[int]]],
    *,
    dtype: str = "uint16",
    words: bool = True,
    unknown: int | None = 1,
) -> TokenStore:
    """A store of documents, each of them a list of pieces; every third token begins a word."""
    folder.mkdir(parents=True)
    manifest = Manifest(settings=SETTINGS, dtype=dtype, words=words)
    writer = ShardWriter(folder, manifest, unknown_id=1)
    for document in documents:
        for number, piece in enumerate(document):
            tokens = np.array(piece, dtype=dtype)
            writer.add(tokens, tokens % 3 == 0 if words else None, number == 0)
    writer.close_shard()
    manifest.complete = True
    write_manifest(folder, manifest)
    return reopen(folder)


def reopen(folder: Path) -> TokenStore:
    """The store in a folder, checked."""
    manifest = read_manifest(folder)
    assert manifest is not None
    verify(folder, manifest.shards)
    return TokenStore(folder, manifest)


def document(store: TokenStore, number: int) -> list[int]:
    """The tokens of one document."""
    return store.tokens(int(store.starts[number]), int(store.starts[number + 1])).tolist()


token = st.integers(0, 2**16 - 1)
corpora = st.lists(st.lists(st.lists(token, max_size=9), min_size=1, max_size=3), max_size=9)


@SOME
@given(corpora, st.integers(1, 12), st.data())
@pytest.mark.slow
def test_what_is_written_comes_back_across_shards(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[list[int]]], shard: int, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHARD_TOKENS", shard)
        patch.setattr(os, "fsync", lambda descriptor: None)
        store = write_store(tmp_path_factory.mktemp("store") / "s", documents)
    whole = [[token for piece in pieces for token in piece] for pieces in documents]
    assert [document(store, number) for number in range(len(store))] == whole
    flat = np.array([token for text in whole for token in text], dtype=np.int32)
    assert store.manifest.tokens == len(flat)
    assert store.manifest.unknown == np.count_nonzero(flat == 1)
    assert all(part.tokens >= shard for part in store.manifest.shards[:-1])
    begin = data.draw(st.integers(0, len(flat)))
    end = data.draw(st.integers(begin, len(flat)))
    part = store.tokens(begin, end)
    assert part.dtype == np.int32
    assert part.tolist() == flat[begin:end].tolist()
    assert store.words(begin, end).tolist() == (flat[begin:end] % 3 == 0).tolist()


@SOME
@given(st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_fingerprints_are_the_same_for_the_same_tokens(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[int]], shard: int, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHARD_TOKENS", shard)
        patch.setattr(module, "_AT_ONCE", at_once)
        store = write_store(tmp_path_factory.mktemp("store") / "s", [[text] for text in texts])
        prints = store.fingerprints().tolist()
    for one, first in zip(texts, prints, strict=True):
        assert (first == 0) == (not one)
        for other, second in zip(texts, prints, strict=True):
            assert (first == second) == (one == other)


def test_large_vocabularies_and_no_words(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", [[[70_000, 2**31 - 1]]], dtype="uint32", words=False)
    assert document(store, 0) == [70_000, 2**31 - 1]
    assert not list(tmp_path.glob("s/*words*"))


class Counting:
    """A column of a shard that knows what of it was read."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self.read: list[tuple[int, int]] = []

    def __getitem__(self, part: slice) -> NDArray[Any]:
        self.read.append((part.start, part.stop))
        return self.values[part]


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD_TOKENS", 10)
    store = write_store(tmp_path / "s", [[list(range(10 * number, 10 * number + 10))] for number in range(5)])
    counting = [Counting(column) for column in store._tokens]
    store._tokens = counting  # type: ignore[assignment]
    assert store.tokens(18, 33).tolist() == list(range(18, 33))
    assert [column.read for column in counting] == [[], [(8, 10)], [(0, 10)], [(0, 3)], []]


def test_a_billion_tokens_are_opened_without_reading_them(tmp_path: Path) -> None:
    folder, tokens = tmp_path / "s", 2**30
    write_store(folder, [[[7, 8, 9]]], words=False)
    path = folder / "shard-00000.tokens.npy"
    column = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint16, shape=(tokens,))  # a file with a hole
    column[-3:] = [4, 5, 6]
    column.flush()
    np.save(folder / "shard-00000.starts.npy", np.arange(0, tokens, 2**20, dtype=np.int64))
    manifest = read_manifest(folder)
    assert manifest is not None
    manifest.shards[0].tokens = tokens
    store = TokenStore(folder, manifest)
    assert len(store) == 2**10
    assert store.tokens(tokens - 4, tokens).tolist() == [0, 4, 5, 6]
    assert isinstance(store._tokens[0], np.memmap)


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_store(folder, [[[3, 4, 5]], [[6]]])
    files = sorted(path for path in folder.iterdir() if path.name.startswith("shard-"))
    assert [path.name.split(".")[1] for path in files] == ["starts", "tokens", "words"]
    for path in files:
        content = path.read_bytes()
        for changed in (content[:-1] + bytes([content[-1] ^ 1]), content[:-1], content + b"\0"):
            path.write_bytes(changed)
            with pytest.raises(Damaged, match=rf"{path.name}: its SHA-256 is not the one that was saved"):
                reopen(folder)
        path.unlink()
        with pytest.raises(Damaged, match=rf"{path.name}: No such file"):
            reopen(folder)
        path.write_bytes(content)
        reopen(folder)


def _with(**changes: Any) -> Any:
    return lambda saved: {**saved, **changes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_with(complete=False), "it was changed"),
        (_with(settings={}), "it was changed"),
        (_with(version=0), "another version"),
        (_with(more=1), "it was changed"),
        (lambda saved: {name: value for name, value in saved.items() if name != "version"}, "version"),
        (lambda saved: {name: value for name, value in saved.items() if name != "check"}, "check"),
        (lambda saved: [saved], "store.json"),
        (lambda saved: None, "store.json"),
    ],
)
def test_a_changed_or_foreign_manifest_is_noticed(tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "s" / "store.json"
    write_store(path.parent, [[[3]]])
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(Damaged, match=message):
        read_manifest(path.parent)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 10])
def test_a_broken_manifest_is_noticed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.json").write_bytes(content)
    with pytest.raises(Damaged, match=r"store\.json"):
        read_manifest(tmp_path)


def test_no_manifest_is_no_store(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


def test_a_shard_is_written_beside_the_old_one(tmp_path: Path) -> None:
    """Another run may still read the files that are rebuilt."""
    store = write_store(tmp_path / "s", [[[3, 4, 5]]])
    manifest = Manifest(SETTINGS, "uint16", words=False)
    writer = ShardWriter(store.folder, manifest, None)
    writer.add(np.array([9], dtype=np.uint16), None, True)
    writer.close_shard()
    assert store.tokens(0, 3).tolist() == [3, 4, 5]
    assert not list(store.folder.glob("*.tmp"))
    assert not list(store.folder.glob(".*.tmp"))
