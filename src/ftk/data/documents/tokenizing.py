"""Text to tokens on all cores, into a store that is kept: prepared once, gone on with where it was interrupted."""

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

from ftk.data.documents.reading import Piece
from ftk.data.documents.token_store import (
    Damaged,
    Manifest,
    ShardWriter,
    TokenStore,
    read_manifest,
    verify,
    write_manifest,
)
from ftk.errors import RunError
from ftk.system.cache import cache_key
from ftk.system.locks import lock

_CHUNK = 1 << 20
"""Characters that a worker gets at once."""
_ALONE = 1 << 22
"""Characters that are tokenized in this process; to start others takes longer."""
_FEW = 4
"""Cores up to which the tokenizer's own threads keep up with processes, which take a second to start."""

_Coded = tuple[NDArray[Any], NDArray[np.int64], "NDArray[np.bool_] | None"]


def prepare(
    folder: Path,
    settings: dict[str, Any],
    read: Callable[[], Iterable[Piece]],
    tokenizer: Any,
    *,
    words: bool,
    workers: int,
    say: Callable[[str], None],
    progress: Callable[[int, int], None],
    notes: Callable[[], list[str]],
) -> TokenStore:
    """The store in a folder: opened if it is there and whole, else made.

    Args:
        folder: of this store alone; its name is the key of the settings.
        settings: what the store is made from.
        read: gives the pieces of the corpus from its beginning, the same each time.
        tokenizer: a ``tokenizers.Tokenizer``.
        words: whether to keep which tokens begin a word.
        workers: processes.
        say: is told what happens to an old or damaged store.
        progress: is given the number of characters and of tokens so far.
        notes: what reading found, asked for at the end.

    Raises:
        RunError: a worker died, or the folder cannot be written.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        text = "that prepares or verifies the same text"
        with lock(folder, wait=lambda holder: say(f"waiting for {holder} {text} ({folder})"), warn=say):
            manifest = _usable(folder, settings, say)
            if manifest is not None and manifest.complete:
                return _open(folder, manifest)
            if manifest is None:
                dtype = "uint16" if max(tokenizer.get_vocab().values()) < 1 << 16 else "uint32"
                manifest = Manifest(settings=settings, dtype=dtype, words=words)
                write_manifest(folder, manifest)
            elif manifest.shards:
                say(
                    f"going on with an interrupted preparation: {manifest.tokens:,} tokens are there already ({folder})"
                )
            writer = ShardWriter(folder, manifest, _unknown_id(tokenizer))
            rest = iter(read())
            done = islice(rest, sum(shard.pieces for shard in manifest.shards))
            characters = sum(len(piece.text) for piece in done)
            with contextlib.closing(_encoded(rest, tokenizer, manifest.dtype, words, workers)) as chunks:
                for pieces, (tokens, lengths, begins_word) in chunks:
                    ends = np.cumsum(lengths)
                    for piece, begin, end in zip(pieces, ends - lengths, ends, strict=True):
                        part = begins_word[begin:end] if begins_word is not None else None
                        writer.add(tokens[begin:end], part, piece.begins)
                        characters += len(piece.text)
                    progress(characters, writer.tokens)
            writer.close_shard()
            manifest.complete = True
            manifest.notes = notes()
            write_manifest(folder, manifest)
            return _open(folder, manifest)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the system says of the cache, in words that help."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder}: the prepared text cannot be kept here ({error.strerror or error}); what was done so far is. "
            "Make room, or name another folder: data.cache_dir=…"
        ) from error


def _open(folder: Path, manifest: Manifest) -> TokenStore:
    try:
        return TokenStore(folder, manifest)
    except (ValueError, EOFError) as error:  # its checksums are right, and it is no store of ftk nevertheless
        raise RunError(f"{folder}: this is not a prepared text of ftk ({error}); remove the folder.") from error


def _unknown_id(tokenizer: Any) -> int | None:
    """The token that stands for what the vocabulary does not have; a Unigram model alone has its number, not it."""
    model = json.loads(tokenizer.to_str())["model"]
    number: int | None = model.get("unk_id")
    return number if number is not None else tokenizer.token_to_id(model.get("unk_token") or "")


def _usable(folder: Path, settings: dict[str, Any], say: Callable[[str], None]) -> Manifest | None:
    """What there is of a store already, checked; a damaged shard and all behind it are made again."""
    try:
        manifest = read_manifest(folder)
        if manifest is None and next(folder.glob("shard-*"), None) is not None:
            raise Damaged(f"{folder}: nothing says what its shards are")
        if manifest is not None and cache_key(manifest.settings) != cache_key(settings):
            raise Damaged(f"{folder}: it was made from another text or with other settings")
    except Damaged as error:
        say(f"note: the prepared text is damaged and is made again ({error})")
        manifest = None
    if manifest is None:
        for path in folder.glob("shard-*"):
            path.unlink()
        return None
    try:
        verify(folder, manifest.shards)
    except Damaged:
        for number, shard in enumerate(manifest.shards):
            try:
                verify(folder, [shard])
            except Damaged as error:
                say(
                    f"note: shard {number + 1} of {len(manifest.shards)} of the prepared text is damaged; it and those "
                    f"behind it are made again ({error})"
                )
                del manifest.shards[number:]
                break
        manifest.complete = False
        write_manifest(folder, manifest)
    return manifest


def _chunks(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    held: list[Piece] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece.text)
        if size >= _CHUNK:
            yield held
            held, size = [], 0
    if held:
        yield held


def _encoded(
    pieces: Iterable[Piece], tokenizer: Any, dtype: str, words: bool, workers: int
) -> Generator[tuple[list[Piece], _Coded]]:
    """The chunks of the corpus in their order, tokenized; in processes where there is enough to do."""
    chunks = _chunks(pieces)
    first: list[list[Piece]] = []
    for chunk in chunks:
        first.append(chunk)
        if sum(len(piece.text) for held in first for piece in held) > _ALONE:
            break
    else:
        chunks = iter(())
    alone = sum(len(piece.text) for held in first for piece in held) <= _ALONE
    if workers == 1 or alone or workers == processors() <= _FEW:
        yield from _in_threads(_both(first, chunks), _Encoder(tokenizer.to_str(), dtype, words), workers)
    else:
        yield from _in_processes(_both(first, chunks), tokenizer, dtype, words, workers)


def processors() -> int:
    """Processors that this process may use."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:  # a container may be given less time than it sees processors
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(number, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return number


def _in_threads(chunks: Iterable[list[Piece]], encoder: _Encoder, workers: int) -> Iterator[tuple[list[Piece], _Coded]]:
    """The tokenizer's own threads work on one chunk while this one reads the next and writes the one before."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if workers > 1 else "false"
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="tokenize") as pool:
            running: tuple[list[Piece], Future[_Coded]] | None = None
            for chunk in chunks:
                following = chunk, pool.submit(encoder, [piece.text for piece in chunk])
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


def _both(first: list[list[Piece]], rest: Iterable[list[Piece]]) -> Iterator[list[Piece]]:
    while first:
        yield first.pop(0)
    yield from rest


def _in_processes(
    chunks: Iterable[list[Piece]], tokenizer: Any, dtype: str, words: bool, workers: int
) -> Iterator[tuple[list[Piece], _Coded]]:
    # Not forked: this process may run threads of torch and of the tokenizer.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(tokenizer.to_str(), dtype, words)
    )
    waiting: deque[tuple[list[Piece], Future[_Coded]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(_work, [piece.text for piece in chunk])))
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    except BrokenProcessPool as error:
        raise RunError(
            "a process that tokenized the text died; there may have been too little memory. The shards that were done "
            "are kept: run the command again, with data.workers=1 if it happens twice."
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Encoder:
    """Texts to tokens with the tokenizers library alone."""

    def __init__(self, tokenizer: str, dtype: str, words: bool) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._dtype = np.dtype(dtype)
        self._words = words

    def __call__(self, texts: list[str]) -> _Coded:
        # The fast one does not say which word a token belongs to.
        encode = self._tokenizer.encode_batch if self._words else self._tokenizer.encode_batch_fast
        encodings = encode(texts, add_special_tokens=False)
        ids = [np.array(encoding.ids, dtype=self._dtype) for encoding in encodings]
        lengths = np.array([len(part) for part in ids], dtype=np.int64)
        words = None
        if self._words:
            words = np.concatenate([_begins_word(encoding.word_ids) for encoding in encodings])
        return np.concatenate(ids), lengths, words


def _begins_word(word_ids: list[int | None]) -> NDArray[np.bool_]:
    """Where the pre-tokenizer began a word; a token of no word is one by itself."""
    words = np.array([-1 if word is None else word for word in word_ids], dtype=np.int64)
    begins = np.ones(len(words), dtype=np.bool_)
    begins[1:] = (words[1:] != words[:-1]) | (words[1:] < 0)
    return begins


_encoder: _Encoder


def _begin(tokenizer: str, dtype: str, words: bool) -> None:
    """Start a worker: one thread, deaf to Ctrl-C, gone when its parent is."""
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
