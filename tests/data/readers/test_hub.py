"""Parquet files, and datasets of the ``datasets`` library on the disk."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, ner_task, read
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.readers.hub import read_hub
from ftk.data.readers.splits import read_splits
from ftk.errors import DataError

pytestmark = pytest.mark.torch

TOKENS = [["EU", "left"], ["Peter"], []]
TAGS = [["B-ORG", "O"], ["B-PER"], []]
CLASSES = ["O", "B-ORG", "B-PER"]


def dataset() -> Any:
    """Three sentences whose tags are numbers of classes, with classes in deeper places too."""
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets import List as ListOf

    features = Features(
        {
            "tokens": ListOf(Value("string")),
            "ner_tags": ListOf(ClassLabel(names=CLASSES)),
            "kind": ClassLabel(names=["news", "talk"]),
            "entities": ListOf({"start": Value("int32"), "label": ClassLabel(names=["ORG", "PER"])}),
        }
    )
    values = {
        "tokens": TOKENS,
        "ner_tags": [[CLASSES.index(tag) for tag in tags] for tags in TAGS],
        "kind": [0, 1, None],
        "entities": [[{"start": 0, "label": 0}], [{"start": 0, "label": 1}], []],
    }
    return Dataset.from_dict(values, features=features)


def rows(name: str, split: str = "train") -> list[dict[str, Any]]:
    """The columns of each row of one split."""
    return [row.values for row in read_hub(name, None, None, split)]


@pytest.fixture
def parquet() -> str:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"tokens": TOKENS, "tags": TAGS, "n": [1, None, 3]})
    pyarrow.parquet.write_table(table, "rows.parquet", row_group_size=2)
    return "rows.parquet"


@pytest.mark.parametrize("name", ["rows.parquet", "rows", "rows.txt"])
def test_parquet_is_found_by_ending_or_content(parquet: str, name: str) -> None:
    found = read(Path(parquet).read_bytes(), name).rows
    assert [row.values for row in found] == [
        {"tokens": tokens, "tags": tags, "n": n} for tokens, tags, n in zip(TOKENS, TAGS, [1, None, 3], strict=True)
    ]
    assert [row.line for row in found] == [1, 2, 3]


@pytest.mark.parametrize("cut", [0, 4, 40, -1])
def test_a_broken_parquet_file_is_named(parquet: str, cut: int) -> None:
    content = Path(parquet).read_bytes()[:cut]
    with pytest.raises(
        DataError, match=r"^cut\.parquet: (this is not a Parquet file that can be read|the file is empty)"
    ):
        read(content, "cut.parquet")


@pytest.mark.parametrize("format", [None, "numpy", "torch"])
def test_a_saved_dataset_gives_the_names_of_classes(format: str | None) -> None:
    dataset().with_format(format).save_to_disk("saved")
    found = rows("saved")
    assert [row["tokens"] for row in found] == TOKENS
    assert [row["ner_tags"] for row in found] == TAGS
    assert [row["kind"] for row in found] == ["news", "talk", None]
    assert [row["entities"] for row in found] == [
        [{"start": 0, "label": "ORG"}],
        [{"start": 0, "label": "PER"}],
        [],
    ]
    examples = ner_task().read(read_hub("saved", None, None, "train"), Reading({}, True, Notes()))
    assert [example.tags for example in examples] == TAGS


def test_saved_splits_are_read_by_their_names() -> None:
    from datasets import DatasetDict

    DatasetDict({"train": dataset(), "dev": dataset().select([1])}).save_to_disk("saved")
    config = data_config(format="hub", name="saved", train="train", validation="dev")
    splits = read_splits(config, ("train", "validation", "test"), demo=None, notes=Notes())
    assert {name: len(split.rows) for name, split in splits.items()} == {"train": 3, "validation": 1}
    assert splits["validation"].rows[0].where == "saved[dev]:1"
    with pytest.raises(DataError, match=r"^saved\[test\]: there is no such split; there is train, dev\."):
        rows("saved", "test")


def test_a_saved_dataset_without_splits_is_no_validation_split() -> None:
    dataset().save_to_disk("saved")
    with pytest.raises(DataError, match=r"^saved\[validation\]: there is no such split; there is train\."):
        rows("saved", "validation")


def test_a_folder_of_files_is_loaded_by_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("corpus").mkdir()
    written = [{"tokens": ["EU"], "tags": ["B-ORG"]}, {"tokens": ["Oslo", "!"], "tags": ["B-LOC", "O"]}]
    write_jsonl("corpus/train.jsonl", written)
    write_jsonl("corpus/test.jsonl", written[:1])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert rows("corpus") == rows("~/corpus") == rows(str(tmp_path / "corpus")) == written
    assert rows("corpus", "train[1:]") == written[1:]
    assert rows("corpus", "test") == written[:1]
    with pytest.raises(DataError, match=r"^corpus\[validation\]: the dataset cannot be loaded .*validation"):
        rows("corpus", "validation")


def test_a_dataset_that_is_not_there_is_named() -> None:
    with pytest.raises(
        DataError, match=r"^nobody/nothing\[train\]: the dataset cannot be loaded \(\w+: .+\)\. .*=null\.$"
    ):
        rows("nobody/nothing")


def test_a_folder_without_data_is_named() -> None:
    Path("corpus").mkdir()
    with pytest.raises(DataError, match=r"^corpus\[train\]: the dataset cannot be loaded"):
        rows("corpus")


def test_a_split_that_a_saved_dict_lacks_is_left_out_with_the_words_of_the_message() -> None:
    from datasets import DatasetDict

    DatasetDict({"train": dataset()}).save_to_disk("saved")
    with pytest.raises(DataError, match=r"there is train\. .*: data\.validation=null data\.test=null\.$"):
        rows("saved", "validation")


def test_a_dataset_with_a_loading_script_is_read_as_parquet() -> None:
    Path("conll2003").mkdir()
    Path("conll2003/conll2003.py").write_text("import datasets\n")
    with pytest.raises(DataError, match=r"data\.name=<hub id> data\.revision=refs/convert/parquet\.$"):
        rows("./conll2003")
    with pytest.raises(DataError, match=r"conll2003\.py \(.*data\.revision=refs/convert/parquet\)"):
        read_splits(data_config(train="conll2003"), ("train",), demo=None, notes=Notes())


@pytest.mark.parametrize("kind", ["dict", "dataset", "parquet", "csv"])
@pytest.mark.parametrize("column", [None, "sentence_id"])
def test_rows_of_tokens_become_sentences(kind: str, column: str | None) -> None:
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    features = Features(
        {"sentence_id": Value("string"), "tokens": Value("string"), "ner_tags": ClassLabel(names=CLASSES)}
    )
    columns = {"sentence_id": ["a", "a", "b"], "tokens": ["EU", "left", "Peter"], "ner_tags": [1, 0, 2]}
    data = Dataset.from_dict(columns, features=features)
    if kind in ("dict", "dataset"):
        (DatasetDict({"train": data}) if kind == "dict" else data).save_to_disk("saved")
    elif kind == "parquet":
        Path("saved").mkdir()
        data.to_parquet("saved/train.parquet")
    else:
        Path("saved").mkdir()
        lines = [f"{s},{t},{CLASSES[g]}" for s, t, g in zip(*columns.values(), strict=True)]
        Path("saved/train.csv").write_text("\n".join([",".join(columns), *lines]), encoding="utf-8")
    config = data_config(format="hub", name="saved", train="train", columns={"sentence": column})
    found = read_splits(config, ("train",), demo=None, notes=Notes())["train"].rows
    assert [row.values["tokens"] for row in found] == TOKENS[:2]
    assert [row.values.get("tags") for row in found] == TAGS[:2]
    with pytest.raises(DataError, match=r"data\.columns\.sentence=block, but the columns are sentence_id"):
        read_splits(replace(config, columns={"sentence": "block"}), ("train",), demo=None, notes=Notes())
