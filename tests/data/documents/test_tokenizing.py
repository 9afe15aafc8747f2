"""Text to token stores: the same however they are computed and interrupted; damaged parts are rebuilt and reported."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.data.documents import token_store
from ftk.data.documents import tokenizing as tokenize
from ftk.data.documents.reading import TextChunk
from ftk.data.documents.token_store import TokenStore
from ftk.data.documents.tokenizing import prepare
from ftk.errors import RunError
from small_models import WORDS, make_tokenizer

pytestmark = pytest.mark.torch  # tokenizers

KINDS = ("wordpiece", "bytes", "unigram")
SETTINGS = {"texts": ["0123"], "limit": None, "columns": {"text": 0}}


@cache
def tokenizer(kind: str) -> Any:
    return make_tokenizer(kind)


def corpus(documents: int = 40) -> list[TextChunk]:
    """Documents of one to three pieces, some with words that no vocabulary knows."""
    draw = np.random.default_rng(0)
    pieces = []
    for _ in range(documents):
        for number in range(int(draw.integers(1, 4))):
            words = draw.choice(
                [*WORDS, "café", "北京", "un-known", "Osloby", "trainto"], size=int(draw.integers(1, 30))
            )
            pieces.append(TextChunk("\n".join(" ".join(line) for line in np.array_split(words, 2)), number == 0))
    return pieces


CORPUS = corpus()


FOUND = Finding(kinds.FILE_WITHOUT_TEXT, "warning", count=1, places=["a.txt"])


class Interruption(Exception):
    """Ends a preparation."""


def make(folder: Path, *, kind: str = "bytes", read: Iterable[TextChunk] | None = None, **changes: Any) -> TokenStore:
    """A store of the corpus."""
    values: dict[str, Any] = {
        "settings": SETTINGS,
        "words": True,
        "workers": 1,
        "say": lambda text: None,
        "progress": lambda characters, tokens: None,
        "notes": lambda: [FOUND],
        "tokenizer": tokenizer(kind).backend_tokenizer,
        **changes,
    }
    return prepare(folder, read=lambda: CORPUS if read is None else read, **values)


def content(folder: Path) -> dict[str, bytes]:
    """All that a store is, without its lock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several shards, and several chunks for each of them."""
    monkeypatch.setattr(token_store, "SHARD_TOKENS", 250)
    monkeypatch.setattr(tokenize, "_BATCH", 150)


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_holds_what_the_tokenizer_makes_of_each_piece(tmp_path: Path, kind: str) -> None:
    store = make(tmp_path / "s", kind=kind)
    assert len(store.manifest.shards) > 3
    expected: list[list[int]] = []
    for piece in CORPUS:
        ids = tokenizer(kind)(piece.text, add_special_tokens=False)["input_ids"]
        if piece.begins:
            expected.append([])
        expected[-1] += ids
    assert [store.tokens(store.starts[i], store.starts[i + 1]).tolist() for i in range(len(store))] == expected
    assert store.manifest.unknown == sum(ids.count(tokenizer(kind).unk_token_id) for ids in expected)
    assert store.manifest.unknown or kind == "bytes"
    without = make(tmp_path / "without", kind=kind, words=False)
    assert without.tokens(0, without.manifest.tokens).tolist() == store.tokens(0, store.manifest.tokens).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_words_begin_where_the_tokenizer_parts_the_text(tmp_path: Path, kind: str) -> None:
    store = make(tmp_path / "s", kind=kind)
    backend = tokenizer(kind).backend_tokenizer
    words = store.words(0, store.manifest.tokens)
    normalized = [backend.normalizer.normalize_str(p.text) if backend.normalizer else p.text for p in CORPUS]
    assert words.sum() == sum(len(backend.pre_tokenizer.pre_tokenize_str(text)) for text in normalized)
    assert words[store.starts[:-1]].all()
    if kind == "wordpiece":
        tokens = tokenizer(kind).convert_ids_to_tokens(store.tokens(0, store.manifest.tokens).tolist())
        assert words.tolist() == [not token.startswith("##") for token in tokens]
        assert not words.all()


def test_the_number_of_processes_does_not_change_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "alone")
    monkeypatch.setattr(tokenize, "_ALONE", 300)
    monkeypatch.setattr(tokenize, "_encoder", None, raising=False)
    monkeypatch.setattr(tokenize, "processors", lambda: 2)
    make(tmp_path / "threads", workers=2)
    monkeypatch.setattr(tokenize, "_FEW", 0)
    make(tmp_path / "two", workers=2)
    monkeypatch.setattr(tokenize, "_BATCH", 10**9)
    make(tmp_path / "one")
    for other in ("threads", "two", "one"):
        assert content(tmp_path / other) == content(tmp_path / "alone"), other


def test_the_tokenizers_own_setting_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "false", "true"):
        if value is None:
            monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
        else:
            monkeypatch.setenv("TOKENIZERS_PARALLELISM", value)
        make(tmp_path / str(value))
        assert os.environ.get("TOKENIZERS_PARALLELISM") == value


def test_a_store_that_is_there_is_opened_and_nothing_is_read(tmp_path: Path) -> None:
    made = make(tmp_path / "s")

    def unread() -> Iterator[TextChunk]:
        raise AssertionError("the text is read again")
        yield

    opened = make(tmp_path / "s", read=unread(), say=pytest.fail)
    assert opened.starts.tolist() == made.starts.tolist()
    assert opened.manifest == made.manifest
    assert opened.manifest.findings == [FOUND], "what was found is shown again"


def interrupt_after(number: int) -> Any:
    """A progress callback that ends the preparation at its n-th call."""
    calls = iter(range(number))

    def progress(characters: int, tokens: int) -> None:
        if next(calls, None) is None:
            raise Interruption

    return progress


@pytest.mark.parametrize("number", [0, 1, 5, 12, 20])
def test_an_interrupted_preparation_continues(tmp_path: Path, number: int) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "s"
    make(whole)
    with pytest.raises(Interruption):
        make(folder, progress=interrupt_after(number))
    shards = sorted(path for path in folder.glob("shard-*"))
    before = {path: path.stat().st_ino for path in shards}
    said: list[str] = []
    told: list[tuple[int, int]] = []
    store = make(folder, say=said.append, progress=lambda characters, tokens: told.append((characters, tokens)))
    assert content(folder) == content(whole)
    assert {path: path.stat().st_ino for path in shards} == before, "what was done is not done again"
    assert told[-1] == (sum(len(piece.text) for piece in CORPUS), store.manifest.tokens), "of the whole text"
    done = len([path for path in shards if ".tokens." in path.name])
    assert (done > 0) == (number > 3)
    tokens = sum(shard.tokens for shard in store.manifest.shards[:done])
    assert said == (
        [f"continuing an interrupted preparation: {tokens:,} tokens are there already ({folder})"] if done else []
    )


KILLED = """
import os, signal, sys
from pathlib import Path
import test_tokenizing as test
from ftk.data.documents import token_store, tokenizing as tokenize
token_store.SHARD_TOKENS, tokenize._CHUNK, tokenize._ALONE, tokenize._FEW = 250, 150, 300, 0
def killed(characters, tokens):
    if tokens > 1000:
        os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    test.make(Path(sys.argv[1]), workers=2, progress=killed)
"""


def test_a_killed_preparation_continues(tmp_path: Path) -> None:
    Path("killed.py").write_text(KILLED)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    ended = subprocess.run([sys.executable, "killed.py", "s"], env={**os.environ, "PYTHONPATH": path}, check=False)
    assert ended.returncode == -signal.SIGKILL
    said: list[str] = []
    make(tmp_path / "whole")
    make(Path("s"), say=said.append)
    assert content(Path("s")) == content(tmp_path / "whole")
    assert [line.split(":")[0] for line in said] == ["continuing an interrupted preparation"]


@pytest.mark.parametrize("name", ["tokens", "words", "starts"])
@pytest.mark.parametrize("damage", ["changed", "shortened", "missing"])
def test_a_damaged_shard_is_rebuilt_and_reported(tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "s"
    manifest = make(folder).manifest
    whole = content(folder)
    path = folder / f"shard-00002.{name}.npy"
    before = (folder / "shard-00001.tokens.npy").stat().st_ino
    if damage == "missing":
        path.unlink()
    else:
        old = path.read_bytes()
        path.write_bytes(old[:-1] + (bytes([old[-1] ^ 1]) if damage == "changed" else b""))
    said: list[str] = []
    make(folder, say=said.append)
    assert content(folder) == whole
    assert (folder / "shard-00001.tokens.npy").stat().st_ino == before, "those before it are kept"
    assert len(said) == 2
    assert f"shard 3 of {len(manifest.shards)} of the prepared text is damaged" in said[0]
    assert path.name in said[0]
    assert said[1].startswith("continuing")
    make(folder, say=pytest.fail)


def other_store(folder: Path) -> bytes:
    """What tells of a store of another text."""
    make(folder, settings={**SETTINGS, "limit": 3}, read=CORPUS[:3])
    return (folder / "store.json").read_bytes()


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "foreign"])
def test_a_damaged_or_foreign_store_is_rebuilt_and_reported(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "s"
    make(folder)
    whole = content(folder)
    saved = whole["store.json"]
    (folder / "store.json").write_bytes(
        {
            "empty": b"",
            "cut": saved[: len(saved) // 2],
            "changed": saved.replace(b'"pieces": ', b'"pieces": 1', 1),
            "foreign": other_store(tmp_path / "other"),
        }[damage]
    )
    said: list[str] = []
    make(folder, say=said.append)
    assert content(folder) == whole
    assert len(said) == 1
    assert said[0].startswith("note: the prepared text is damaged and is tokenized again (")
    make(folder, say=pytest.fail)


def test_shards_without_a_manifest_are_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    make(folder)
    whole = content(folder)
    (folder / "store.json").unlink()
    (folder / "shard-00000.tokens.npy").write_bytes(b"")
    said: list[str] = []
    make(folder, say=said.append)
    assert content(folder) == whole
    reason = f"{folder}: there are shards, but no manifest of them"
    assert said == [f"note: the prepared text is damaged and is tokenized again ({reason})"]


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    waits = threading.Event()
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        waits.set()

    stores: list[TokenStore] = []
    second = threading.Thread(target=lambda: stores.append(make(folder, say=say)))
    with open(folder / ".lock", "w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second.start()
        assert waits.wait(60)
        assert sorted(path.name for path in folder.iterdir()) == [".lock"], "it touches nothing"
    second.join()
    assert said == [f"waiting for another process that prepares or verifies the same text ({folder})"]
    make(tmp_path / "alone")
    assert content(folder) == content(tmp_path / "alone")


def test_many_at_once_make_one_store(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    made: list[str] = []

    def one(name: str) -> None:
        make(folder, notes=lambda: made.append(name) or [])  # type: ignore[func-returns-value]

    threads = [threading.Thread(target=one, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1, "the others opened what the first one made"
    make(tmp_path / "alone", notes=list)
    assert content(folder) == content(tmp_path / "alone")


class Broken:
    """A tokenizer that the workers cannot load."""

    model = None

    def get_vocab(self) -> dict[str, int]:
        return {"a": 0}

    def to_str(self) -> str:
        return '{"model": {}}'

    def token_to_id(self, token: str) -> None:
        return None


def test_a_worker_that_dies_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenize, "_ALONE", 300)
    monkeypatch.setattr(tokenize, "_FEW", 0)
    with pytest.raises(RunError, match=r"a process that tokenized the text died.*run the command again"):
        make(tmp_path / "s", workers=2, tokenizer=Broken())
    make(tmp_path / "s")
    make(tmp_path / "alone")
    assert content(tmp_path / "s") == content(tmp_path / "alone")


def test_what_reading_refuses_leaves_no_complete_store(tmp_path: Path) -> None:
    def failing() -> Iterator[TextChunk]:
        yield from CORPUS
        raise Interruption

    with pytest.raises(Interruption):
        make(tmp_path / "s", read=failing())
    make(tmp_path / "s")
    make(tmp_path / "alone")
    assert content(tmp_path / "s") == content(tmp_path / "alone")


def test_numbers_above_the_size_of_the_vocabulary_are_kept(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    sparse = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 70_000}, unk_token="[UNK]"))
    sparse.pre_tokenizer = pre_tokenizers.Whitespace()
    store = make(
        tmp_path / "s", tokenizer=sparse, read=[TextChunk("a b c", True), TextChunk(" ", True), TextChunk("b", True)]
    )
    assert store.tokens(0, 4).tolist() == [1, 70_000, 0, 70_000]
    assert store.starts.tolist() == [0, 3, 3, 4]
    assert store.manifest.unknown == 1
    empty = make(tmp_path / "empty", tokenizer=sparse, read=[TextChunk(" ", True)])
    assert (len(empty), empty.manifest.tokens) == (1, 0)


def test_a_store_that_may_only_be_read_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "s"
    made = make(folder)
    whole = content(folder)
    (folder / ".lock").unlink()

    def refused(error: OSError) -> Any:
        """To write is refused, as to those who only have the right to read; root, who may run this, has every right."""

        plain = Path.open

        def opened(path: Any, mode: str = "r", *arguments: Any, **names: Any) -> Any:
            if path.name == ".lock":
                raise error
            return plain(path, mode, *arguments, **names)

        return opened

    for error in (PermissionError(errno.EACCES, "denied"), OSError(errno.EROFS, "read-only file system")):
        monkeypatch.setattr(Path, "open", refused(error))
        opened = make(folder, say=pytest.fail)
        assert opened.manifest == made.manifest
        assert opened.tokens(0, made.manifest.tokens).tolist() == made.tokens(0, made.manifest.tokens).tolist()
        assert content(folder) == whole
        assert not (folder / ".lock").exists()
    monkeypatch.setattr(Path, "open", refused(OSError(errno.ENOSPC, "no space")))
    with pytest.raises(RunError, match=r"cannot be kept here \(no space\).* data\.cache_dir"):
        make(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_in_documents_are_text(kind: str, tmp_path: Path) -> None:
    made = tokenizer(kind)
    texts = [f"Ada {made.sep_token} Oslo{made.pad_token}{made.mask_token}", "Berg went", made.cls_token]
    store = make(tmp_path, kind=kind, read=[TextChunk(text, True) for text in texts])
    tokens = store.tokens(0, int(store.starts[-1])).tolist()
    special = {made.sep_token_id, made.pad_token_id, made.mask_token_id, made.cls_token_id}
    assert special.isdisjoint(tokens)
    plain = made("Berg went", add_special_tokens=False)["input_ids"]
    assert tokens[store.starts[1] : store.starts[2]] == plain
    assert len(store.words(0, len(tokens))) == len(tokens)
