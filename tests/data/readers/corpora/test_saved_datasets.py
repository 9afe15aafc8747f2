"""Folders that ``save_to_disk`` wrote, named like any other folder."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import write_lines
from data_helpers import data_config
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.documents.reading import documents
from ftk.data.readers.paths import expand
from ftk.data.readers.splits import fingerprint, read_splits, stream
from ftk.errors import DataError
from image_models import image_task

pytestmark = pytest.mark.torch


def dataset(*texts: str) -> Any:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    return Dataset.from_dict({"text": texts, "label": [1] * len(texts)}, features=features)


def save(**splits: Any) -> None:
    """Write a DatasetDict to the folder d."""
    from datasets import DatasetDict

    DatasetDict({name: dataset(name, name) for name in splits} | splits).save_to_disk("d")


def read(**data: Any) -> dict[str, list[Any]]:
    splits = read_splits(data_config(**data), ("train", "validation", "test"), demo=None, notes=Notes(), tagged=False)
    return {name: [row.values for row in split.rows] for name, split in splits.items()}


def test_the_splits_of_a_saved_dict_are_the_splits() -> None:
    save(train=dataset("a", "b"), dev=dataset("c"), test=dataset("d"), unsupervised=dataset("e"))
    notes = Notes()
    splits = read_splits(data_config(train="d"), ("train", "validation", "test"), demo=None, notes=notes, tagged=False)
    assert {name: [row.values["text"] for row in split.rows] for name, split in splits.items()} == {
        "train": ["a", "b"],
        "validation": ["c"],
        "test": ["d"],
    }
    assert splits["train"].rows[1].where == "d/train:2"
    assert splits["train"].rows[0].values["label"] == "positive"
    [left] = [one for one in notes if one.kind == kinds.ENTRIES_NOT_READ]
    assert left.values["names"] == ["unsupervised/"]


def test_a_saved_dataset_is_one_split() -> None:
    dataset("a", "b").save_to_disk("d")
    assert read(train="d") == {"train": [{"text": "a", "label": "positive"}, {"text": "b", "label": "positive"}]}
    assert [row.values["text"] for row in stream("d", data_config(), Notes())] == ["a", "b"]
    assert expand(["d", "d"], key="data.train") == [Path("d"), Path("d")]
    before = fingerprint([Path("d")])
    assert fingerprint([Path("d")]) == before
    dataset("a", "c").save_to_disk("e")
    assert [*fingerprint([Path("e")]).values()] != [*before.values()]
    assert [chunk.text for chunk in documents([Path("d")], data_config(), Notes())] == ["a", "b"]


def test_one_split_of_a_saved_dict_is_read_by_its_folder() -> None:
    save(train=dataset("a"), test=dataset("b"))
    assert read(train="d/test") == {"train": [{"text": "b", "label": "positive"}]}
    assert [row.values["text"] for row in stream("d/train", data_config(), Notes())] == ["a"]


@pytest.mark.parametrize(
    ("names", "wanted", "message"),
    [
        (("train", "test"), "validation", r"holds no validation split"),
        (("en", "de"), "train", r"the splits in it are en, de, and none .* data\.train=d/en\.$"),
        (("validation", "dev"), "validation", r"'validation' and 'dev' may be"),
        (("test",), "train", r"holds no train split"),
    ],
)
def test_a_split_that_is_not_there_is_named(names: tuple[str, ...], wanted: str, message: str) -> None:
    save(**{name: dataset(name) for name in names})
    with pytest.raises(DataError, match=message):
        read(**{wanted: "d"})


def test_to_predict_for_a_saved_dict_one_split_is_named() -> None:
    save(train=dataset("a"), test=dataset("b"))
    with pytest.raises(DataError, match=r"^input=d: .* \(train, test\)\. Name one: input=d/test\.$"):
        stream("d", data_config(), Notes())


@pytest.mark.parametrize(
    ("file", "content"),
    [("d/dataset_dict.json", "{}"), ("d/dataset_dict.json", "["), ("d/dataset_dict.json", '{"splits": ["gone"]}')],
)
def test_a_damaged_list_of_splits_is_named(file: str, content: str) -> None:
    save(train=dataset("a"))
    write_lines(file, [content])
    with pytest.raises(DataError, match=r"^d/dataset_dict\.json"):
        read(train="d")


def test_a_damaged_dataset_is_named() -> None:
    dataset("a").save_to_disk("d")
    state = json.loads(Path("d/state.json").read_text())
    Path("d", state["_data_files"][0]["filename"]).write_bytes(b"no arrow")
    with pytest.raises(DataError, match=r"^d: the saved dataset cannot be loaded"):
        read(train="d")


def png(shade: int, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("L", (4, 4), shade).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["saved", "parquet", "bytes", "path"])
def test_images_inside_of_rows(form: str) -> None:
    import datasets
    import pyarrow
    import pyarrow.parquet

    Path("far.png").write_bytes(png(9))
    cells = [{"bytes": png(1), "path": "1.png"}, {"bytes": png(2, "JPEG"), "path": None}]
    if form == "bytes":
        pyarrow.parquet.write_table(
            pyarrow.table({"image": [cell["bytes"] for cell in cells], "label": ["a", "b"]}), "d.parquet"
        )
    else:
        cells = [{"bytes": None, "path": "far.png"}] if form == "path" else cells
        features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
        rows = datasets.Dataset.from_dict({"image": cells, "label": ["a", "b"][: len(cells)]}, features=features)
        rows.save_to_disk("d.parquet") if form == "saved" else rows.to_parquet("d.parquet")
    notes = Notes()
    rows = read_splits(data_config(train="d.parquet"), ("train",), demo=None, notes=notes)["train"].rows
    examples = image_task().read(rows, Reading({}, True, notes))
    notes.raise_errors()
    assert [example.target for example in examples] == ["a", "b"][: len(cells)]
    assert len({example.image.digest for example in examples}) == len(cells)
    if form == "saved":
        assert [example.image.name for example in examples] == ["1.png", "d.parquet:2"]
    assert not any("image" in example.columns for example in examples)


def test_faults_of_images_inside_of_rows_are_named() -> None:
    import pyarrow
    import pyarrow.parquet

    noise = io.BytesIO()
    Image.effect_noise((50, 50), 90).save(noise, "PNG")
    cells = [
        {"bytes": noise.getvalue()[:1000], "path": "cut.png"},
        {"bytes": b"no image", "path": None},
        {"bytes": None, "path": None},
        {"bytes": b"P6 60000 60000 255\n", "path": None},
        {"bytes": None, "path": "gone.png"},
        None,
    ]
    pyarrow.parquet.write_table(pyarrow.table({"image": cells, "label": ["a"] * len(cells)}), "d.parquet")
    notes = Notes()
    rows = read_splits(data_config(train="d.parquet"), ("train",), demo=None, notes=notes)["train"].rows
    assert image_task().read(rows, Reading({}, True, notes)) == []
    found = {one.kind.id: one.places[0] for one in notes if one.severity == "error"}
    assert {name: place.partition(" (")[0] for name, place in found.items()} == {
        "not-a-string": "d.parquet:6: image=None",
        "empty-image-path": "d.parquet:3",
        "image-damaged": "d.parquet:1: cut.png",
        "not-an-image": "d.parquet:2",
        "image-of-many-pixels": "d.parquet:4",
        "image-missing": "d.parquet:5: gone.png",
    }
