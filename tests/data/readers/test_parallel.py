"""Folders of parallel files, by the names of their files."""

from pathlib import Path

import pytest

from conftest import write_lines
from data_helpers import data_config
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits
from ftk.errors import DataError


def write(*names: str) -> None:
    Path("d").mkdir(exist_ok=True)
    for name in names:
        write_lines(f"d/{name}", [f"one of {name}", f"two of {name}"])


def pairs(**data: str) -> dict[str, tuple[str, str]]:
    """The first source and target of each split."""
    config = data_config(format="parallel", **(data or {"train": "d"}))
    splits = read_splits(config, ("train", "validation", "test"), demo=None, notes=Notes())
    return {name: tuple(split.rows[0].values.values()) for name, split in splits.items()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("src", "tgt"),
        ("source", "target"),
        ("article", "summary"),
        ("document", "highlights"),
        ("input.txt", "output.txt"),
    ],
)
def test_files_named_for_their_side_are_read_by_split(source: str, target: str) -> None:
    write(*(f"{split}.{side}" for split in ("train", "dev", "test") for side in (source, target)))
    expected = {
        name: (f"one of {split}.{source}", f"one of {split}.{target}")
        for name, split in (("train", "train"), ("validation", "dev"), ("test", "test"))
    }
    assert pairs() == expected
    assert pairs(test="d") == {"test": expected["test"]}


def test_two_files_are_one_split() -> None:
    write("corpus.src", "corpus.tgt")
    assert pairs() == {"train": ("one of corpus.src", "one of corpus.tgt")}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ("train.de", "train.en", "dev.de", "dev.en"),
            "data.train=[d/train.de,d/train.en] data.validation=[d/dev.de,d/dev.en]",
        ),
        (("train.de-en.de", "train.de-en.en"), "data.train=[d/train.de-en.de,d/train.de-en.en]"),
        (("a.de", "a.en"), "data.train=[d/a.de,d/a.en]"),
        (("train.src", "train.tgt", "train.ids"), "3 are named like the train split"),
        (("train.src",), "1 are named like the train split"),
        (("a.src", "b.src", "c.src"), "none is named like a split"),
    ],
)
def test_names_that_do_not_say_the_side_are_refused_with_the_words_that_do(names: tuple[str, ...], words: str) -> None:
    write(*names)
    with pytest.raises(DataError) as refused:
        pairs()
    assert str(refused.value).startswith("data.train=d: ")
    assert words in str(refused.value)


def test_what_the_message_says_works() -> None:
    write("train.de", "train.en")
    with pytest.raises(
        DataError, match=r"data=parallel, the sources first: data\.train=\[d/train\.de,d/train\.en\]\.$"
    ):
        pairs(train="d/train")
    with pytest.raises(DataError, match=r"data=parallel data\.train=\[d/train\.de,d/train\.en\]"):
        read_splits(data_config(train="d"), ("train",), demo=None, notes=Notes())
    assert pairs(train=["d/train.de", "d/train.en"]) == {"train": ("one of train.de", "one of train.en")}  # type: ignore[arg-type]
