"""Controls of Label Studio: a column for each, and several of a kind are never taken for one another."""

import json
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.recognising import plain_rows
from ftk.data.rows.exports.wanted import Wanted
from ftk.errors import DataError

TEXTS = ("text", "pair", "label", "weight")
ENTITIES = ("text", "tokens", "tags", "spans", "sentence")
GENERATED = ("source", "target", "weight")
NUMBERS = "regression"


def made(
    rows: list[dict[str, Any]], *, cells: bool = False, **wanted: Any
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The plain rows of a file, and what reading them found."""
    notes = Notes()
    columns = wanted.pop("columns", {})
    numbered = [Row(values, "export", number, cells=cells) for number, values in enumerate(rows, start=1)]
    return [row.values for row in plain_rows(numbered, Wanted(columns, **wanted), notes)], list(notes)


def task(*results: tuple[str, str, Any], data: dict[str, Any] | None = None, **annotation: Any) -> dict[str, Any]:
    """A task of Label Studio with one annotation; a result has the name of its control, its type and its value."""
    found = [{"from_name": name, "to_name": "text", "type": type, "value": value} for name, type, value in results]
    return {"id": 7, "data": data or {"text": "Ada in Oslo"}, "annotations": [{"result": found, **annotation}]}


def choice(name: str, *labels: str) -> tuple[str, str, Any]:
    return name, "choices", {"choices": list(labels)}


def region(name: str, label: str, start: int = 0, end: int = 3) -> tuple[str, str, Any]:
    return name, "labels", {"start": start, "end": end, "labels": [label]}


def rating(name: str, value: int) -> tuple[str, str, Any]:
    return name, "rating", {"rating": value}


def number(name: str, value: float) -> tuple[str, str, Any]:
    return name, "number", {"number": value}


def written(name: str, text: str) -> tuple[str, str, Any]:
    return name, "textarea", {"text": [text]}


SEVERAL = [
    ([choice("sentiment", "pos"), choice("topic", "phone")], {"roles": TEXTS}, "label", ["sentiment", "topic"]),
    ([choice("a", "x"), ("b", "taxonomy", {"taxonomy": [["y", "z"]]})], {"roles": TEXTS}, "label", ["a", "b"]),
    ([number("n", 1), rating("r", 2)], {"roles": TEXTS, "problem": NUMBERS}, "label", ["n", "r"]),
    ([rating("one", 1), rating("two", 2)], {"roles": TEXTS, "problem": NUMBERS}, "label", ["one", "two"]),
    ([region("ner", "PER"), region("mood", "GOOD")], {"roles": ENTITIES}, "spans", ["mood", "ner"]),
    ([written("long", "a"), written("short", "b")], {"roles": GENERATED}, "target", ["long", "short"]),
    ([choice("text", "x"), choice("id", "y")], {"roles": TEXTS}, "label", ["id_choices", "text_choices"]),
]


@pytest.mark.parametrize(("results", "wanted", "role", "names"), SEVERAL)
def test_several_controls_of_a_kind_are_refused_with_the_key_that_decides(
    results: list[Any], wanted: Any, role: str, names: list[str]
) -> None:
    with pytest.raises(DataError) as error:
        made([task(*results)], **wanted)
    [found] = error.value.findings
    assert found.kind == kinds.SEVERAL_CONTROLS
    assert found.values["choices"] == " or ".join(f"data.columns.{role}={name}" for name in names)
    for name in names:
        [row], _ = made([task(*results)], columns={role: name}, **wanted)
        assert row[name]  # the key that the message names works


@pytest.mark.parametrize(
    ("results", "wanted", "expected"),
    [
        (
            [choice("sentiment", "pos"), written("label", "hm")],
            {"roles": TEXTS},
            {"label": "pos", "label_textarea": "hm"},
        ),
        ([choice("c", "pos"), written("comment", "hm")], {"roles": TEXTS}, {"label": "pos", "comment": "hm"}),
        ([written("summary", "hm")], {"roles": GENERATED}, {"target": "hm"}),
        ([written("summary", "hm")], {"roles": TEXTS}, {"summary": "hm"}),
        ([choice("c", "x"), number("n", 2), rating("r", 3)], {"roles": TEXTS}, {"label": "x", "n": 2, "r": 3}),
        ([choice("c", "x"), choice("d", "y")], {"roles": ENTITIES}, {"c": "x", "d": "y"}),
        ([choice("c", "x"), choice("d", "y")], {"roles": TEXTS, "labelled": False}, {"c": "x", "d": "y"}),
        ([choice("c", "x"), choice("d", "y"), rating("r", 3)], {"roles": TEXTS, "problem": NUMBERS}, {"score": 3}),
        ([choice("c", "x")], {"roles": TEXTS, "columns": {"label": "c"}}, {"c": "x"}),
        ([choice("c", "x", "y"), choice("c", "z")], {"roles": TEXTS}, {"label": ["x", "y", "z"]}),
        ([("t", "taxonomy", {"taxonomy": [["News", "Sport"]]})], {"roles": TEXTS}, {"label": "News / Sport"}),
        ([choice("c", "x")], {"roles": TEXTS, "labelled": False}, {"label": "x"}),
    ],
)
def test_each_control_has_a_column(results: list[Any], wanted: Any, expected: dict[str, Any]) -> None:
    [row], _ = made([task(*results)], **wanted)
    assert row == {**row, **expected}
    assert len(row) >= 2 + len({name for name, _, _ in results})


NAMES = st.sampled_from(["a", "b", "label", "spans", "score", "target", "text"])
RESULTS = st.lists(
    st.one_of(
        st.builds(choice, NAMES, st.just("choice")),
        st.builds(region, NAMES, st.just("REGION")),
        st.builds(rating, NAMES, st.just(4)),
        st.builds(written, NAMES, st.just("written")),
    ),
    max_size=5,
    unique_by=lambda result: (result[0], result[1]),
)


@given(RESULTS, st.sampled_from([(), TEXTS, ENTITIES, GENERATED]))
def test_no_control_vanishes(results: list[Any], roles: tuple[str, ...]) -> None:
    [row], _ = made([task(*results)], roles=roles, labelled=False)
    said = json.dumps(row)
    for word, type in (('"choice"', "choices"), ("REGION", "labels"), (": 4", "rating"), ('"written"', "textarea")):
        assert said.count(word) == sum(result[1] == type for result in results)
    assert row["text"] == "Ada in Oslo"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"label": "topic"}, {"topic": ["x", "y"], "mood": "good"}),
        ({"label": "mood"}, {"topic": ["x", "y"], "mood": "good"}),
    ],
)
def test_two_controls_of_a_minimal_export(columns: dict[str, str], expected: dict[str, Any]) -> None:
    about = {"annotator": 1, "annotation_id": 1, "lead_time": 1.0}
    first = {"text": "a", "id": 1, "topic": {"choices": ["x", "y"]}, "mood": {"choices": ["good"]}, **about}
    second = {"text": "b", "id": 2, "topic": "x", "mood": "bad", **about}
    with pytest.raises(DataError) as error:
        made([first, second], roles=TEXTS)
    assert [found.kind for found in error.value.findings] == [kinds.SEVERAL_CONTROLS]
    rows, _ = made([first, second], roles=TEXTS, columns=columns)
    assert rows[0] == {**rows[0], **expected}
    assert rows[1]["topic"] == "x"


def test_a_minimal_export_has_one_row_for_a_task() -> None:
    def row(id: int, annotation: int, start: int) -> dict[str, Any]:
        spans: Any = [{"start": start, "end": 3, "labels": ["PER"]}]
        return {"text": "Ada", "id": id, "ner": spans, "annotator": 1, "annotation_id": annotation}

    rows, findings = made([row(1, 1, 0), row(1, 2, 1), row(2, 3, 0), row(2, 4, 0), row(1, 5, 1)], roles=ENTITIES)
    assert [one["annotation_id"] for one in rows] == [1, 3]
    counts = {one.kind.id: one.count for one in findings}
    assert (counts[kinds.SEVERAL_ANNOTATIONS.id], counts[kinds.CONTRADICTING_ANNOTATIONS.id]) == (2, 1)
    assert len(made([row(1, 1, 0), row(1, 2, 1)], labelled=False)[0]) == 2


def test_annotations_are_counted_by_what_became_of_them() -> None:
    done, empty = {"result": [dict(task(choice("c", "x"))["annotations"][0]["result"][0])]}, {"result": []}
    cancelled = {**done, "was_cancelled": True}
    by_ada = {**done, "completed_by": {"id": 3, "email": "ada@example.org"}}
    relation = {"result": [*done["result"], {"type": "relation", "from_id": "a", "to_id": "b"}], "completed_by": 4}
    rows = [
        {"id": number, "data": {"text": "a"}, "annotations": annotations}
        for number, annotations in enumerate(
            [[], [cancelled], [cancelled, by_ada], [done, done], [done, empty], [empty], [relation]]
        )
    ]
    found, findings = made(rows, roles=TEXTS)
    assert [row["label"] for row in found] == ["x", "x", "x", [], "x"]
    assert [row.get("completed_by") for row in found] == ["ada@example.org", None, None, None, 4]
    assert {one.kind.id: one.count for one in findings if one.kind.counted} == {
        kinds.NOT_ANNOTATED.id: 1,
        kinds.CANCELLED_ANNOTATION.id: 1,
        kinds.CANCELLED_BESIDE.id: 1,
        kinds.SEVERAL_ANNOTATIONS.id: 2,
        kinds.CONTRADICTING_ANNOTATIONS.id: 1,
        kinds.RESULT_NOT_READ.id: 1,
    }


@pytest.mark.parametrize("type", ["ranker", "pairwise", "rectanglelabels", "video"])
def test_results_that_are_not_read_are_named(type: str) -> None:
    with pytest.raises(DataError) as error:
        made([task(("r", type, {"selected": "left"}))], roles=TEXTS)
    [found] = error.value.findings
    assert (found.kind, found.values["types"]) == (kinds.UNREAD_RESULTS, [type])
    _, findings = made([task(("r", type, {}), choice("c", "x"))], roles=TEXTS)
    assert [one.values["what"] for one in findings if one.kind == kinds.RESULT_NOT_READ] == [type]


@pytest.mark.parametrize(
    ("html", "value", "text", "marked"),
    [
        ("<p>Dear <b>Ada</b></p>", {"globalOffsets": {"start": 5, "end": 8}}, "Dear Ada", "Ada"),
        ("A &amp; <i>B</i><br>C", {"globalOffsets": {"start": 6, "end": 7}}, "A & B\nC", "C"),
        ("<p>Dear <b>Ada</b></p>", {"text": "Ada"}, "Dear Ada", "Ada"),
        ("<p>Ada, <b>Ada</b></p>", {"text": "Ada"}, "Ada, Ada", None),
    ],
)
@pytest.mark.parametrize("type", ["hypertextlabels", "labels"])
def test_regions_of_html_are_in_its_text(html: str, value: Any, text: str, marked: str | None, type: str) -> None:
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", type: ["PER"], **value}
    [row], findings = made([task(("ner", type, value), data={"body": html})], roles=ENTITIES)
    [span] = row["spans"]
    assert row["body"] == text
    if marked is None:
        assert kinds.REGION_WITHOUT_OFFSETS in [one.kind for one in findings]
    else:
        assert (text[span["start"] : span["end"]], span["label"]) == (marked, ["PER"])


def test_regions_of_a_dialogue_are_in_its_turns() -> None:
    turns = [{"author": "A", "text": "Hi 😀"}, {"author": "B", "text": "Ada, from Oslo"}]
    value = {"start": "1", "end": "1", "startOffset": 10, "endOffset": 14, "paragraphlabels": ["LOC"]}
    [row], _ = made([task(("ner", "paragraphlabels", value), data={"dialogue": turns})], roles=ENTITIES)
    [span] = row["spans"]
    assert row["text"][span["start"] : span["end"]] == "Oslo"


def test_a_column_that_the_annotation_replaces_is_reported() -> None:
    [row], findings = made([task(choice("c", "x"), data={"text": "a", "label": "old"})], roles=TEXTS)
    assert row["label"] == "x"
    assert [one.values["column"] for one in findings if one.kind == kinds.REPLACED_BY_ANNOTATION] == ["label"]


def test_one_control_about_two_texts_is_two() -> None:
    row = task(region("ner", "PER"), region("ner", "LOC", 7, 11), data={"title": "Ada", "body": "Ada in Oslo"})
    row["annotations"][0]["result"][1]["to_name"] = "body"
    with pytest.raises(DataError) as error:
        made([row], roles=ENTITIES)
    assert [found.kind for found in error.value.findings] == [kinds.SEVERAL_CONTROLS]
    [found], _ = made([row], roles=ENTITIES, columns={"spans": "ner_body", "text": "body"})
    assert [span["start"] for span in found["ner_body"]] == [7]


def test_choices_about_a_region_are_no_column() -> None:
    for of_region in ({"choices": ["doubtful"]}, {"choices": ["doubtful"], "start": 0, "end": 3}):
        row = task(region("ner", "PER"), choice("sure", "x"), choice("mood", "good"))
        results = row["annotations"][0]["result"]
        results[0]["id"], results[1]["value"] = "r1", of_region
        if "start" not in of_region:
            results[1]["id"] = "r1"
        [found], findings = made([row], roles=TEXTS)
        assert (found["label"], "sure" in found) == ("good", False)
        assert [one.count for one in findings if one.kind == kinds.RESULT_NOT_READ] == [1]


def test_the_data_are_found_by_their_path_in_the_file_as_well() -> None:
    columns = {"text": "data.title"}
    [row], _ = made([task(choice("c", "x"), data={"title": "Ada", "text": "other"})], roles=TEXTS, columns=columns)
    assert (row["data.title"], row["label"]) == ("Ada", "x")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.text("ab/<>", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["text", "start"]), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["start", "end", "text", "labels", "choices", "taxonomy", "rating", "globalOffsets", "startOffset"]
)
TYPES = st.sampled_from(
    ["labels", "hypertextlabels", "paragraphlabels", "choices", "taxonomy", "rating", "x", "relation"]
)
ANY_RESULTS = st.lists(
    st.fixed_dictionaries(
        {"type": TYPES | VALUES, "from_name": VALUES, "value": st.dictionaries(KEYS, VALUES) | VALUES}
    ),
    max_size=3,
)


@given(ANY_RESULTS, VALUES, st.booleans())
def test_no_result_breaks_the_reader(results: list[Any], text: Any, labelled: bool) -> None:
    row = {"id": 1, "data": {"text": text}, "annotations": [{"result": results, "completed_by": text}, text]}
    with nullcontext() if not labelled else suppress(DataError):
        rows, _ = made([row], roles=ENTITIES, labelled=labelled)
        assert [one["id"] for one in rows] == [1]  # somebody annotated it
