"""JSON that is not one object per line: objects over several lines, rows in one object, splits, and pandas' frames."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, data_config, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits
from ftk.errors import DataError

ROWS: list[dict[str, Any]] = [
    {"text": "Rita, {sleeps}", "label": "x", "more": {"a": [1, {"b": "]\n"}]}},
    {"text": "ж😀", "label": "y", "more": {}},
    {"text": "", "label": "x", "more": {"a": []}},
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc{}", max_size=3), inner, max_size=3),
    max_leaves=8,
)


def objects(values: list[Any], *, indent: int | None, between: str) -> str:
    return between.join(json.dumps(value, indent=indent, ensure_ascii=False) for value in values)


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
@pytest.mark.parametrize("between", ["\n", "\n\n", "", " ", "\n \n"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_objects_are_read_wherever_they_end(indent: int | None, between: str, end: str) -> None:
    content = objects(ROWS, indent=indent, between=between) + end
    found = read(content, "rows.json")
    assert found.values == ROWS
    lines = [row.line for row in found.rows]
    for line, number in zip(lines, range(len(ROWS)), strict=True):
        before = objects(ROWS[:number], indent=indent, between=between) + (between if number else "")
        assert line == before.count("\n") + 1
    usual = indent is None and "\n" in between
    assert (kinds.OBJECTS_OVER_LINES.id in [finding.kind.id for finding in found.findings]) != usual


@SOME
@given(
    st.lists(st.dictionaries(st.text("xyz", min_size=1, max_size=2), json_values, max_size=4), min_size=2, max_size=6),
    st.lists(st.sampled_from([None, 0, 2]), min_size=6, max_size=6),
)
def test_any_objects_come_back(values: list[Any], indents: list[int | None]) -> None:
    texts = [json.dumps(value, indent=indent) for value, indent in zip(values, indents, strict=False)]
    assert read("\n".join(texts), "rows.jsonl").values == values


def test_many_objects_on_one_line_take_no_longer_than_on_many() -> None:
    assert len(read('{"a": "b"}' * 100_000, "rows.jsonl").rows) == 100_000


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{\n  "text": "a",\n  "label": x\n}\n', 3),
        ('{\n  "text": "a"\n  "label": "x"\n}\n', 3),
        ('{"text": "a"}\n{\n  "text": "b"\n', 3),
        ('{\n"text": "a"\n}\n}\n', 4),
        ('{"text": "a"}{"text": }\n', 1),
        ('{"text": "a"\n{"text": "b"}\n', 2),
        ('{"text": "a"}\n{"text": "b\nc"}\n', 2),
        ('{\n"text": "a"\n},\n{\n"text": "b"\n}\n', 3),
    ],
)
def test_what_is_no_json_is_named_by_its_line(content: str, line: int) -> None:
    with pytest.raises(DataError, match=rf"^rows\.json:{line}: this is not JSON"):
        read(content, "rows.json")


FRAME = {"text": ["Good", "Bad", "Ж"], "label": ["pos", "neg", None]}
RECORDS = [dict(zip(FRAME, cells, strict=True)) for cells in zip(*FRAME.values(), strict=True)]


def frames() -> dict[str, Any]:
    """The same three rows as each ``orient`` of ``pandas.DataFrame.to_json`` writes them."""
    fields = [{"name": name, "type": "string"} for name in ("index", *FRAME)]
    named = ("a", "b", "c")
    return {
        "columns": {name: {str(at): cell for at, cell in enumerate(cells)} for name, cells in FRAME.items()},
        "columns, after a filter": {
            name: {str(7 * at): cell for at, cell in enumerate(cells)} for name, cells in FRAME.items()
        },
        "columns, with a named index": {name: dict(zip(named, cells, strict=True)) for name, cells in FRAME.items()},
        "split": {"columns": list(FRAME), "index": [0, 1, 2], "data": [list(row.values()) for row in RECORDS]},
        "split, without an index": {"columns": list(FRAME), "data": [list(row.values()) for row in RECORDS]},
        "index": {str(at): row for at, row in enumerate(RECORDS)},
        "index, with names": dict(zip(named, RECORDS, strict=True)),
        "records": RECORDS,
        "table": {
            "schema": {"fields": fields, "primaryKey": ["index"], "pandas_version": "1.4.0"},
            "data": [{"index": at, **row} for at, row in enumerate(RECORDS)],
        },
        "under a key": {"version": "1.0", "data": RECORDS},
        "beside the labels": {"labels": ["pos", "neg"], "rows": RECORDS},
        "under another key": {"examples": RECORDS},
    }


@pytest.mark.parametrize("orient", list(frames()))
@pytest.mark.parametrize("indent", [None, 2])
def test_a_frame_of_pandas_has_the_same_rows_in_every_orientation(orient: str, indent: int | None) -> None:
    found = read(json.dumps(frames()[orient], indent=indent), "rows.json")
    assert found.values == RECORDS
    if orient != "records":
        assert of_kind(found.findings, kinds.ROWS_INSIDE_FILE).values["file"] == "rows.json"


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": ["Rita", "sleeps"], "tags": ["B-PER", "O"]},
        {"text": "Rita", "spans": [{"start": 0, "end": 4, "label": "PER"}]},
        {"translation": {"en": "yes", "de": "ja"}},
        {"data": {"text": "Good"}, "label": "pos"},
        {"data": {"text": "Good"}},
        {"question": {"text": "q"}, "answers": {"text": ["a"]}},
        {"head": {"start": 0, "end": 1}, "tail": {"start": 2, "end": 3}},
        {"text": "x", "data": [{"a": 1}]},
        {"text": "x", "test": [{"a": 1}]},
        {"columns": ["a"], "text": "x"},
        {"a": {}, "b": {}},
        {},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_one_row_alone_is_a_row(row: dict[str, Any], indent: int | None) -> None:
    assert read(json.dumps(row, indent=indent), "rows.json").values == [row]


def test_of_several_objects_each_is_a_row() -> None:
    several = [{"data": [{"text": "a"}]}, {"data": [{"text": "b"}]}]
    assert read("\n".join(map(json.dumps, several)), "rows.jsonl").values == several


def splits_of(content: Any, *names: str, indent: int | None = None) -> tuple[dict[str, list[Any]], Notes]:
    """The rows of each split of one file that holds several."""
    Path("all.json").write_text(json.dumps(content, indent=indent), encoding="utf-8")
    notes = Notes()
    config = data_config(**dict.fromkeys(names, "all.json"))
    found = read_splits(config, ("train", "validation", "test"), demo=None, notes=notes)
    return {name: [row.values for row in split.rows] for name, split in found.items()}, notes


@pytest.mark.parametrize("dev", ["validation", "valid", "val", "dev", "Dev"])
@pytest.mark.parametrize("indent", [None, 1])
def test_each_split_has_its_own_rows_of_a_file_that_holds_all(dev: str, indent: int | None) -> None:
    content = {"version": 2, "train": [{"text": "a"}, {"text": "b"}], dev: [{"text": "c"}], "test": [{"text": "d"}]}
    found, _ = splits_of(content, "train", "validation", "test", indent=indent)
    assert found == {"train": content["train"], "validation": content[dev], "test": content["test"]}
    found, notes = splits_of(content, "train", indent=indent)
    assert found == {"train": content["train"]}
    assert of_kind(notes, kinds.SPLIT_INSIDE_FILE).values["left"] == [dev, "test"]


def test_a_split_that_a_file_does_not_hold_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"all\.json: .*'train', 'test'.*data\.validation"):
        splits_of({"train": [{"text": "a"}], "test": [{"text": "b"}]}, "train", "validation")


def test_to_predict_for_a_file_of_splits_is_read_whole_and_said() -> None:
    found = read('{"train": [{"text": "a"}], "test": [{"text": "b"}]}', "all.json", labelled=False)
    assert [(row.where, row.values["text"]) for row in found.rows] == [
        ("all.json[train]: item 1", "a"),
        ("all.json[test]: item 1", "b"),
    ]
    assert of_kind(found.findings, kinds.ROWS_INSIDE_FILE)


ITEMS: list[dict[str, Any]] = [
    {"text": "a", "id": 12},
    {"text": "b"},
    {"text": "c", "id": "x-7"},
    {"text": "", "id": ""},
]
NAMED = ["item 1 (id 12)", "item 2", "item 3 (id x-7)", "item 4"]


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (json.dumps(ITEMS), [f"a.json: {name}" for name in NAMED]),
        (json.dumps(ITEMS) + "\n", [f"a.json: {name}" for name in NAMED]),
        ("\n" + json.dumps(ITEMS), [f"a.json: {name}" for name in NAMED]),
        (
            json.dumps(ITEMS).replace("}, {", "}, {", 1).replace("}, {", "},\n{", 1),
            [f"a.json: {name}" for name in NAMED],
        ),
        (json.dumps(ITEMS, indent=1), ["a.json:2", "a.json:6", "a.json:9", "a.json:13"]),
        (json.dumps(ITEMS).replace("}, {", "},\n{"), [f"a.json:{line}" for line in (1, 2, 3, 4)]),
        (json.dumps({"data": ITEMS}), [f"a.json[data]: {name}" for name in NAMED]),
        (json.dumps({"train": ITEMS}, indent=1), [f"a.json[train]: {name}" for name in NAMED]),
        (
            json.dumps({"text": dict(enumerate("abc")), "label": dict(enumerate("xyx"))}),
            [f"a.json: item {n}" for n in (1, 2, 3)],
        ),
        (json.dumps({"columns": ["text"], "data": [["a"], ["b"]]}), ["a.json: item 1", "a.json: item 2"]),
        ("\n".join(map(json.dumps, ITEMS)), [f"a.json:{line}" for line in (1, 2, 3, 4)]),
        (json.dumps(ITEMS[:1]), ["a.json:1"]),
    ],
)
def test_an_item_is_named_by_its_number_where_its_line_does_not(content: str, places: list[str]) -> None:
    assert [row.where for row in read(content, "a.json").rows] == places


def test_a_fault_in_an_item_names_it() -> None:
    with pytest.raises(DataError, match=r"a\.json: item 2: "):
        read('[{"text": "a"}, 3]', "a.json")
