"""Tokenizes text on all cores into a store in the cache; an interrupted run continues where it stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.findings import Finding
from ftk.data.documents.reading import TextChunk
from ftk.data.documents.token_store import (
    Manifest,
    ShardWriter,
    TokenStore,
    read_manifest,
    verify,
    write_manifest,
)
from ftk.data.text.plain_text import special_ids, without_special
from ftk.errors import RunError
from ftk.system import kept
from ftk.system.cache import cache_key
from ftk.system.processors import processors

_BATCH = 1 << 20
"""Characters of a batch, which a worker tokenizes at once."""
_ALONE = 1 << 22
"""Characters up to which this process tokenizes alone, because starting others takes longer."""
_FEW = 4
"""Cores up to which the tokenizer's own threads keep up with processes, which take a second to start."""

_Coded = tuple[NDArray[Any], NDArray[np.int64], "NDArray[np.bool_] | None"]


def prepare(
    folder: Path,
    settings: dict[str, Any],
    read: Callable[[], Iterable[TextChunk]],
    tokenizer: Any,
    *,
    words: bool,
    workers: int,
    say: Callable[[str], None],
    progress: Callable[[int, int], None],
    notes: Callable[[], list[Finding]],
) -> TokenStore:
    """The store in a folder: opened if it exists and is complete, else created.

    Args:
        folder: of this store alone; its name is the key of the settings.
        settings: everything that the store depends on.
        read: returns the chunks of the corpus from its beginning, the same each time.
        tokenizer: a ``tokenizers.Tokenizer``.
        words: whether to keep which tokens begin a word.
        workers: processes.
        say: shows that an old or damaged store is replaced.
        progress: is called with the number of characters and of tokens so far.
        notes: is called at the end, and returns the findings of reading.

    Raises:
        RunError: a worker died, or the folder cannot be written.
    """
    waiting, note = "that prepares or verifies the same text", " What was finished so far is kept."
    with kept.folder(folder, "the prepared text", waiting=waiting, say=say, note=note):
        manifest = _usable(folder, settings, say)
        if manifest is not None and manifest.complete:
            return _open(folder, manifest)
        if manifest is None:
            dtype = "uint16" if max(tokenizer.get_vocab().values()) < 1 << 16 else "uint32"
            manifest = Manifest(settings=settings, dtype=dtype, words=words)
            write_manifest(folder, manifest)
        elif manifest.shards:
            say(f"continuing an interrupted preparation: {manifest.tokens:,} tokens are there already ({folder})")
        writer = ShardWriter(folder, manifest, _unknown_id(tokenizer))
        rest = iter(read())
        done = islice(rest, sum(shard.pieces for shard in manifest.shards))
        characters = sum(len(chunk.text) for chunk in done)
        with contextlib.closing(_encoded(rest, tokenizer, manifest.dtype, words, workers)) as batches:
            for batch, (tokens, lengths, begins_word) in batches:
                ends = np.cumsum(lengths)
                for chunk, begin, end in zip(batch, ends - lengths, ends, strict=True):
                    part = begins_word[begin:end] if begins_word is not None else None
                    writer.add(tokens[begin:end], part, chunk.begins)
                    characters += len(chunk.text)
                progress(characters, writer.tokens)
        writer.close_shard()
        manifest.complete, manifest.findings = True, notes()
        write_manifest(folder, manifest)
        return _open(folder, manifest)


def _open(folder: Path, manifest: Manifest) -> TokenStore:
    try:
        return TokenStore(folder, manifest)
    except (ValueError, EOFError) as error:  # the checksums are right, but the files are not of a store
        raise RunError(f"{folder}: this is not a prepared text of ftk ({error}); remove the folder.") from error


def _unknown_id(tokenizer: Any) -> int | None:
    """The id of the unknown token; a Unigram model has the id, the others have the token."""
    model = json.loads(tokenizer.to_str())["model"]
    number: int | None = model.get("unk_id")
    return number if number is not None else tokenizer.token_to_id(model.get("unk_token") or "")


def _usable(folder: Path, settings: dict[str, Any], say: Callable[[str], None]) -> Manifest | None:
    """The verified manifest of what is there already; a damaged shard and all after it are tokenized again."""
    try:
        manifest = read_manifest(folder)
        if manifest is None and next(folder.glob("shard-*"), None) is not None:
            raise kept.Damaged(f"{folder}: there are shards, but no manifest of them")
        if manifest is not None and cache_key(manifest.settings) != cache_key(settings):
            raise kept.Damaged(f"{folder}: it was made from other text or with other settings")
    except kept.Damaged as error:
        say(f"note: the prepared text is damaged and is tokenized again ({error})")
        manifest = None
    if manifest is None:
        for path in folder.glob("shard-*"):
            path.unlink()
        return None
    try:
        verify(folder, manifest.shards)
    except kept.Damaged:
        for number, shard in enumerate(manifest.shards):
            try:
                verify(folder, [shard])
            except kept.Damaged as error:
                say(
                    f"note: shard {number + 1} of {len(manifest.shards)} of the prepared text is damaged; it and those "
                    f"after it are tokenized again ({error})"
                )
                del manifest.shards[number:]
                break
        manifest.complete = False
        write_manifest(folder, manifest)
    return manifest


def _batches(chunks: Iterable[TextChunk]) -> Iterator[list[TextChunk]]:
    held: list[TextChunk] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk.text)
        if size >= _BATCH:
            yield held
            held, size = [], 0
    if held:
        yield held


def _encoded(
    chunks: Iterable[TextChunk], tokenizer: Any, dtype: str, words: bool, workers: int
) -> Generator[tuple[list[TextChunk], _Coded]]:
    """The batches of the corpus in order, tokenized; in several processes if there is enough text."""
    batches = _batches(chunks)
    first: list[list[TextChunk]] = []
    for batch in batches:
        first.append(batch)
        if sum(len(chunk.text) for held in first for chunk in held) > _ALONE:
            break
    else:
        batches = iter(())
    alone = sum(len(chunk.text) for held in first for chunk in held) <= _ALONE
    if workers == 1 or alone or workers == processors() <= _FEW:
        yield from _in_threads(_both(first, batches), _Encoder(tokenizer.to_str(), dtype, words), workers)
    else:
        yield from _in_processes(_both(first, batches), tokenizer, dtype, words, workers)


def _in_threads(
    batches: Iterable[list[TextChunk]], encoder: _Encoder, workers: int
) -> Iterator[tuple[list[TextChunk], _Coded]]:
    """The tokenizer's own threads work on one batch while this thread reads the next and writes the previous one."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if workers > 1 else "false"
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="tokenize") as pool:
            running: tuple[list[TextChunk], Future[_Coded]] | None = None
            for batch in batches:
                following = batch, pool.submit(encoder, [chunk.text for chunk in batch])
                if running is not None:
                    yield running[0], running[1].result()
                running = following
            if running is not None:
                yield running[0], running[1].result()
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before


def _both(first: list[list[TextChunk]], rest: Iterable[list[TextChunk]]) -> Iterator[list[TextChunk]]:
    while first:
        yield first.pop(0)
    yield from rest


def _in_processes(
    batches: Iterable[list[TextChunk]], tokenizer: Any, dtype: str, words: bool, workers: int
) -> Iterator[tuple[list[TextChunk], _Coded]]:
    # Not forked: this process may run threads of torch and of the tokenizer.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(tokenizer.to_str(), dtype, words)
    )
    waiting: deque[tuple[list[TextChunk], Future[_Coded]]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, pool.submit(_work, [chunk.text for chunk in batch])))
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    except BrokenProcessPool as error:
        raise RunError(
            "a process that tokenized the text died; there may have been too little memory. The finished shards "
            "are kept: run the command again, with data.workers=1 if it happens twice."
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Encoder:
    """Converts texts to tokens with the tokenizers library alone."""

    def __init__(self, tokenizer: str, dtype: str, words: bool) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # Special tokens that a text spells out are text.
        self._tokenizer.encode_special_tokens = True
        self._special = special_ids(self._tokenizer) - {_unknown_id(self._tokenizer)}
        self._dtype = np.dtype(dtype)
        self._words = words

    def __call__(self, texts: list[str]) -> _Coded:
        # The fast method does not return the word of each token.
        encode = self._tokenizer.encode_batch if self._words else self._tokenizer.encode_batch_fast
        encodings = encode(texts, add_special_tokens=False)
        ids = [np.array(encoding.ids, dtype=self._dtype) for encoding in encodings]
        words = [_begins_word(encoding.word_ids) for encoding in encodings] if self._words else None
        for number, part in enumerate(ids):
            if not self._special.isdisjoint(part.tolist()):  # the vocabulary itself has them, as those of Unigram do
                found, origin = without_special(self._tokenizer, texts[number], self._special)
                ids[number] = np.array(found, dtype=self._dtype)
                if words is not None:
                    first = np.diff(origin, prepend=-1) > 0  # of the tokens that took the place of one
                    words[number] = words[number][np.array(origin, dtype=np.int64)] & first
        lengths = np.array([len(part) for part in ids], dtype=np.int64)
        return np.concatenate(ids), lengths, np.concatenate(words) if words is not None else None


def _begins_word(word_ids: list[int | None]) -> NDArray[np.bool_]:
    """Which tokens begin a word of the pre-tokenizer; a token outside of words is a word by itself."""
    words = np.array([-1 if word is None else word for word in word_ids], dtype=np.int64)
    begins = np.ones(len(words), dtype=np.bool_)
    begins[1:] = (words[1:] != words[:-1]) | (words[1:] < 0)
    return begins


_encoder: _Encoder


def _begin(tokenizer: str, dtype: str, words: bool) -> None:
    """Start a worker: it has one thread, ignores Ctrl-C, and ends when its parent does."""
    global _encoder
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow_parent, daemon=True).start()
    _encoder = _Encoder(tokenizer, dtype, words)


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(texts: list[str]) -> _Coded:
    return _encoder(texts)
