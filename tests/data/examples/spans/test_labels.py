"""Labels of spans that are tags, one span a token, are joined to entities whatever their spelling."""

import pytest

from data_helpers import of_kind, sentences
from ftk.contracts import finding_kinds as kinds

TEXT = "we saw New York and Oslo"
PLACES = [(0, 2), (3, 6), (7, 10), (11, 15), (16, 19), (20, 24)]
TAGS = ["O", "O", "B-geo", "I-geo", "O", "B-geo"]


def spans(labels: list[str]) -> list[list[object]]:
    return [[start, end, label] for (start, end), label in zip(PLACES, labels, strict=True) if label]


@pytest.mark.parametrize(
    "labels",
    [
        ["O", "O", "B-geo", "I-geo", "O", "B-geo"],
        ["", "", "B-geo", "I-geo", "", "B-geo"],
        ["", "", "b-geo", "i-geo", "", "b-geo"],
        ["o", "o", "b-geo", "i-geo", "o", "b-geo"],
        ["", "", "geo-B", "geo-I", "", "geo-B"],
        ["", "", "BEGIN_geo", "INSIDE_geo", "", "BEGIN_geo"],
        ["", "", "B:geo", "I:geo", "", "B:geo"],
        ["OTHER", "OTHER", "B:geo", "I:geo", "OTHER", "B:geo"],
        ["", "", "B-geo", "E-geo", "", "S-geo"],
        ["", "B-geo", "M-geo", "E-geo", "", "W-geo"],
    ],
)
def test_tags_in_any_spelling(labels: list[str]) -> None:
    (sentence,), notes = sentences([{"text": TEXT, "spans": spans(labels)}])
    notes.raise_errors()
    assert sentence.tags == (TAGS if not labels[1].startswith("B") else ["O", "B-geo", "I-geo", "I-geo", "O", "B-geo"])
    assert of_kind(notes, kinds.SPANS_ARE_TAGS).values["entities"] == 2


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "", "i", "", "", ""],
        ["s-bahn", "", "u-bahn", "", "", "e-mail"],
        ["START_DATE", "", "END_DATE", "", "", "START_TIME"],
        ["Brand", "", "Item", "", "", "Brand"],
        ["OTHER", "", "geo", "", "", "none"],
        ["B", "", "I", "", "", "B"],
    ],
)
def test_other_labels_are_types(labels: list[str]) -> None:
    (sentence,), notes = sentences([{"text": TEXT, "spans": spans(labels)}])
    notes.raise_errors()
    assert [tag[2:] for tag in sentence.tags or [] if tag != "O"] == [label for label in labels if label]
    assert kinds.SPANS_ARE_TAGS not in [finding.kind for finding in notes]


def test_an_entity_that_is_not_closed_is_counted() -> None:
    (sentence,), notes = sentences([{"text": TEXT, "spans": spans(["", "", "B-geo", "I-geo", "", "S-geo"])}])
    notes.raise_errors()
    assert sentence.tags == TAGS
    assert of_kind(notes, kinds.BROKEN_TAG).places == ["rows.jsonl:1: I-geo 11-15"]
