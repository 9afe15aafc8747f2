"""Head and tail in columns: as places of many spellings, as texts, and as both."""

from typing import Any

import pytest

from data.examples.entities.test_marks import entities, relations
from data_helpers import of_kind, read, refused
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

TEXT = {"text": "Ada Kos lives in New York"}
TOKENS = {"tokens": ["Ada", "Kos", "lives", "in", "New", "York"]}
EXPECTED = ("Ada Kos lives in New York", "Ada Kos", "New York")
EMOJI = "😀 Ada in Oslo"


@pytest.mark.parametrize(
    "row",
    [
        {**TEXT, "head": "Ada Kos", "tail": "New York"},
        {**TEXT, "subject": " Ada Kos ", "object": "New York"},
        {**TEXT, "entity1": "Ada Kos", "entity2": "New York"},
        {**TEXT, "head": {"text": "Ada Kos"}, "tail": {"word": "New York", "id": "m.1"}},
        {**TEXT, "h": {"name": "Ada Kos", "id": "Q1", "pos": [0, 7]}, "t": {"name": "New York", "pos": [17, 25]}},
        {**TEXT, "head": {"begin": 0, "end": 7}, "tail": {"start_offset": 17, "end_offset": 25}},
        {**TEXT, "head": {"span": [0, 7]}, "tail": [[17, 25]]},
        {**TEXT, "head_start": 0, "head_end": 7, "tail_start": 17, "tail_end": 25},
        {**TEXT, "e1_start": "0", "e1_end": "7", "e2_start": "17", "e2_end": "25"},
        {**TEXT, "head": "Ada Kos", "tail": "New York", "head_start": 0, "tail_start": 17},
        {**TEXT, "head_text": "Ada Kos", "tail_text": "New York"},
        {**TEXT, "e1_name": "Ada Kos", "e2_name": "New York", "e1_start": 0, "e1_end": 7, "e2_start": 17, "e2_end": 25},
        {**TEXT, "h.name": "Ada Kos", "t.name": "New York", "h.id": "Q1", "t.id": "Q2"},
        {**TEXT, "head": "ada kos", "tail": "New_York"},
        {**TEXT, **TOKENS, "head": "Ada Kos", "tail": "New York"},
        {**TOKENS, "head": "Ada Kos", "tail": "New York"},
        {**TOKENS, "head": [0, 2], "tail": [4, 6]},
        {**TOKENS, "h": ["Ada Kos", "Q1", [[0, 1]]], "t": ["New York", "Q2", [[4, 5]]]},
        {"token": TOKENS["tokens"], "h": {"name": "Ada Kos", "pos": [0, 2]}, "t": {"name": "New York", "pos": [4, 6]}},
        {"token": TOKENS["tokens"], "subj_start": 0, "subj_end": 1, "obj_start": 4, "obj_end": 5},
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_head_and_tail_are_found_however_they_are_given(row: dict[str, Any], labelled: bool) -> None:
    (example,), notes = relations([row], labelled=labelled)
    notes.raise_errors()
    assert entities(example) == EXPECTED


@pytest.mark.parametrize(
    ("row", "policy"),
    [
        ({"text": "Ada in Oslo", "head": "Ada", "tail": "Oslo"}, None),
        ({"text": "Ada in Oslo", "head": "ADA", "tail": "oslo"}, "alike"),
        ({"text": "김철수는 서울에 산다", "head": "김철수", "tail": "서울"}, None),
        ({"text": "小明在北京睡觉", "head": "小明", "tail": "北京"}, None),
    ],
)
def test_texts_that_are_found_are_counted(row: dict[str, Any], policy: str | None) -> None:
    (example,), notes = relations([row])
    notes.raise_errors()
    assert [text.casefold() for text in entities(example)[1:]] == [row["head"].casefold(), row["tail"].casefold()]
    found = [finding for finding in notes if finding.kind == kinds.ENTITY_AS_TEXT]
    assert [(finding.policy, finding.count) for finding in found] == [(policy, 1)] * 2


@pytest.mark.parametrize(
    ("text", "head", "tail", "places"),
    [
        ("Ann met Anna in Annaberg", "Ann", "Anna", ((0, 3), (8, 12))),
        ("Bank of Oslo is in Oslo", "Oslo", "Bank of Oslo", ((19, 23), (0, 12))),
        ("the Oslo bank of Oslo", "Oslo bank", "Oslo", ((4, 13), (17, 21))),
    ],
)
def test_of_several_places_the_only_one_that_can_be_meant_is_taken(
    text: str, head: str, tail: str, places: tuple[Any, ...]
) -> None:
    (example,), notes = relations([{"text": text, "head": head, "tail": tail}])
    notes.raise_errors()
    assert (example.head, example.tail) == places


@pytest.mark.parametrize(
    ("text", "head", "tail", "places"),
    [
        ("Oslo, Ada, Oslo", "Ada", "Oslo", ((6, 9), (0, 4))),
        ("Oslo is Oslo", "Oslo", "Oslo", ((0, 4), (8, 12))),
        ("Ada, Ada, Oslo, Oslo", "Ada", "Oslo", ((0, 3), (10, 14))),
    ],
)
def test_a_text_with_several_places_is_refused_or_the_first_is_taken(
    text: str, head: str, tail: str, places: tuple[Any, ...]
) -> None:
    row = {"text": text, "head": head, "tail": tail}
    assert refused(relations([row])[1])[0].kind == kinds.REPEATED_ENTITY
    (example,), notes = relations([row], repeated_entities="first")
    notes.raise_errors()
    assert (example.head, example.tail) == places
    assert {finding.policy for finding in notes if finding.kind == kinds.REPEATED_ENTITY} == {"first"}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"text": "Ada in Oslo", "head": "Eve", "tail": "Oslo"}, kinds.ABSENT_ENTITY),
        ({"text": "Ada in Oslo", "head": "Ada", "tail": "Oslo", "head_start": 4}, kinds.ABSENT_ENTITY),
        ({"text": "Ada in Oslo", "head": "Ada", "tail": ""}, kinds.UNREADABLE_ENTITY),
        ({"text": "Ada in Oslo", "head": 0, "tail": "Oslo"}, kinds.UNREADABLE_ENTITY),
        ({"text": "Ada in Oslo", "head": "Ada", "tail": "Ada in"}, kinds.ENTITIES_OVERLAP),
        ({**TOKENS, "h": ["Ada", "Q", [[0], [2]]], "t": ["York", "Q", [[5]]]}, kinds.UNREADABLE_ENTITY),
        ({"text": EMOJI, "head": {"start": 2, "end": 5, "text": "Bo"}, "tail": [9, 13]}, kinds.SPAN_TEXT_DIFFERS),
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_entities_that_are_not_there_are_refused(row: dict[str, Any], kind: Any, labelled: bool) -> None:
    try:
        found = refused(relations([row], labelled=labelled)[1])
    except DataError as error:
        found = error.findings
    assert [one.kind for one in found] == [kind]


@pytest.mark.parametrize("labelled", [True, False])
def test_own_texts_say_what_offsets_count(labelled: bool) -> None:
    row = {
        "text": EMOJI,
        "head": {"start": 3, "end": 6, "text": "Ada"},
        "tail": {"start": 10, "end": 14, "text": "Oslo"},
    }
    (example,), notes = relations([row], labelled=labelled)
    notes.raise_errors()
    assert entities(example) == (EMOJI, "Ada", "Oslo")
    assert of_kind(notes, kinds.OFFSETS_FOUND).values["what"] == "UTF-16 units"


def test_a_row_of_another_count_does_not_stop_the_prediction_of_others() -> None:
    good = {
        "text": EMOJI,
        "head": {"start": 3, "end": 6, "text": "Ada"},
        "tail": {"start": 10, "end": 14, "text": "Oslo"},
    }
    bad = {**good, "head": {"start": 0, "end": 1, "text": "Ada"}}
    found, notes = relations([good, bad], labelled=False)
    assert [entities(example) for example in found] == [(EMOJI, "Ada", "Oslo")]
    assert [(one.kind, one.places[0].partition(":")[0]) for one in refused(notes)] == [
        (kinds.SPAN_TEXT_DIFFERS, "rows.jsonl")
    ]


def test_tokens_end_as_all_rows_together_say() -> None:
    rows = [
        {"tokens": ["a", "b", "c"], "head": [0, 0], "tail": [1, 2]},
        {"tokens": ["a", "b"], "head": [1, 1], "tail": [0, 0]},
    ]
    found, notes = relations(rows)
    notes.raise_errors()
    assert [entities(example)[1:] for example in found] == [("a", "b c"), ("b", "a")]
    assert of_kind(notes, kinds.TOKEN_SPANS).policy == "single_tokens"


def test_tables_may_have_the_places_in_columns_of_their_own() -> None:
    content = "text,head_start,head_end,tail_start,tail_end,label\nAda in Oslo,0,3,7,11,x\n"
    (example,), notes = relations([row.values for row in read(content, "rows.csv").rows])
    notes.raise_errors()
    assert entities(example) == ("Ada in Oslo", "Ada", "Oslo")


@pytest.mark.parametrize(
    ("rows", "column", "policy"),
    [
        ([{"head": "Ada", "tail": "Oslo", "subject": "in", "object": "Oslo"}], "head", "first"),
        ([{"head": None, "tail": None, "subject": "Ada", "object": "Oslo"}], "subject", "filled"),
        ([{"head": "", "tail": "", "h": "Ada", "t": "Oslo"}], "h", "filled"),
        ([{"head": "x", "subject": "Ada", "object": "Oslo"}], None, None),
        ([{"t": 12.5, "h": 3, "e1": "Ada", "e2": "Oslo"}], "e1", None),
    ],
)
def test_of_two_pairs_of_columns_one_is_chosen_and_said(
    rows: list[Any], column: str | None, policy: str | None
) -> None:
    (example,), notes = relations([{"text": "Ada in Oslo", **row} for row in rows])
    notes.raise_errors()
    assert entities(example) == ("Ada in Oslo", "Ada", "Oslo")
    chosen = [found for found in notes if found.kind == kinds.COLUMN_CHOSEN and found.values["role"] == "head"]
    assert [(found.values["column"], found.policy) for found in chosen] == (
        [] if policy is None else [(column, policy)]
    )


def test_pairs_that_rows_have_in_turn_are_refused() -> None:
    rows = [
        {"text": "Ada in Oslo", "head": "Ada", "tail": "Oslo"},
        {"text": "Bo in Rome", "subject": "Bo", "object": "Rome"},
    ]
    with pytest.raises(DataError) as error:
        relations(rows)
    assert [found.kind for found in error.value.findings] == [kinds.COMPETING_COLUMNS] * 2
