"""Rows that name images: from folders, files and globs, and the reports about rows that do not."""

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import write_jsonl, write_lines
from data_helpers import counted, data_config, of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits, stream
from ftk.data.row_corpus import read_training_corpus
from ftk.errors import ConfigError, DataError
from ftk.tasks import finding_kinds as task_kinds
from image_models import image_task as task


def draw(path: Path | str, shade: int = 0) -> str:
    """A small image of one shade."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), shade).save(path)
    return str(path)


def rows_of(**data: Any) -> tuple[list[Any], Notes]:
    notes = Notes()
    splits = read_splits(data_config(**data), ("train",), demo=None, notes=notes)
    return splits["train"].rows, notes


def test_folders_of_images_at_any_depth_are_classes() -> None:
    draw("data/a/x.png", 1)
    draw("data/a/deep/er/y.JPG", 2)
    draw("data/b/z.webp", 3)
    draw("data/b/.hidden/no.png")
    Path("data/b/readme.md").write_text("notes")
    Path("data/c").mkdir()
    rows, notes = rows_of(train="data")
    assert [(row.values["image"], row.values["label"]) for row in rows] == [
        ("data/a/x.png", "a"),
        ("data/b/z.webp", "b"),
        ("data/a/deep/er/y.JPG", "a"),
    ]
    assert [str(finding) for finding in notes if finding.kind == kinds.FOLDER_OF_CLASSES] == [
        "data.train=data: 3 images in 2 folders, one per class."
    ]
    assert of_kind(notes, kinds.CLASS_WITHOUT_FILES).places == ["data/c"]
    assert of_kind(notes, kinds.CLASS_OTHER_FILE).places == ["data/b/readme.md"]


def test_linked_folders_are_followed_and_none_is_read_twice(tmp_path: Path) -> None:
    draw("far/1.png", 1)
    draw("far/deep/2.png", 2)
    draw("data/a/x.png", 3)
    draw("data/b/y.png", 4)
    Path("far/back").symlink_to(tmp_path / "far")
    Path("far/deep/gone").symlink_to(tmp_path / "nowhere")
    Path("data/a/more").symlink_to(tmp_path / "far")
    Path("data/a/once more").symlink_to(tmp_path / "far" / "deep")
    Path("data/b/up").symlink_to("..")
    Path("data/b/self").symlink_to(".")
    Path("data/c").symlink_to(tmp_path / "far" / "deep")
    rows, notes = rows_of(train="data")
    assert sorted((row.values["image"], row.values["label"]) for row in rows) == [
        ("data/a/more/1.png", "a"),
        ("data/a/once more/2.png", "a"),
        ("data/a/x.png", "a"),
        ("data/b/y.png", "b"),
        ("data/c/2.png", "c"),
    ]
    other, link = of_kind(notes, kinds.CLASS_OTHER_FILE), of_kind(notes, kinds.CLASS_LINK)
    assert (other.count, other.places[0]) == (2, "data/a/once more/gone")
    assert link.count == 4
    assert link.places[0].startswith("data/a/more/")


def out_of_reach(folder: Path) -> Path:
    """The first of folders in folders whose path is longer than any that can be opened, whoever asks."""
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("n" * 250, dir_fd=here)
        below = os.open("n" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    return folder


def test_a_folder_that_cannot_be_read_is_named() -> None:
    draw("data/a/x.png", 1)
    draw("data/b/y.png", 2)
    out_of_reach(Path("data/b/more"))
    with pytest.raises(DataError, match=r"data/b/more/n+/.*: this folder of a class cannot be read \(.*too long"):
        rows_of(train="data")


@pytest.mark.parametrize("pattern", ["data/*/x.png", "data/**/*.png", "dat[a]/**/x.png"])
def test_a_folder_that_a_glob_cannot_look_into_is_named(monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    draw("data/a/x.png", 1)
    draw("data/b/x.png", 2)
    assert len(list(stream(pattern, data_config(), Notes()))) == 2
    allowed = os.access
    shut = Path("data/b") if "**" in pattern else Path("data")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != shut and allowed(path, mode))
    with pytest.raises(DataError, match=rf"the folder {shut}/? cannot be read"):
        stream(pattern, data_config(), Notes())


def test_folders_are_of_what_most_of_their_files_are() -> None:
    draw("data/a/x.png")
    draw("data/b/x.png")
    for name in ("a/1.txt", "b/1.txt", "b/2.txt"):
        write_lines(f"data/{name}", ["A text."])
    rows, notes = rows_of(train="data")
    assert [row.values.get("text") for row in rows] == ["A text."] * 3
    assert counted(notes)[0] == (kinds.CLASS_OTHER_FILE, None, 2, ["data/a/x.png", "data/b/x.png"])


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    draw("elsewhere/img/1.png", 1)
    draw("elsewhere/img/2.png", 2)
    absolute = draw(tmp_path / "far" / "3.png", 3)
    path = write_jsonl(
        "elsewhere/rows.jsonl",
        [{"image": name, "label": "x"} for name in ("img/1.png", "./img/../img/2.png", absolute)],
    )
    notes = Notes()
    splits = read_splits(data_config(train=path), ("train",), demo=None, notes=notes)
    examples = task().read(splits["train"].rows, Reading({}, True, notes))
    notes.raise_errors()
    assert [example.image.name for example in examples] == ["img/1.png", "./img/../img/2.png", absolute]
    assert len({example.image.digest for example in examples}) == 3


def test_csv_and_columns_by_name() -> None:
    draw("1.png")
    write_lines("rows.csv", ["drawing,kind,who", "1.png,7,Ada"])
    splits = read_splits(data_config(train="rows.csv"), ("train",), demo=None, notes=Notes())
    columns = {"image": "drawing", "label": "kind"}
    [example] = task().read(splits["train"].rows, Reading(columns, True, Notes()))
    assert (example.target, example.columns) == ("7", {"who": "Ada"})


@pytest.mark.parametrize("spec", ["pics", "pics/*.png", ["pics/2.png", "pics/1.png"]])
def test_images_alone_are_rows_to_predict_for(spec: Any) -> None:
    draw("pics/1.png")
    draw("pics/2.png")
    rows = list(stream(spec, data_config(), Notes()))
    expected = ["pics/2.png", "pics/1.png"] if isinstance(spec, list) else ["pics/1.png", "pics/2.png"]
    assert [row.values for row in rows] == [{"image": name} for name in expected]
    found = task().read(rows, Reading({}, False, Notes()))
    assert [(example.image.name, example.target) for example in found] == [(name, None) for name in expected]


def test_images_beside_rows_are_what_these_name() -> None:
    draw("pics/1.png")
    write_jsonl("pics/rows.jsonl", [{"image": "1.png"}])
    assert [row.values for row in stream("pics", data_config(), Notes())] == [{"image": "1.png"}]


def broken(folder: Path) -> list[dict[str, Any]]:
    """Rows with every fault that an image task knows, and one good one."""
    draw(folder / "good.png")
    (folder / "text.png").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    Image.effect_noise((50, 50), 90).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:1000])
    (folder / "folder.png").mkdir()
    (folder / "huge.ppm").write_bytes(b"P6 60000 60000 255\n")
    return [
        {"image": "good.png", "text": "t", "label": "x"},
        {"image": "missing.png", "text": "t", "label": "x"},
        {"image": "text.png", "text": "t", "label": "x"},
        {"image": "empty.png", "text": "t", "label": "x"},
        {"image": "cut.png", "text": "t", "label": "x"},
        {"image": "folder.png", "text": "t", "label": "x"},
        {"image": "huge.ppm", "text": "t", "label": "x"},
        {"image": " ", "text": "t", "label": "x"},
        {"image": 7, "text": "t", "label": "x"},
        {"image": "good.png", "text": "t", "label": None},
        {"image": "good.png", "text": "t"},
        {"text": "t", "label": "x"},
    ]


FAULTS: list[tuple[FindingKind, str | None, list[str]]] = [
    (kinds.IMAGE_MISSING, None, ["rows.jsonl:2: {0}/missing.png"]),
    (kinds.NOT_AN_IMAGE, None, ["rows.jsonl:3: {0}/text.png", "rows.jsonl:4: {0}/empty.png"]),
    (kinds.IMAGE_DAMAGED, None, ["rows.jsonl:5: {0}/cut.png ("]),
    (kinds.IMAGE_NOT_A_FILE, None, ["rows.jsonl:6: {0}/folder.png"]),
    (kinds.IMAGE_OF_MANY_PIXELS, None, ["rows.jsonl:7: {0}/huge.ppm"]),
    (kinds.EMPTY_IMAGE_PATH, None, ["rows.jsonl:8"]),
    (kinds.NOT_A_STRING, "image", ["rows.jsonl:9: image=7"]),
    (kinds.EMPTY_LABEL, None, ["rows.jsonl:10: label=None"]),
    (kinds.MISSING, "label", ["rows.jsonl:11 has image, text"]),
    (kinds.MISSING, "image", ["rows.jsonl:12 has text, label"]),
]
"""The kind, the role and the places of each fault."""


@pytest.mark.parametrize("name", ["image-classification", "image-text-classification"])
def test_every_fault_is_reported_in_one_message(name: str) -> None:
    Path("d").mkdir()
    path = write_jsonl("d/rows.jsonl", broken(Path("d")))
    with pytest.raises(DataError) as caught:
        read_training_corpus(data_config(train=path), task(name), Notes())
    for kind, role, places in FAULTS:
        told = [one for one in caught.value.findings if (one.kind, one.values.get("role")) == (kind, role)]
        assert [one.count for one in told] == [len(places)]
        for found, place in zip(told[0].places, places, strict=True):
            assert place.format("d") in found
    assert str(caught.value).count("d/good.png") == 0


def test_faults_of_texts_and_of_images_are_reported_together() -> None:
    draw("1.png")
    write_jsonl(
        "rows.jsonl", [{"image": "1.png", "text": 3, "label": "x"}, {"image": "0.png", "text": "t", "label": "x"}]
    )
    with pytest.raises(DataError) as caught:
        read_training_corpus(data_config(train="rows.jsonl"), task("image-text-classification"), Notes())
    text = of_kind(caught.value.findings, kinds.NOT_A_STRING)
    assert (text.count, text.values["role"]) == (1, "text")
    assert "rows.jsonl:2: 0.png" in str(caught.value)


def test_a_row_with_neither_text_nor_image_is_reported_for_both() -> None:
    write_jsonl("rows.jsonl", [{"picture": "1.png", "caption": "t", "label": "x"}])
    with pytest.raises(DataError) as caught:
        read_training_corpus(data_config(train="rows.jsonl"), task("image-text-classification"), Notes())
    told = caught.value.findings
    assert [(one.kind, one.count) for one in told] == [(kinds.MISSING, 1)] * 2
    assert {one.values["role"] for one in told} == {"text", "image"}


@pytest.mark.parametrize("name", ["image-classification", "image-text-classification"])
def test_faults_of_fields_are_reported_together(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        task(name, shift=1.5, focal=-1.0)
    assert len(caught.value.faults) == 2
    assert "task.shift=1.5" in str(caught.value)


def test_an_empty_text_beside_an_image_is_kept_and_counted() -> None:
    draw("1.png")
    write_jsonl("rows.jsonl", [{"image": "1.png", "text": text, "label": "x"} for text in ("", "a text", "  ")])
    notes = Notes()
    [*rows] = stream("rows.jsonl", data_config(), notes)
    found = task("image-text-classification").read(rows, Reading({}, False, notes))
    assert [example.text for example in found] == ["", "a text", "  "]
    assert (task_kinds.IMAGE_WITHOUT_TEXT, None, 2, ["rows.jsonl:1", "rows.jsonl:3"]) in counted(notes.drain())


def test_the_same_image_under_two_names_is_a_repeated_row() -> None:
    for name in ("train/a/1.png", "train/a/copy.png", "test/a/other.png"):
        draw(name, 9)
    draw("train/b/2.png", 5)
    draw("test/b/3.png", 6)
    notes = Notes()
    data = data_config(train="train", test="test", validation_share=0.0, duplicates="drop")
    corpus = read_training_corpus(data, task(), notes)
    told = list(notes.drain())
    assert [example.image.name for example in corpus.examples["train"]] == ["train/a/1.png", "train/b/2.png"]
    repeated = of_kind(told, kinds.REPEATED_ROW)
    assert (repeated.count, repeated.policy, repeated.values["subject"]) == (1, "drop", "image")
    learned = of_kind(told, kinds.ROW_OF_TRAINING)
    assert (learned.count, learned.values) == (1, {"part": "test"})


def test_the_fingerprint_is_of_what_the_images_hold() -> None:
    draw("a/1.png", 1)
    draw("a/2.png", 2)
    write_jsonl("rows.jsonl", [{"image": f"a/{number}.png", "label": str(number)} for number in (1, 2)])

    def fingerprints() -> dict[str, dict[str, str]]:
        data = data_config(train="rows.jsonl", validation_share=0.0)
        return read_training_corpus(data, task(), Notes()).fingerprints()

    before = fingerprints()
    assert list(before["train"]) == ["rows.jsonl", "2 images"]
    assert fingerprints() == before
    draw("a/2.png", 3)
    after = fingerprints()
    assert after["train"]["rows.jsonl"] == before["train"]["rows.jsonl"]
    assert after["train"]["2 images"] != before["train"]["2 images"]
