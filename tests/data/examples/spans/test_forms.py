"""The spellings of a span, of its label, and of a row without spans."""

from typing import Any

import pytest

from data_helpers import counted, of_kind, refused, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind

TEXT = "Rita Kos sleeps."
TAGS = ["B-PER", "I-PER", "O", "O"]


@pytest.mark.parametrize(
    "spans",
    [
        [{"start": 0, "end": 8, "label": "PER"}],
        [{"start": 0, "end": 8, "labels": ["PER"], "type": "labels"}],
        [{"start_offset": 0, "end_offset": 8, "label": "PER", "id": 3}],
        [{"startOffset": 0, "endOffset": 8, "entity_group": "PER", "word": "rita kos", "score": 0.9}],
        [{"BeginOffset": 0, "EndOffset": 8, "Type": "PER", "Text": "Rita Kos"}],
        [{"begin": 0, "end": 8, "type": "PER"}],
        [{"from": 0, "to": 8, "entity": "PER"}],
        [{"start_char": 0, "end_char": 8, "ent_type": "x", "category": "PER"}],
        [{"start_idx": 0, "end_idx": 8, "type": "PER", "entity": "Rita Kos"}],
        [{"offset": 0, "length": 8, "category": "PER"}],
        [{"id": "1", "type": "PER", "text": ["Rita Kos"], "offsets": [[0, 8]]}],
        [{"span": [0, 8], "label": "PER"}],
        [{"start": 0.0, "end": 8.0, "label": "PER"}],
        [{"start": "0", "end": "8", "label": "PER"}],
        [{"start": 0, "last": 7, "label": "PER", "end": 8}],
        [[0, 8, "PER"]],
        [["PER", 0, 8]],
        [[0, 8, "PER", "Rita Kos"]],
        [[0, 8, ["PER"]]],
        [["PER", [0, 8]]],
        [["T1", "PER", [[0, 8]]]],
        {"PER": [[0, 8]]},
        {"PER": {"Rita Kos": [[0, 8]]}},
        '[[0, 8, "PER"]]',
    ],
    ids=str,
)
def test_every_form_of_a_span(spans: Any) -> None:
    (sentence,), notes = sentences([{"text": TEXT, "spans": spans}])
    notes.raise_errors()
    assert sentence.tags == TAGS
    assert sentence.gold == [{"label": "PER", "start": 0, "end": 8, "text": "Rita Kos"}]


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        ([0, 8, 2], kinds.SPAN_NUMBERED),
        ({"start": 0, "end": 8, "label": 2}, kinds.SPAN_NUMBERED),
        ({"start": 0, "end": 8, "labels": [2]}, kinds.SPAN_NUMBERED),
        ({"start": 0, "end": 8, "labels": ["PER", "ORG"]}, kinds.SPAN_LABELS),
        ([0, 8, ["PER", "ORG"]], kinds.SPAN_LABELS),
        ({"type": "PER", "offsets": [[0, 4], [9, 15]]}, kinds.SPAN_IN_PARTS),
        (["T1", "PER", [[0, 4], [9, 15]]], kinds.SPAN_IN_PARTS),
        ({"start": 0, "label": "PER"}, kinds.SPAN_UNREADABLE),
        ({"start": 0, "end": 8}, kinds.SPAN_UNREADABLE),
        ({"start": 0, "end": 8, "labels": []}, kinds.SPAN_UNREADABLE),
        ({"start": "/p[1]", "end": 8, "label": "PER"}, kinds.SPAN_UNREADABLE),
        ([0, 8], kinds.SPAN_UNREADABLE),
        (["PER", "ORG", "x", 0, 8], kinds.SPAN_UNREADABLE),
        ([], kinds.SPAN_UNREADABLE),
    ],
    ids=str,
)
def test_what_is_no_span_of_one_label_is_refused(span: Any, kind: FindingKind) -> None:
    found, notes = sentences([{"text": TEXT, "spans": [span]}])
    assert found == []
    [refusal] = refused(notes)
    assert refusal.kind == kind


@pytest.mark.parametrize("empty", [{}, {"spans": None}, {"spans": ""}, {"spans": "[]"}, {"spans": []}, {"spans": " "}])
def test_a_row_without_spans_among_others_has_none(empty: dict[str, Any]) -> None:
    found, notes = sentences([{"text": TEXT, "spans": [[0, 8, "PER"]]}, {"text": "Nobody", **empty}])
    notes.raise_errors()
    assert [sentence.tags for sentence in found] == [TAGS, ["O"]]
    if empty.get("spans") in (None, ""):
        assert of_kind(notes, kinds.ROW_WITHOUT_SPANS).count == 1


def test_spans_that_are_a_text_are_refused_among_others() -> None:
    _, notes = sentences([{"text": TEXT, "spans": [[0, 8, "PER"]]}, {"text": "Nobody", "spans": "none"}])
    assert counted(refused(notes)) == [(kinds.SPANS_NOT_A_LIST, None, 1, ["rows.jsonl:2: spans='none'"])]


@pytest.mark.parametrize(
    ("spans", "entities"),
    [
        ([[0, 4, "B-PER"], [5, 8, "I-PER"], [9, 15, "O"], [19, 23, "B-LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 4, "B-PER"], [5, 8, "E-PER"], [19, 23, "S-LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 4, "B-PER"], [5, 8, "L-PER"], [19, 23, "U-LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 4, "I-PER"], [5, 8, "I-PER"], [19, 23, "I-LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 4, "B_PER"], [5, 8, "I_PER"], [19, 23, "B_LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 8, "B-PER"], [19, 23, "B-LOC"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 8, "B-PER"]], [("PER", 0, 8)]),
        (
            [[0, 4, "PER"], [5, 8, "PER"], [9, 15, "O"], [16, 18, "O"], [19, 23, "LOC"]],
            [("PER", 0, 8), ("LOC", 19, 23)],
        ),
        ([[19, 23, "B-LOC"], [5, 8, "I-PER"], [0, 4, "B-PER"]], [("PER", 0, 8), ("LOC", 19, 23)]),
        ([[0, 4, "B-PER"], [19, 23, "I-PER"]], [("PER", 0, 4), ("PER", 19, 23)]),
        ([[0, 4, "B-PER"], [5, 8, "B-PER"], [16, 18, "O"]], [("PER", 0, 4), ("PER", 5, 8)]),
        ([[0, 8, "PER"], [19, 23, "B-cell"]], [("PER", 0, 8), ("B-cell", 19, 23)]),
        ([[0, 8, "S-BAHN"], [19, 23, "U-BAHN"]], [("S-BAHN", 0, 8), ("U-BAHN", 19, 23)]),
    ],
    ids=str,
)
def test_labels_of_spans_that_are_tags(spans: list[Any], entities: list[tuple[str, int, int]]) -> None:
    (sentence,), notes = sentences([{"text": "Rita Kos sleeps in Oslo.", "spans": spans}])
    notes.raise_errors()
    assert [(one["label"], one["start"], one["end"]) for one in sentence.gold] == entities


def test_labels_with_and_without_a_letter_are_refused() -> None:
    _, notes = sentences([{"text": TEXT, "spans": [[0, 4, "B-PER"]]}, {"text": TEXT, "spans": [[0, 8, "PER"]]}])
    assert counted(refused(notes)) == [(kinds.SPAN_LABELS_MIXED, None, 1, ["rows.jsonl:2: PER 0-8"])]
