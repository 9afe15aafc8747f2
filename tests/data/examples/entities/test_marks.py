"""Marks around head and tail, of any spelling that says which is which."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, of_kind, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.relations import RelationExample


def relations(rows: list[dict[str, Any]], *, labelled: bool = True, **task: Any) -> tuple[list[RelationExample], Notes]:
    """What the task makes of rows, and what it notes."""
    notes, columns = Notes(), task.pop("columns", {})
    numbered = [Row({"label": "x", **row}, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    return shipped_task("relation", **task).read(numbered, Reading(columns, labelled, notes)), notes


def entities(example: RelationExample) -> tuple[str, str, str]:
    return example.text, example.text[slice(*example.head)], example.text[slice(*example.tail)]


ADA = ("Ada in Oslo", "Ada", "Oslo")
SPELLINGS = {
    "[E1]Ada[/E1] in [E2]Oslo[/E2]": False,
    "[E1] Ada [/E1] in [E2] Oslo [/E2]": False,
    "<E1>Ada</E1> in <E2>Oslo</E2>": False,
    "<e1> Ada <e1> in <e2> Oslo <e2>": False,
    "<e1 type='PER'>Ada</e1> in <e2 type='LOC'>Oslo</e2>": True,
    "<e1:PER>Ada</e1:PER> in <e2:LOC>Oslo</e2:LOC>": True,
    "<e1=PER>Ada</e1> in <e2=LOC>Oslo</e2>": True,
    "<S:PER> Ada </S:PER> in <O:LOC> Oslo </O:LOC>": True,
    "[SUBJ-PER]Ada[/SUBJ-PER] in [OBJ-LOC]Oslo[/OBJ-LOC]": True,
    "<subj>Ada</subj> in <obj>Oslo</obj>": False,
    "<sub>Ada</sub> in <obj>Oslo</obj>": False,
    "<subject>Ada</subject> in <object>Oslo</object>": False,
    "[HEAD]Ada[/HEAD] in [TAIL]Oslo[/TAIL]": False,
    "[HEAD] Ada [HEAD] in [TAIL] Oslo [TAIL]": False,
    "[H]Ada[/H] in [T]Oslo[/T]": False,
    "<ent1>Ada</ent1> in <ent2>Oslo</ent2>": False,
    "<entity_1>Ada</entity_1> in <entity_2>Oslo</entity_2>": False,
    "<arg1>Ada</arg1> in <arg2>Oslo</arg2>": False,
    "<1>Ada</1> in <2>Oslo</2>": False,
    "[E11] Ada [E12] in [E21] Oslo [E22]": False,
    "[E1_START] Ada [E1_END] in [E2_START] Oslo [E2_END]": False,
    "[E1start] Ada [E1end] in [E2start] Oslo [E2end]": False,
    "<e1_begin>Ada<e1_stop> in <e2_begin>Oslo<e2_stop>": False,
    "{{subject}}Ada{{/subject}} in {{object}}Oslo{{/object}}": False,
    "{e1}Ada{/e1} in {e2}Oslo{/e2}": False,
    "&lt;e1&gt;Ada&lt;/e1&gt; in &lt;e2&gt;Oslo&lt;/e2&gt;": False,
    "@ Ada @ in # Oslo #": False,
    "@Ada@ in #Oslo#": False,
    "$ Ada $ in # Oslo #": False,
    "<< Ada >> in [[ Oslo ]]": False,
    "@ * person * Ada @ in # ^ city ^ Oslo #": True,
    "@*person* Ada@ in #^city^ Oslo#": True,
}


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_that_names_head_and_tail_is_read_and_said(text: str, labelled: bool) -> None:
    (example,), notes = relations([{"text": text}], labelled=labelled)
    notes.raise_errors()
    assert entities(example) == ADA
    assert of_kind(notes, kinds.MARKS_FOUND).policy == ("typed" if SPELLINGS[text] else None)


def test_the_head_may_come_second_and_tokens_may_have_marks() -> None:
    (one, two, plain), notes = relations(
        [
            {"text": "In [E2]Oslo[/E2], [E1]Ada[/E1]"},
            {"tokens": ["[E2]", "Oslo", "[/E2]", "has", "[E1]", "Ada", "[/E1]"]},
            {"text": "<e2>Oslo</e2> has <e1>Ada</e1>"},
        ]
    )
    assert [entities(one), entities(two)] == [("In Oslo, Ada", "Ada", "Oslo"), ("Oslo has Ada", "Ada", "Oslo")]
    assert entities(plain) == ("Oslo has Ada", "Ada", "Oslo")
    assert of_kind(notes, kinds.MARKS_FOUND).count == 2


@pytest.mark.parametrize(
    "text",
    [
        "<<Ada>> in <<Oslo>>",
        "$ Ada $ in $ Oslo $",
        "**Ada** in **Oslo**",
        "<PER>Ada</PER> in <LOC>Oslo</LOC>",
        "@GENE$ causes @DISEASE$",
        "{{subject}} works for {{object}}",
        "[X] was born in [Y]",
        "[unused0] Ada [unused1] in [unused2] Oslo [unused3]",
        "[E1]Ada[/E1] in Oslo",
        "[E1]Ada[/E1] and [E1]Bo[/E1] in [E2]Oslo[/E2]",
        "@ Ada in # Oslo #",
        "@bob sees @ada #a #b",
        "@ a @ $ b $ # c #",
        "see [1] and [2]",
    ],
)
def test_what_does_not_say_which_is_the_head_is_refused(text: str) -> None:
    [found] = refused(relations([{"text": text}])[1])
    assert found.kind == kinds.MISSING_ENTITIES


@pytest.mark.parametrize(
    ("text", "head", "tail", "expected"),
    [
        ("<<Ada>> in <<Oslo>>", "<<...>>", "<<...>>", ADA),
        ("<<Ada>> in <<Oslo>>", "<<…>>", "<<…>>", ADA),
        ("$ Ada $ in $ Oslo $", "$...$", "$...$", ADA),
        ("**Ada** in **Oslo**", "**...**", "**...**", ADA),
        ("<PER>Oslo</PER> in <LOC>Ada</LOC>", "LOC", "PER", ("Oslo in Ada", "Ada", "Oslo")),
        ("[unused0] Ada [unused1] in [unused2] Oslo [unused3]", "[unused0]...[unused1]", "[unused2]...[unused3]", ADA),
        ("@GENE$ harms @DRUG$", "@DRUG$", "@GENE$", ("@GENE$ harms @DRUG$", "@DRUG$", "@GENE$")),
        ("@DRUG$ or @DRUG$", "@DRUG$", "@DRUG$", ("@DRUG$ or @DRUG$", "@DRUG$", "@DRUG$")),
        ("{{a}} met {{b}}", "{{a}}", "{{b}}", ("{{a}} met {{b}}", "{{a}}", "{{b}}")),
        ("<<Ada>> in <o>Oslo</o>", "<<...>>", "o", ADA),
    ],
)
def test_the_config_names_any_other_spelling(text: str, head: str, tail: str, expected: tuple[str, ...]) -> None:
    (example,), notes = relations([{"text": text}], head_mark=head, tail_mark=tail)
    notes.raise_errors()
    assert entities(example) == expected
    assert example.head != example.tail


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<<Ada>> in Oslo", kinds.MISSING_MARK),
        ("<<Ada in <<Oslo", kinds.MISSING_MARK),
        ("<<a>> <<b>> <<c>>", kinds.REPEATED_MARK),
        ("a <b> c", kinds.MISSING_ENTITIES),
        ("<<a <<b>> c>>", kinds.ENTITIES_OVERLAP),
    ],
)
def test_spelled_marks_are_checked_like_others(text: str, kind: Any) -> None:
    [found] = refused(relations([{"text": text}], head_mark="<<...>>", tail_mark="<<...>>")[1])
    assert found.kind == kind


def test_signs_beside_columns_and_between_marks_are_signs() -> None:
    (one, two), notes = relations(
        [
            {"text": "@ 5 @ # 7 # Ada in Oslo", "head": [12, 15], "tail": [19, 23]},
            {"text": "<e1>Ada</e1> @ 5 @ # <e2>Oslo</e2> #"},
        ]
    )
    notes.raise_errors()
    assert entities(one) == ("@ 5 @ # 7 # Ada in Oslo", "Ada", "Oslo")
    assert entities(two) == ("Ada @ 5 @ # Oslo #", "Ada", "Oslo")


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"e1": "Oslo", "e2": "Ada"}, False),
        ({"head": "Ada", "tail": "in"}, False),
        ({"head": {"text": "Oslo"}, "tail": {"text": "Ada"}}, False),
        ({"e1": "ada", "e2": "Oslo"}, True),
        ({"e1": "Ada Kos", "e2": "Oslo"}, True),
        ({"subject": "Re: news", "object": None}, True),
        ({"h": 3, "t": 12.5}, True),
    ],
)
def test_columns_beside_marks_are_compared_and_said_not_to_be_read(row: dict[str, Any], read: bool) -> None:
    _, notes = relations([{"text": "<e1>Ada</e1> in <e2>Oslo</e2>", **row}])
    assert of_kind(notes, kinds.MARKS_READ).values["columns"] == [f"'{name}'" for name in row]
    if read:
        notes.raise_errors()
    else:
        [found] = refused(notes)
        assert found.kind == kinds.OTHER_ENTITY


WORD = st.text(st.characters(categories=["L", "N", "So"]), min_size=1, max_size=6)


@given(WORD, WORD, WORD, st.booleans(), st.booleans(), st.sampled_from([("[", "]"), ("<", ">"), ("{{", "}}")]))
@MANY
def test_the_text_is_what_it_was_before_it_was_marked(
    one: str, between: str, other: str, turned: bool, spaced: bool, brackets: tuple[str, str]
) -> None:
    names = ("TAIL", "HEAD") if turned else ("HEAD", "TAIL")
    space, (opening, closing) = " " if spaced else "", brackets
    parts = [
        f"{opening}{name}{closing}{space}{word}{space}{opening}/{name}{closing}"
        for name, word in zip(names, (one, other), strict=True)
    ]
    (example,), notes = relations([{"text": f"{parts[0]} {between}, {parts[1]}."}])
    notes.raise_errors()
    expected = (other, one) if turned else (one, other)
    assert entities(example) == (f"{one} {between}, {other}.", *expected)
