"""Each file has its own unit of offsets, and rows to predict for are read as those that are scored."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, data_config, ner_task, of_kind, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row

FAMILY = "👩\u200d👧"
TEXT = f"Rasmussens 😀 Frühstück {FAMILY}{FAMILY}\r\nMargarethe Kühn\r\ne\u0301crivait de Kristiansand 🇳🇴 og så videre"
UNITS = ("characters", "utf16", "bytes", "graphemes", "line ends as one")


def length(text: str, unit: str) -> int:
    """The length of a text as another program counts it; made by hand for the clusters of ``TEXT``."""
    if unit == "graphemes":
        for cluster in (FAMILY, "e\u0301", "🇳🇴", "\r\n"):
            text = text.replace(cluster, "x")
        return len(text)
    if unit == "line ends as one":
        return len(text.replace("\r\n", "\n"))
    return {"characters": len(text), "utf16": len(text.encode("utf-16-le")) // 2, "bytes": len(text.encode())}[unit]


def marked(text: str, name: str, label: str, unit: str, *, own: bool) -> dict[str, Any]:
    begin = text.index(name)
    end = begin + len(name)
    span = {"start": length(text[:begin], unit), "end": length(text[:end], unit), "label": label}
    return span | ({"text": name} if own else {})


def row(unit: str, *, own: bool, file: str, line: int = 1) -> Row:
    spans = [
        marked(TEXT, name, label, unit, own=own)
        for name, label in (("Margarethe Kühn", "PER"), ("Kristiansand", "LOC"))
    ]
    return Row({"text": TEXT, "spans": spans}, file, line)


def gold(rows: Iterable[Row], *, labelled: bool, offsets: str = "auto", seen: Any = None) -> tuple[list[Any], Notes]:
    notes = Notes()
    reading = Reading(data_config().columns, labelled, notes, offsets=offsets, seen=seen)
    return [sentence.gold for sentence in ner_task().read(list(rows), reading)], notes


def texts(found: list[Any]) -> list[Any]:
    return [None if one is None else [entity["text"] for entity in one] for one in found]


@given(st.lists(st.tuples(st.sampled_from(UNITS), st.booleans()), min_size=1, max_size=4), st.booleans())
@MANY
def test_every_file_is_read_in_its_own_unit(files: list[tuple[str, bool]], labelled: bool) -> None:
    rows = [row(unit, own=own, file=f"{number}.jsonl") for number, (unit, own) in enumerate(files)]
    found, notes = gold(rows, labelled=labelled)
    notes.raise_errors()
    assert texts(found) == [["Margarethe Kühn", "Kristiansand"]] * len(files)
    said = {one.values["what"] for one in notes if one.kind in (kinds.OFFSETS_FOUND, kinds.OFFSETS_BY_FILE)}
    assert len(said - {"characters"}) == len({unit for unit, _ in files} - {"characters"})


def test_files_that_differ_are_named() -> None:
    rows = [row("utf16", own=True, file="studio.json"), row("characters", own=False, file="doccano.jsonl")]
    _, notes = gold(rows, labelled=True)
    said = {one.values["files"]: (one.values["what"], one.policy) for one in notes}
    assert said == {
        "studio.json": ("UTF-16 units", "own_texts"),
        "doccano.jsonl": ("characters", "borders"),
    }


def test_a_file_without_evidence_has_characters_and_is_said() -> None:
    unclear = Row({"text": "😀 小明在北京", "spans": [[2, 4, "PER"]]}, "zh.jsonl", 1)
    found, notes = gold([row("utf16", own=True, file="studio.json"), unclear], labelled=True)
    assert texts(found) == [["Margarethe Kühn", "Kristiansand"], ["小明"]]
    assert of_kind(notes, kinds.OFFSETS_UNCHECKED).places == ["zh.jsonl:1"]
    assert [one.policy for one in notes if one.kind == kinds.OFFSETS_BY_FILE] == ["own_texts", "unconfirmed"]


@pytest.mark.parametrize("unit", UNITS[:4])
@pytest.mark.parametrize("labelled", [False, True])
def test_the_unit_of_the_config_wins(unit: str, labelled: bool) -> None:
    rows = [row(unit, own=False, file="a.jsonl")]
    found, notes = gold(rows, labelled=labelled, offsets=unit)
    notes.raise_errors()
    assert texts(found) == [["Margarethe Kühn", "Kristiansand"]]


@pytest.mark.parametrize(
    ("text", "spans", "marks"),
    [
        (f"{FAMILY} Ada naps", [[2, 5, "PER"]], ["Ada"]),
        ("👍🏽 Ada met Oslo", [[2, 5, "PER"], [10, 14, "LOC"]], ["Ada", "Oslo"]),
        ("🇳🇴🇸🇪 Ada naps", [[3, 6, "PER"]], ["Ada"]),
        ("né e\u0301crit Ada à Oslo", [[9, 12, "PER"], [15, 19, "LOC"]], ["Ada", "Oslo"]),
        ("❤\ufe0f Ada naps", [[2, 5, "PER"]], ["Ada"]),
        ("각나 Ada 서울", [[3, 6, "PER"]], ["Ada"]),
        (f"ok\r\n{FAMILY} Ada naps", [[5, 8, "PER"]], ["Ada"]),
        ("क्षेत्र Ada", [[3, 6, "PER"]], ["Ada"]),
        (f"{FAMILY}{FAMILY}{FAMILY} Ada", [[4, 7, "PER"]], ["Ada"]),
        ("1\ufe0f\u20e3 Ada Kos", [[2, 9, "PER"]], ["Ada Kos"]),
    ],
)
def test_grapheme_clusters_are_found_by_the_borders_of_words(text: str, spans: list[Any], marks: list[str]) -> None:
    for labelled in (False, True):
        found, notes = gold([Row({"text": text, "spans": spans}, "a.jsonl", 1)], labelled=labelled)
        notes.raise_errors()
        assert texts(found) == [marks]


def test_names_with_endings_are_no_grapheme_clusters() -> None:
    """In characters the first name ends inside a word, in clusters with it, as a name with a particle may."""
    rows = [{"text": "சென்னையில் உள்ளது.", "spans": [[0, 6, "X"]]}, {"text": "மதுரைக்கு போ", "spans": [[0, 5, "X"]]}]
    found, notes = gold([Row(one, "a.jsonl", line) for line, one in enumerate(rows)], labelled=False)
    assert texts(found) == [["சென்னை"], ["மதுரை"]]
    assert of_kind(notes, kinds.GOLD_INSIDE_WORD).count == 2


def test_what_earlier_rows_have_shown_holds_for_later_ones() -> None:
    seen: dict[Any, Any] = {}
    gold([row("utf16", own=True, file="a.jsonl")], labelled=False, seen=seen)
    later = Row({"text": "😀 小明在北京", "spans": [[3, 5, "PER"]]}, "a.jsonl", 2)
    found, notes = gold([later], labelled=False, seen=seen)
    assert (texts(found), list(notes)) == ([["小明"]], [])
    found, notes = gold([Row(later.values, "b.jsonl", 1)], labelled=False, seen=seen)
    assert texts(found) == [["明在"]]
    assert of_kind(notes, kinds.OFFSETS_UNCHECKED).count == 1
    found, notes = gold([row("bytes", own=True, file="a.jsonl", line=3)], labelled=False, seen=seen)
    assert texts(found) == [["Margarethe Kühn", "Kristiansand"]]
    assert of_kind(notes, kinds.OFFSETS_CHANGE).values["before"] == "UTF-16 units"


def test_a_gold_standard_that_contradicts_itself_is_left_out_of_predictions() -> None:
    right = [row("utf16", own=True, file="a.jsonl", line=line) for line in (1, 2, 3)]
    wrong = Row({"text": "Ada naps", "spans": [{"start": 1, "end": 4, "label": "PER", "text": "Ada"}]}, "a.jsonl", 4)
    outside = Row({"text": "Ada naps", "spans": [[0, 90, "PER"]]}, "a.jsonl", 5)
    found, notes = gold([*right, wrong, outside], labelled=False)
    assert texts(found) == [["Margarethe Kühn", "Kristiansand"]] * 3 + [None, None]
    assert of_kind(notes, kinds.GOLD_LEFT_OUT).places == ["a.jsonl:4", "a.jsonl:5"]
    found, notes = gold([wrong], labelled=False, offsets="characters")
    assert texts(found) == [["da"]]
    assert of_kind(notes, kinds.SPAN_TEXT_IGNORED).count == 1


def test_units_that_differ_within_a_file_are_no_reason_to_widen_spans() -> None:
    rows = [row(unit, own=False, file="a.jsonl", line=line) for line, unit in enumerate(["utf16", "characters"] * 4)]
    _, notes = gold(rows, labelled=True)
    [found] = refused(notes)
    assert (found.kind, found.count) == (kinds.SPANS_OF_OTHER_UNIT, 8)
    rows = [row("graphemes", own=False, file="a.jsonl", line=line) for line in range(4)]
    _, notes = gold(rows, labelled=True, offsets="characters")
    [found] = refused(notes)
    assert (found.kind, found.values["unit"]) == (kinds.SPANS_OF_OTHER_UNIT, "grapheme clusters")


def test_blanks_at_the_edges_of_spans_are_counted() -> None:
    rows = [Row({"text": "Ada Berg naps", "spans": [[0, 9, "PER"]]}, "a.jsonl", 1)]
    for labelled in (False, True):
        found, notes = gold(rows, labelled=labelled)
        assert texts(found) == [["Ada Berg"]]
        assert of_kind(notes, kinds.SPAN_TRIMMED).count == 1


def test_a_span_that_is_left_out_is_not_widened_as_well() -> None:
    notes = Notes()
    rows = [Row({"text": "Ada Berg naps", "spans": [[0, 8, "PER"], [0, 2, "X"], [9, 11, "Y"]]}, "a.jsonl", 1)]
    task = ner_task(misaligned_spans="expand", overlapping_spans="longest")
    task.read(rows, Reading(data_config().columns, True, notes))
    assert of_kind(notes, kinds.SPANS_OVERLAP).places == ["a.jsonl:1: X 0-2"]
    assert of_kind(notes, kinds.SPAN_INSIDE_WORD).places == ["a.jsonl:1: Y 9-11 'na'"]


def relation(unit: str, *, own: bool, line: int = 1, label: bool = False) -> Row:
    ends = {
        role: {name: value for name, value in marked(TEXT, text, "", unit, own=own).items() if name != "label"}
        for role, text in (("head", "Margarethe Kühn"), ("tail", "Kristiansand"))
    }
    return Row({"text": TEXT, **ends, **({"label": "in"} if label else {})}, f"{unit}.jsonl", line)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_head_and_tail_are_read_in_the_unit_of_their_file(own: bool, labelled: bool) -> None:
    notes = Notes()
    rows = [relation(unit, own=own, label=labelled) for unit in UNITS]
    found = shipped_task("relation").read(rows, Reading(data_config().columns, labelled, notes))
    notes.raise_errors()
    assert [(one.text[slice(*one.head)], one.text[slice(*one.tail)]) for one in found] == [
        ("Margarethe Kühn", "Kristiansand")
    ] * 5


def test_an_entity_that_contradicts_its_offsets_is_a_fault_of_its_row() -> None:
    right, wrong = relation("utf16", own=True), relation("utf16", own=True, line=2)
    wrong.values["head"] = {**wrong.values["head"], "text": "Bo"}
    notes = Notes()
    found = shipped_task("relation").read([right, wrong], Reading(data_config().columns, False, notes))
    assert len(found) == 1
    [fault] = refused(notes)
    assert (fault.kind, fault.count) == (kinds.SPAN_TEXT_DIFFERS, 1)
