"""Texts to blocks: read, tokenized into a cache that content and settings name, held out, packed."""

import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import word_pieces, write_lines
from data_helpers import data_config, of_kind
from ftk.config.data_choices import Documents
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.values import WindowPlan
from ftk.data.documents.tokenizing import _Encoder
from ftk.errors import DataError
from ftk.system.processors import processors
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.mlm.blocks import Blocks
from pretraining import mlm_task, write_stories
from small_models import WORDS, make_tokenizer

pytestmark = pytest.mark.torch  # transformers


@cache
def tokenizer(kind: str = "wordpiece") -> Any:
    return make_tokenizer(kind)


class Said:
    """A console that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def preparing(self, what: str, size: int) -> Any:
        from contextlib import nullcontext

        return nullcontext(lambda characters, tokens: None)


@dataclass
class Made:
    """The blocks of each split, what was said and noted, and how many texts were tokenized for them."""

    blocks: dict[str, Blocks]
    said: list[str]
    notes: list[Finding]
    tokenized: int

    def documents(self, name: str) -> list[tuple[int, ...]]:
        """The tokens of each document of a split."""
        blocks = self.blocks[name]
        return [
            tuple(blocks.store.tokens(begin, begin + size).tolist())
            for begin, size in zip(blocks._begin.tolist(), blocks._size.tolist(), strict=True)
        ]


Make = Callable[..., Made]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Prepare a corpus with these settings."""
    texts: list[int] = []
    original = _Encoder.__call__

    def counted(self: _Encoder, batch: list[str]) -> Any:
        texts.append(len(batch))
        return original(self, batch)

    monkeypatch.setattr(_Encoder, "__call__", counted)

    def run(kind: str = "wordpiece", task: dict[str, Any] | None = None, length: int = 32, **data: Any) -> Made:
        texts.clear()
        notes, said = Notes(), Said()
        corpus = mlm_task(**(task or {})).open_corpus(data_config(**data), notes)
        prepared = corpus.prepare(Encoding(tokenizer(kind), None, WindowPlan(length, 0), notes), said)
        blocks = {name: split.features for name, split in prepared.items()}
        return Made(blocks, said.lines, list(notes.drain()), sum(texts))

    return run


def stores() -> set[str]:
    """The stores in the cache."""
    return {path.name for path in Path("cache/tokens").iterdir()}


def test_a_second_run_tokenizes_nothing(make: Make) -> None:
    train = write_stories("train.txt", 0, 30)
    first = make(train=train)
    again = make(train=train)
    assert first.tokenized > 0
    assert again.tokenized == 0
    assert len(stores()) == 1
    assert again.said == first.said
    assert again.notes == first.notes
    assert again.documents("train") == first.documents("train")


def test_the_content_names_the_store_not_the_file(make: Make) -> None:
    first = make(train=write_stories("train.txt", 0, 30))
    Path("train.txt").rename("other.txt")
    shutil.copy("other.txt", "plain")
    for name in ("other.txt", "plain"):
        assert make(train=name).tokenized == 0
    assert make(train=["other.txt"], task={"packing": "documents"}, length=16, split_seed=3).tokenized == 0
    assert len(stores()) == 1
    Path("train.txt.gz").write_bytes(gzip.compress(Path("other.txt").read_bytes()))
    compressed = make(train="train.txt.gz")
    assert compressed.tokenized > 0
    assert compressed.documents("train") == first.documents("train")


def test_a_file_that_is_named_twice_is_read_twice(make: Make) -> None:
    a, b = write_stories("a.txt", 0, 9), write_stories("b.txt", 9, 13)
    whole = {name: make(train=name, validation_share=0).documents("train") for name in (a, b)}
    known = stores()
    for number, files in enumerate(([a, b, b], [a, a, b], [a, b, a]), start=1):
        made = make(train=files, validation_share=0)
        assert made.tokenized > 0, files
        assert made.documents("train") == [document for name in files for document in whole[name]]
        assert len(stores() - known) == number
    assert make(train=[a, b, b], validation_share=0).tokenized == 0


CHANGES: list[dict[str, Any]] = [
    {"kind": "bytes"},
    {"task": {"mask_unit": "word"}},
    {"documents": Documents.line},
    {"documents": Documents.file, "validation_share": 0},
    {"limit": 10},
    {"duplicates": "drop"},
    {"duplicate_lines": "drop"},
    {"encoding": "latin-1"},
    {"format": "text", "train": ["train.txt", "more.txt"]},
    {"train": ["more.txt", "train.txt"]},
    {"columns": {"text": "text"}},
]


def test_every_setting_that_counts_names_another_store(make: Make) -> None:
    write_stories("train.txt", 0, 30)
    write_stories("more.txt", 30, 35)
    make(train="train.txt")
    known = stores()
    for change in CHANGES:
        assert make(**{"train": "train.txt", **change}).tokenized > 0, change
        assert len(stores() - known) == 1, change
        known = stores()
    with open("train.txt", "a") as stream:
        stream.write("\none more\n")
    assert make(train="train.txt").tokenized > 0
    assert len(stores() - known) == 1
    assert make(train="train.txt", documents=Documents.blank_line).tokenized == 0, "what null stands for"


def test_a_name_that_changes_how_a_table_is_read_names_another_store(make: Make) -> None:
    content = "text,a\tother\n" + "".join(f"Ada,{number}\tBoris\n" for number in range(4))
    Path("a.tsv").write_text(content)
    made = make(train="a.tsv", columns={"text": "text,a"})
    Path("a.tsv").rename("a.csv")
    with pytest.raises(DataError):
        make(train="a.csv", columns={"text": "text,a"})
    assert made.tokenized == 4


def test_files_folders_and_formats_together(make: Make) -> None:
    import json

    Path("texts").mkdir()
    write_stories("texts/a.txt", 0, 8)
    rows = [{"text": text} for text in ("Ada went to Oslo", "Boris went to Lima")]
    Path("texts/b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("texts/c.txt.gz").write_bytes(gzip.compress(b"Chen went to Accra"))
    Path("texts/d.txt").write_text("")
    made = make(train="texts", validation="texts/[bc]*")
    assert len(made.documents("train")) == 11
    expected = [tokenizer()(text, add_special_tokens=False)["input_ids"] for text in [*(row["text"] for row in rows)]]
    assert [list(document) for document in made.documents("validation")[:2]] == expected
    without = of_kind(made.notes, kinds.FILE_WITHOUT_TEXT)
    assert (without.split, without.count, without.places) == ("train", 1, ["texts/d.txt"])
    assert kinds.ENTRIES_NOT_READ not in [note.kind for note in made.notes]
    again = make(train="texts", validation="texts/[bc]*")
    assert again.tokenized == 0
    assert without in again.notes, "said each time"


def test_what_a_folder_has_beside_the_texts_is_reported(make: Make) -> None:
    Path("texts/deep").mkdir(parents=True)
    Path("texts/README.md").write_text("of the texts")
    Path("texts/.hidden").write_text("nothing")
    write_stories("texts/a.txt", 0, 8)
    write_stories("texts/deep/b.txt", 8, 16)
    write_stories("c.txt", 16, 20)
    made = make(train="texts", validation="c.txt")
    unread = of_kind(made.notes, kinds.ENTRIES_NOT_READ).values
    assert (unread["key"], unread["folder"], unread["left_out"], unread["entries"]) == ("data.train", "texts", 2, 3)
    assert "README.md" in unread["why"]
    assert "deep/" in unread["why"]
    assert len(made.documents("train")) == 8
    named = make(train=["texts/a.txt", "texts/deep"], validation="c.txt")
    assert kinds.ENTRIES_NOT_READ not in [note.kind for note in named.notes]


def test_a_local_dataset(make: Make) -> None:
    from datasets import Dataset, DatasetDict

    texts = [f"Ada went to Oslo again {number}" for number in range(6)]
    splits = {"train": Dataset.from_dict({"text": texts}), "validation": Dataset.from_dict({"text": texts[:2]})}
    DatasetDict(splits).save_to_disk("saved")
    values = {"format": "hub", "name": "saved", "train": "train", "validation": "validation"}
    made = make(**values)
    assert len(made.documents("train")) == 6
    assert made.documents("validation") == made.documents("train")[:2]
    assert make(**values).tokenized == 0


def different_texts(number: int) -> list[str]:
    """Texts that differ for a tokenizer that knows WORDS alone."""
    return [f"{one} {other}" for one in WORDS[:7] for other in WORDS[:7]][:number]


def held_out(make: Make, **data: Any) -> set[tuple[int, ...]]:
    """The documents that are held out of stories; none of them is also trained on, and none is lost."""
    made = make(**data)
    train, held = made.documents("train"), made.documents("validation")
    whole = make(**{**data, "validation_share": 0})
    assert sorted([*train, *held]) == sorted(whole.documents("train"))
    assert not set(train) & set(held)
    said = of_kind(made.notes, task_kinds.DOCUMENTS_HELD_OUT).values
    assert (said["held"], said["total"]) == (len(held), len(train) + len(held))
    return set(held)


def test_documents_are_held_out_by_seed_and_share(make: Make) -> None:
    lines = [f"Ada went to Oslo {number:b}".replace("1", " again").replace("0", " by") for number in range(60)]
    Path("train.txt").write_text("\n\n".join(lines))
    first = held_out(make, train="train.txt")
    assert len(first) == 6
    assert held_out(make, train="train.txt") == first
    assert held_out(make, train="train.txt", split_seed=1) != first
    assert len(held_out(make, train="train.txt", validation_share=0.5)) == 30
    assert len(held_out(make, train="train.txt", validation_share=0.001)) == 1, "one at least"
    assert len(held_out(make, train="train.txt", validation_share=0.999)) == 59, "and one is trained on"
    for limit in (1, 12, 40, 10**9):
        held = held_out(make, train="train.txt", validation_share=0.5, validation_tokens=limit)
        assert held <= held_out(make, train="train.txt", validation_share=0.5)
        assert sum(map(len, held)) <= limit or len(held) == 1
        assert (limit == 10**9) == (len(held) == 30)


def test_a_document_that_is_too_large_is_not_held_out(make: Make) -> None:
    small = different_texts(9)
    write_lines("train.txt", [*small[:5], "Ada went to Oslo again " * 50, *small[5:]])
    for seed in range(5):
        data = {"documents": Documents.line, "split_seed": seed, "validation_share": 0.9, "validation_tokens": 12}
        held = held_out(make, train="train.txt", **data)
        assert 5 < sum(map(len, held)) <= 12
    write_lines("large.txt", ["Ada went to Oslo again " * number for number in (50, 60, 40, 70)])
    for seed in range(5):
        held = held_out(make, train="large.txt", documents=Documents.line, split_seed=seed, validation_tokens=12)
        assert [len(document) for document in held] == [5 * 40], "none is as small as that: the smallest"


def test_how_much_is_held_out_is_reported(make: Make) -> None:
    write_lines("train.txt", ["Ada went " * 10, "to Oslo " * 25, "Boris by " * 15])
    made = make(train="train.txt", documents=Documents.line, validation_share=0.01, validation_tokens=20)
    said = of_kind(made.notes, task_kinds.DOCUMENTS_HELD_OUT).values
    assert (said["held"], said["total"], round(said["percent"], 1)) == (1, 3, 20.0)


def test_a_document_of_which_nothing_is_left_is_not_held_out(make: Make) -> None:
    Path("train.txt").write_text("\n\n".join(["Ada went to Oslo", "Boris went to Lima", *["\u200b"] * 20]))
    made = make(train="train.txt", validation_share=0.01)
    assert [len(made.documents(name)) for name in ("train", "validation")] == [1, 1]


def test_documents_that_occur_twice_are_not_held_out(make: Make) -> None:
    once, twice = different_texts(30)[:10], different_texts(30)[10:]
    write_lines("train.txt", [*once, *twice, *twice])
    made = make(train="train.txt", documents=Documents.line, validation_share=0.15)
    assert len(made.documents("validation")) == 8, "a share of all documents"
    assert not set(made.documents("validation")) & set(made.documents("train"))
    made = make(train="train.txt", documents=Documents.line, validation_share=0.5)
    assert len(made.documents("validation")) == 25, "where those that occur once are too few, others are taken too"


def test_documents_that_splits_share_are_counted(make: Make) -> None:
    texts = different_texts(40)
    parts = {"train": texts[:30], "validation": texts[25:35], "test": texts[35:]}
    files = {name: write_lines(f"{name}.txt", lines) for name, lines in parts.items()}
    notes = make(documents=Documents.line, **files).notes
    repeated = of_kind(notes, task_kinds.DOCUMENT_OF_TRAINING)
    assert (repeated.count, repeated.values) == (5, {"part": "validation"})


def test_a_single_document_cannot_be_held_out(make: Make) -> None:
    Path("train.txt").write_text("Ada went to Oslo\nBoris went to Lima\n")
    with pytest.raises(DataError, match=r"a single document.*documents=blank_line now.*data\.validation_share=0"):
        make(train="train.txt")
    with pytest.raises(DataError, match=r"documents=file now"):
        make(train="train.txt", documents=Documents.file)
    assert make(train="train.txt", documents=Documents.line).documents("validation")
    alone = make(train="train.txt", validation_share=0)
    assert list(alone.blocks) == ["train"]
    assert of_kind(alone.notes, kinds.NO_VALIDATION)
    assert of_kind(alone.notes, task_kinds.ONE_BLOCK).values == {"length": 32}


def test_texts_without_text_are_refused(make: Make) -> None:
    for name, content in (("empty.txt", ""), ("blank.txt", "\n \n\n"), ("odd.txt", "\u200b\n")):
        Path(name).write_text(content)
    Path("full.txt").write_text("Ada went to Oslo\n\nBoris went to Lima")
    for name in ("empty.txt", "blank.txt"):
        with pytest.raises(DataError, match=rf"data\.train: there is no text in {name}"):
            make(train=name)
    with pytest.raises(DataError, match=r"data\.validation: there is no text in empty\.txt, blank\.txt"):
        make(train="full.txt", validation=["empty.txt", "blank.txt"])
    with pytest.raises(DataError, match=r"data\.train: .*: it is empty after tokenization"):
        make(train="odd.txt", validation="full.txt")
    with pytest.raises(DataError, match=r"data\.train: name the texts; test alone is not enough"):
        make(test="full.txt")


def test_a_damaged_store_is_reported_and_rebuilt(make: Make) -> None:
    train = write_stories("train.txt", 0, 30)
    first = make(train=train)
    [store] = Path("cache/tokens").iterdir()
    content = (store / "shard-00000.tokens.npy").read_bytes()
    (store / "shard-00000.tokens.npy").write_bytes(content[:-1])
    again = make(train=train)
    assert again.tokenized > 0
    assert any("shard 1 of 1 of the prepared text is damaged" in line for line in again.said)
    assert (store / "shard-00000.tokens.npy").read_bytes() == content
    assert again.documents("train") == first.documents("train")


def test_the_cache_is_where_it_is_wanted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    train = write_stories("train.txt", 0, 30)
    monkeypatch.setenv("HOME", str(Path("home").absolute()))
    for name, folder in (("FTK_CACHE", "one"), ("XDG_CACHE_HOME", "two/ftk"), (None, "home/.cache/ftk")):
        for variable in ("FTK_CACHE", "XDG_CACHE_HOME"):
            monkeypatch.delenv(variable, raising=False)
        if name is not None:
            monkeypatch.setenv(name, str(Path(folder.split("/")[0]).absolute()))
        make(train=train)
        assert len(list(Path(folder, "tokens").iterdir())) == 1
    make(train=train, cache_dir="three")
    assert len(list(Path("three", "tokens").iterdir())) == 1


def test_words_are_known_where_masks_need_them(make: Make) -> None:
    train = write_stories("train.txt", 0, 30)
    blocks = make("bytes", {"mask_unit": "word"}, train=train).blocks["train"]
    words = blocks.block(0).words
    assert words is not None
    assert 0.1 < words.mean() < 0.9, "words have several tokens"
    assert make("bytes", train=train).blocks["train"].block(0).words is None


def test_a_vocabulary_is_remembered_by_texts_and_settings() -> None:
    train = write_stories("train.txt", 0, 30)

    def vocabulary_file(size: int = 100, **data: Any) -> Path:
        corpus = mlm_task().open_corpus(data_config(train=train, **data), Notes())
        return corpus.vocabulary_file(word_pieces(size))

    first = vocabulary_file()
    assert first.parent == Path("cache/vocabularies").absolute()
    assert vocabulary_file() == first
    assert len({first, vocabulary_file(101), vocabulary_file(limit=3), vocabulary_file(documents=Documents.line)}) == 4
    Path("train.txt").write_text("something else")
    assert vocabulary_file() != first


def test_texts_to_learn_from_are_those_of_training_alone() -> None:
    train, validation = write_stories("train.txt", 0, 3), write_stories("validation.txt", 3, 6)
    data = data_config(train=train, validation=validation)
    corpus = mlm_task().open_corpus(data, Notes())
    assert "\n\n".join(corpus.texts()) + "\n\n" == Path(train).read_text()


def test_the_demo_is_used_and_is_reported() -> None:
    notes = Notes()
    corpus = mlm_task().open_corpus(data_config(), notes)
    assert set(corpus.files) == {"train", "validation", "test"}
    assert of_kind(notes.drain(), task_kinds.DEMO_TEXTS).values["what"] == "training"
    assert len(list(corpus.texts())) > 100
    assert np.all([len(text) for text in corpus.texts()])


@pytest.mark.parametrize(
    ("quota", "number"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("20000 100000\n", 1),
        ("9000000 100000\n", 8),
        ("nonsense", 8),
        (None, 8),
    ],
)
def test_a_container_has_no_more_processors_than_it_may_use(
    monkeypatch: pytest.MonkeyPatch, quota: str | None, number: int
) -> None:
    def read_text(path: Path, encoding: str | None = None) -> str:
        assert str(path) == "/sys/fs/cgroup/cpu.max"
        if quota is None:
            raise FileNotFoundError(path)
        return quota

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", read_text)
    assert processors() == number
