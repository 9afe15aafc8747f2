"""Numbers of classes get the names that their file has for them, in every format of the datasets library."""

import json
from typing import Any

import pytest

from data_helpers import of_kind, read, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import ClassName, NoClass, Row
from ftk.data.readers.hub import read_hub
from ftk.data.readers.names.class_names import features_of, naming_of
from ftk.data.rows.label_names import name_of

CLASS = {"names": ["neg", "pos"], "_type": "ClassLabel"}


@pytest.mark.parametrize(
    ("feature", "value", "named"),
    [
        (CLASS, 1, "pos"),
        (CLASS, -1, -1),
        (CLASS, None, None),
        (CLASS, True, True),
        (CLASS, 7, 7),
        ({"names": {"1": "pos", "0": "neg"}, "_type": "ClassLabel"}, 0, "neg"),
        ({"feature": CLASS, "_type": "Sequence"}, [1, 0, -1], ["pos", "neg", -1]),
        ({"feature": CLASS, "length": 2, "_type": "List"}, [1, 0], ["pos", "neg"]),
        ({"feature": CLASS, "_type": "LargeList"}, None, None),
        ([CLASS], [0], ["neg"]),
        ({"kind": CLASS, "n": {"dtype": "int64", "_type": "Value"}}, {"kind": 1, "n": 1}, {"kind": "pos", "n": 1}),
        ([{"kind": CLASS}], [{"kind": 0, "n": 1}], [{"kind": "neg", "n": 1}]),
        ({"feature": {"kind": CLASS}, "_type": "Sequence"}, {"kind": [1, 0]}, {"kind": ["pos", "neg"]}),
        ({"feature": {"feature": CLASS, "_type": "List"}, "_type": "List"}, [[1], []], [["pos"], []]),
    ],
)
def test_classes_of_all_depths_are_named(feature: Any, value: Any, named: Any) -> None:
    naming = naming_of(feature)
    assert naming is not None
    assert naming(value) == named


@pytest.mark.parametrize(
    "feature", [{"dtype": "string", "_type": "Value"}, [{"dtype": "int64", "_type": "Value"}], {}, None, []]
)
def test_other_columns_are_left_alone(feature: Any) -> None:
    assert naming_of(feature) is None


@pytest.mark.parametrize(
    "metadata", [None, {}, {b"huggingface": b"{"}, {b"huggingface": b"[]"}, {b"huggingface": b'{"info": {}}'}]
)
def test_other_metadata_names_nothing(metadata: Any) -> None:
    assert features_of(metadata) == {}


def test_minus_one_is_told_from_a_number() -> None:
    naming = naming_of(CLASS)
    assert naming is not None
    assert isinstance(naming(-1), NoClass)
    assert json.dumps(naming(-1)) == "-1"


def test_the_config_names_classes_over_the_file() -> None:
    row = Row({}, "a.parquet", 1)
    assert name_of(ClassName("neg", 0), row, "label", None) == "neg"
    assert name_of(ClassName("neg", 0), row, "label", ["bad", "good"]) == "bad"
    assert name_of(ClassName("good", 0), row, "label", ["bad", "good"]) == "good"
    assert json.dumps(ClassName("neg", 0)) == '"neg"'


pytest.importorskip("datasets", reason="the rest reads what the library writes")


def dataset(names: list[str], labels: list[int], tags: list[list[int]] | None = None) -> Any:
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets import List as ListOf

    features = {"text": Value("string"), "label": ClassLabel(names=names)}
    values: dict[str, Any] = {"text": [f"text {label}" for label in labels], "label": labels}
    if tags is not None:
        features |= {"tokens": ListOf(Value("string")), "ner_tags": ListOf(ClassLabel(names=["O", "B-PER", "I-PER"]))}
        values |= {"tokens": [["a"] * len(row) for row in tags], "ner_tags": tags}
    return Dataset.from_dict(values, features=Features(features))


@pytest.mark.torch
def test_parquet_files_with_classes_in_another_order_agree() -> None:
    dataset(["neg", "pos"], [1, 0, -1]).to_parquet("o1.parquet")
    dataset(["pos", "neg"], [0, 1, -1]).to_parquet("o2.parquet")
    for name in ("o1.parquet", "o2.parquet"):
        with open(name, "rb") as stream:
            found = read(stream.read(), name)
        assert [row["label"] for row in found.values] == ["pos", "neg", NoClass(-1)]
        assert of_kind(found.findings, kinds.CLASSES_OF_FILE).values["column"] == "label"


@pytest.mark.torch
def test_tags_of_parquet_and_of_saved_datasets_are_names() -> None:
    made = dataset(["neg", "pos"], [1, 0], [[0, 1, 2], [1]])
    made.to_parquet("tags.parquet")
    made.save_to_disk("saved")
    with open("tags.parquet", "rb") as stream:
        of_parquet = read(stream.read(), "tags.parquet").values
    of_disk = [row.values for row in read_hub("saved", None, None, "train")]
    assert of_parquet == of_disk
    found, notes = sentences(of_parquet)
    notes.raise_errors()
    assert [sentence.tags for sentence in found] == [["O", "B-PER", "I-PER"], ["B-PER"]]
