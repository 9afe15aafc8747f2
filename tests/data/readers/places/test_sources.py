"""Folders that hold several splits, by the names of their files or folders, are never read as one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import write_jsonl, write_lines
from data_helpers import SOME, data_config, of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.names.split_names import SPLITS, parts_of_files, split_name
from ftk.data.readers.places.sources import sources_of
from ftk.data.readers.splits import read_splits, stream
from ftk.errors import DataError


def write(path: str) -> None:
    """A file of two rows that say where they come from, in the format of its ending."""
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.table({"text": [path] * 2, "label": ["a", "b"]}), path)
    elif place.suffix in (".conllu", ".conll", ".train", ".testa", ".testb"):
        write_lines(path, [f"{path}\tO"])
    elif place.suffix == ".csv":
        write_lines(path, ["text,label", f"{path},a", f"{path},b"])
    else:
        write_jsonl(path, [{"text": path, "label": "a"}, {"text": path, "label": "b"}])


def sources(*names: str, **data: Any) -> dict[str, Any]:
    """What each split is read from, as paths below the folder d."""
    found = sources_of(data_config(**(data or {"train": "d"})), SPLITS)
    shown = {name: [source.spec] if isinstance(source.spec, str) else source.spec for name, source in found.items()}
    return {name: [path.removeprefix("d/") for path in paths] for name, paths in shown.items()}


def split_files(**data: Any) -> tuple[dict[str, list[str]], Notes]:
    """The texts of each split, and what was found."""
    notes = Notes()
    splits = read_splits(data_config(**data), SPLITS, demo=None, notes=notes)
    return {name: sorted({row.file for row in split.rows}) for name, split in splits.items()}, notes


@pytest.mark.parametrize(
    "names",
    [
        ("train.csv", "dev.csv", "test.csv"),
        ("train.jsonl", "valid.jsonl", "test.jsonl"),
        ("Train.csv", "Val.csv", "Test.csv"),
        ("xx-ud-train.conllu", "xx-ud-dev.conllu", "xx-ud-test.conllu"),
        ("eng.train", "eng.testa", "eng.testb"),
        ("train-00000-of-00001.parquet", "validation-00000-of-00001.parquet", "test-00000-of-00001.parquet"),
        ("reviews_training.csv", "reviews_development.csv", "reviews_evaluation.csv"),
        ("TrainData.jsonl", "DevData.jsonl", "TestData.jsonl"),
        ("train2017.csv", "val2017.csv", "test2017.csv"),
        ("1.train.csv", "1.devel.csv", "1.eval.csv"),
        ("trainset.csv", "devset.csv", "testset.csv"),
        ("train.jsonl", "dev.csv", "test.parquet"),
    ],
)
def test_files_of_several_splits_are_the_splits(names: tuple[str, str, str]) -> None:
    for name in names:
        write(f"d/{name}")
    expected = {split: [f"d/{name}"] for split, name in zip(SPLITS, names, strict=True)}
    found, notes = split_files(train="d")
    assert found == expected
    assert of_kind(notes, kinds.FOLDER_OF_SPLITS).values["folder"] == "d"
    assert not [one for one in notes if one.kind == kinds.ENTRIES_NOT_READ]
    alone, _ = split_files(train="d", validation="d/" + names[2], test="d")
    assert alone == {**expected, "validation": expected["test"]}


@pytest.mark.parametrize(
    "folders", [("train", "dev", "test"), ("Training", "Validation", "Testing"), ("train_a", "val_a", "test_a")]
)
def test_folders_of_several_splits_are_the_splits(folders: tuple[str, str, str]) -> None:
    for folder in folders:
        write(f"d/{folder}/1.jsonl")
        write(f"d/{folder}/2.jsonl")
    write_lines("d/README.md", ["about"])
    found, notes = split_files(train="d")
    assert found == {
        split: [f"d/{folder}/1.jsonl", f"d/{folder}/2.jsonl"] for split, folder in zip(SPLITS, folders, strict=True)
    }
    assert [one.values["names"] for one in notes if one.kind == kinds.ENTRIES_NOT_READ] == [["README.md"]]


@pytest.mark.parametrize("kind", ["png", "txt"])
def test_classes_below_the_splits_are_the_classes(kind: str) -> None:
    for number, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        Path("d", name).mkdir(parents=True)
        if kind == "png":
            Image.new("L", (4, 4), number).save(f"d/{name}/1.png")
        else:
            write_lines(f"d/{name}/1.txt", [name])
    notes = Notes()
    splits = read_splits(data_config(train="d"), SPLITS, demo=None, notes=notes, tagged=False)
    assert {name: [row.values["label"] for row in split.rows] for name, split in splits.items()} == {
        "train": ["cat", "dog"],
        "test": ["cat", "dog"],
    }
    with pytest.raises(DataError, match=r"^input=d: the folder holds a folder for each split \(train, test\)"):
        stream("d", data_config(), Notes())
    assert [row.values["label"] for row in stream("d/test", data_config(), Notes())] == ["cat", "dog"]


def test_a_class_may_be_called_like_a_split() -> None:
    for name in ("bus", "train", "tram"):
        Path("d", name).mkdir(parents=True)
        write_lines(f"d/{name}/1.txt", [name])
    rows = read_splits(data_config(train="d"), ("train",), demo=None, notes=Notes())["train"].rows
    assert [row.values["label"] for row in rows] == ["bus", "train", "tram"]


def test_splits_below_the_classes_are_refused() -> None:
    for number, name in enumerate(("cat/train", "cat/test", "dog/train", "dog/test")):
        Path("d", name).mkdir(parents=True)
        Image.new("L", (4, 4), number).save(f"d/{name}/1.png")
    with pytest.raises(DataError, match=r"^d/cat: .* splits train, test, .*data\.train=d/train data\.test=d/test\.$"):
        read_splits(data_config(train="d"), ("train",), demo=None, notes=Notes())


def test_a_split_beside_folders_that_are_none_is_refused() -> None:
    for name in ("train/cat", "train/dog", "extra/cat"):
        Path("d", name).mkdir(parents=True)
        write_lines(f"d/{name}/1.txt", [name])
    with pytest.raises(DataError, match=r"data\.train=d/train\.$"):
        read_splits(data_config(train="d"), ("train",), demo=None, notes=Notes())
    Path("d/extra/cat/1.txt").unlink()
    Path("d/extra/cat").rmdir()
    Path("d/extra").rmdir()
    assert [row.values["label"] for row in stream("d/train", data_config(), Notes())] == ["cat", "dog"]
    assert sources() == {"train": ["train"]}


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        (("train.csv", "test.csv"), "validation", "data.validation=…"),
        (("corpus.csv", "test.csv"), "train", "data.train=d/corpus.csv data.test=d/test.csv"),
        (("reviews.csv", "reviews_test.csv"), "train", "data.train=d/reviews.csv data.test=d/reviews_test.csv"),
        (("train.csv", "dev.csv", "valid.csv"), "train", "data.validation='[d/dev.csv,d/valid.csv]'"),
        (("train.csv", "test.csv", "eval.csv"), "test", "data.test='[d/eval.csv,d/test.csv]'"),
        (
            ("train.csv", "train.jsonl", "test.csv"),
            "train",
            "data.train=d/train.csv data.test=d/test.csv",
        ),
        (("test-1.csv", "test-2.csv"), "train", "data.train=…"),
        (("dev.jsonl",), "test", "data.test=…"),
        (("train.csv", "train.jsonl"), "train", "data.train=d/train.csv."),
        (
            ("x-train.conllu", "x-train.txt", "x-dev.conllu", "x-dev.txt"),
            "train",
            "data.train=d/x-train.conllu data.validation",
        ),
        (("train_fold1.csv", "test_fold1.csv", "train_fold2.csv", "test_fold2.csv"), "train", "ways to split"),
        (("cv-1-train.csv", "cv-1-test.csv", "cv-2-train.csv", "cv-2-test.csv"), "train", "ways to split"),
        (("a.csv", "b-test.csv"), "train", "data.train=d/a.csv data.test=d/b-test.csv"),
        (("data.csv", "holdout.csv"), "train", "data.train=d/data.csv data.test=d/holdout.csv"),
    ],
)
def test_names_that_do_not_decide_are_refused_with_the_words_that_do(
    names: tuple[str, ...], wanted: str, words: str
) -> None:
    for name in names:
        write(f"d/{name}")
    with pytest.raises(DataError) as refused:
        sources_of(data_config(**{wanted: "d"}), SPLITS)
    assert str(refused.value).startswith(f"data.{wanted}=d: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "names",
    [
        ("train-1.csv", "train-2.csv"),
        ("a.csv", "b.csv", "c.csv"),
        ("how-to-train.jsonl", "test-of-time.jsonl", "a.jsonl", "b.jsonl", "c.jsonl"),
        ("web-train.csv", "news.csv"),
        ("latest.csv", "validity.csv", "trainer.csv"),
    ],
)
def test_files_of_one_collection_are_read_together(names: tuple[str, ...]) -> None:
    for name in names:
        write(f"d/{name}")
    found, _ = split_files(train="d")
    assert found == {"train": sorted(f"d/{name}" for name in names)}


def test_a_file_beside_train_is_not_learned() -> None:
    for name in ("train.csv", "more.csv", "unlabelled.jsonl"):
        write(f"d/{name}")
    found, notes = split_files(train="d")
    assert found == {"train": ["d/train.csv"]}
    assert of_kind(notes, kinds.ENTRIES_NOT_READ).values["names"] == ["more.csv", "unlabelled.jsonl"]


def test_a_test_split_without_labels_is_refused_with_the_words_that_leave_it_out() -> None:
    write("d/train.csv")
    write_lines("d/test.csv", ["text", "unlabelled"])
    with pytest.raises(DataError, match=r"the column 'label', .* data\.train=d/train\.csv\. Otherwise"):
        split_files(train="d")
    assert split_files(train="d/train.csv", test="d")[0] == {"train": ["d/train.csv"], "test": ["d/test.csv"]}


def test_a_folder_may_be_one_split_and_a_file_another() -> None:
    write("d/train/1.csv")
    write("d/dev.csv")
    write("d/test.csv")
    assert sources() == {"train": ["train"], "validation": ["dev.csv"], "test": ["test.csv"]}
    for split in ("train", "test"):
        Path("k", split).mkdir(parents=True)
        Image.new("L", (4, 4)).save(f"k/{split}/1.png")
    write("k/train.csv")
    assert sources(train="k") == {"train": ["k"]}
    write("k/sample.csv")
    assert sources(train="k") == {"train": ["k/train.csv"]}


def test_splits_in_the_names_of_a_class_are_refused() -> None:
    for name in ("pos", "neg"):
        Path("d", name).mkdir(parents=True)
        for split in ("train", "test"):
            write_lines(f"d/{name}/{split}.txt", ["a text"])
    with pytest.raises(DataError, match=r"the folder of a class holds the splits train, test"):
        read_splits(data_config(train="d"), ("train",), demo=None, notes=Notes())


def test_what_belongs_to_no_split_is_reported() -> None:
    for name in ("train.csv", "test.csv", "extra.csv", "images/1.csv"):
        write(f"d/{name}")
    for name in ("notes.pdf", "more.zip", "LICENSE.txt"):
        write_lines(f"d/{name}", ["x"])
    found, notes = split_files(train="d")
    assert found == {"train": ["d/train.csv"], "test": ["d/test.csv"]}
    left = of_kind(notes, kinds.ENTRIES_NOT_READ).values
    assert (left["left_out"], left["entries"]) == (5, 7)
    assert left["names"] == ["LICENSE.txt", "extra.csv", "images/", "more.zip", "notes.pdf"]
    assert "more.zip (a ZIP archive" in left["why"]


def test_each_folder_of_a_list_gives_its_own_splits() -> None:
    for corpus in ("ewt", "gum"):
        for split in ("train", "dev"):
            write(f"d/{corpus}/{corpus}-ud-{split}.conllu")
    assert sources(train=["d/ewt", "d/gum"]) == {
        "train": ["ewt/ewt-ud-train.conllu", "gum/gum-ud-train.conllu"],
        "validation": ["ewt/ewt-ud-dev.conllu", "gum/gum-ud-dev.conllu"],
    }


def test_a_glob_over_several_splits_is_refused_and_a_list_is_read() -> None:
    for name in ("train.csv", "dev.csv", "test.csv"):
        write(f"d/{name}")
    with pytest.raises(
        DataError, match=r"^data\.train=d/\*\.csv: .* data\.train=\[d/dev\.csv,d/test\.csv,d/train\.csv\]"
    ):
        split_files(train="d/*.csv")
    for name in ("train", "test"):
        write(f"deep/{name}/1.csv")
    with pytest.raises(DataError, match=r"data\.train=deep/train/1\.csv data\.test=deep/test/1\.csv"):
        split_files(train="deep/**/*.csv")
    assert split_files(train="deep/train/*.csv")[0] == {"train": ["deep/train/1.csv"]}
    found, _ = split_files(train=["d/train.csv", "d/dev.csv"], test="d/te*.csv")
    assert found == {"train": ["d/dev.csv", "d/train.csv"], "test": ["d/test.csv"]}
    notes = Notes()
    assert len(list(stream("d/*.csv", data_config(), notes))) == 6
    assert of_kind(notes, kinds.INPUT_FILES).values["number_of_files"] == 3


def test_the_files_and_their_rows_are_reported() -> None:
    for name in ("train.csv", "test.csv"):
        write(f"d/{name}")
    write("more.jsonl")
    _, notes = split_files(train=["d/train.csv", "more.jsonl"], test="d/test.csv")
    read = [(one.split, one.values["files"], one.values["rows"]) for one in notes if one.kind == kinds.FILES_READ]
    assert read == [("train", ["d/train.csv", "more.jsonl"], 4), ("test", ["d/test.csv"], 2)]


@SOME
@given(
    word=st.sampled_from(["train", "dev", "devel", "valid", "validation", "val", "test", "testa", "testb"]),
    before=st.sampled_from(["", "en-", "xx_ud-", "2019.", "Corpus"]),
    after=st.sampled_from(["", "-00000-of-00003", "_v2", ".en", "2"]),
)
def test_a_word_in_a_name_says_the_split(word: str, before: str, after: str) -> None:
    word = word.title() if before.endswith("s") else word
    found = split_name(before + word + after)
    assert found is not None
    assert found.word == word.lower()


@SOME
@given(st.lists(st.sampled_from(["train", "dev", "test", "other"]), min_size=1, unique=True), st.sampled_from(SPLITS))
def test_no_file_is_in_two_splits_and_none_of_another_split_is_read(words: list[str], wanted: str) -> None:
    stems = {Path(f"d/x-{word}.csv"): f"x-{word}" for word in words}
    parts = parts_of_files(stems, wanted)
    if parts is None:  # all are read for the wanted split
        assert all(split_name(stem) is None or split_name(stem).split == wanted for stem in stems.values()) or (
            "other" in words and len(words) <= 3
        )
        return
    placed = [path for paths in parts.by_split.values() for path in paths]
    assert sorted([*placed, *parts.unnamed]) == sorted(stems)
