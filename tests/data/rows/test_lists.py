"""Cells that spell lists: every spelling gives the list, and what begins like one and is none is refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, of_kind, refused, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.data.rows.cells import suggestion
from ftk.data.rows.lists import ListFault, list_of, list_or_value

WORDS = ["Rita", "Kos", "sleeps"]


@pytest.mark.parametrize(
    "text",
    [
        '["Rita", "Kos", "sleeps"]',
        "['Rita', 'Kos', 'sleeps']",
        " ['Rita','Kos' , 'sleeps',]\n",
        "['Rita' 'Kos' 'sleeps']",
        "['Rita' 'Kos'\n 'sleeps']",
        "('Rita', 'Kos', 'sleeps')",
        "array(['Rita', 'Kos', 'sleeps'], dtype=object)",
        "array(['Rita', 'Kos', 'sleeps'],\n      dtype='<U6')",
        "np.array(['Rita', 'Kos', 'sleeps'])",
        "[np.str_('Rita'), np.str_('Kos'), np.str_('sleeps')]",
        "list(['Rita', 'Kos', 'sleeps'])",
        "Index(['Rita', 'Kos', 'sleeps'], dtype='object')",
        "<StringArray>\n['Rita', 'Kos', 'sleeps']\nLength: 3, dtype: string",
        'c("Rita", "Kos", "sleeps")',
        "[u'Rita', u'Kos', u'sleeps']",
        '"[\\"Rita\\", \\"Kos\\", \\"sleeps\\"]"',
        "\"['Rita', 'Kos', 'sleeps']\"",
        '\'["Rita", "Kos", "sleeps"]\'',
    ],
)
def test_all_spellings_of_a_list_of_texts(text: str) -> None:
    assert list_of(text) == WORDS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[]", []),
        ("array([], dtype=object)", []),
        ("set()", []),
        ("['it''s']", None),
        ('["it\'s" \'"so"\']', ["it's", '"so"']),
        (r"['a\'b', 'c\\d', 'caf\xe9', '\n']", ["a'b", "c\\d", "café", "\n"]),
        ("['a' 'b', 'c']", None),
        ("[1 2 3]", [1, 2, 3]),
        ("[1. 0. 0.]", [1, 0, 0]),
        ("tensor([1, 0, 1])", [1, 0, 1]),
        ("array([0.5, 1e-3], dtype=float32)", [0.5, 0.001]),
        ("[ True False]", [True, False]),
        ("[np.True_, np.False_]", [True, False]),
        ("[np.int64(4), np.float32(0.5)]", [4, 0.5]),
        ("[None, 'a']", [None, "a"]),
        ("[[0 1]\n [1 0]]", [[0, 1], [1, 0]]),
        ("[list(['a', 'b']) list(['c'])]", [["a", "b"], ["c"]]),
        ("[{'start': 0, 'of': 'A'}\n {'start': 9, 'of': 'B'}]", [{"start": 0, "of": "A"}, {"start": 9, "of": "B"}]),
        ("{'text': array(['Oslo'], dtype=object), 'n': array([17], dtype=int32)}", {"text": ["Oslo"], "n": [17]}),
        ("{'room', 'price'}", ["room", "price"]),
        ("[(0, 8, 'PER')]", [[0, 8, "PER"]]),
        ("{(0, 8, 'PER')}", [[0, 8, "PER"]]),
        ("((0, 8, 'PER'), (9, 10, 'LOC'))", [[0, 8, "PER"], [9, 10, "LOC"]]),
        ("(True, False, None)", [True, False, None]),
        ("(np.int64(1), np.int64(0))", [1, 0]),
        ("dict_keys(['a', 'b'])", ["a", "b"]),
        ("0    a\n1    b\nName: tags, dtype: object", None),
        ("0    a\n     ..\n9    b\nName: tags, Length: 10, dtype: object", None),
        ("[('a')]", ["a"]),
    ],
)  # fmt: skip
def test_other_values_and_what_is_inside(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(ListFault):
            list_of(text)
    else:
        assert list_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "Rita sleeps",
        "(see below)",
        "{x}",
        "(a, b)",
        "c(ab)",
        "set(x) y",
        "'s is",
        "((see below))",
        "{(a)}",
        "(True story)",
        "dtype: object",
    ],
)
def test_texts_that_are_no_lists_stay_texts(text: str) -> None:
    assert list_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[]]",
        "['a'",
        "['a', 'b'] and more",
        "[room, price]",
        "[B-PER, O]",
        "[ Reuters ] Rita sleeps",
        "['don't']",
        "['a' 'b' ... 'y' 'z']",
        "array(['a', 'b'",
        "[‘a’, ‘b’]",
        "['a';'b']",
        "['a',, 'b']",
        "[" * 100_000,
        '["a", "b"',
        "[datetime.date(2020, 1, 1)]",
        "[1-2]",
        '"[sic] he said"',
        "{'a'} {'b'}",
        '["\\ud83d"]',
        "['\\ud83d']",
        '"[\\"\\\\uDC00\\"]"',
    ],
)
def test_what_begins_like_a_list_and_is_none(text: str) -> None:
    with pytest.raises(ListFault):
        list_of(text, braces=True)
    assert list_or_value(text) == text


def test_braces_are_lists_only_where_nothing_else_can_be_meant() -> None:
    assert list_of("{room,price}") == "{room,price}"
    with pytest.raises(ListFault):
        list_of("{room,price}", braces=True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[room, price]", ["room", "price"]),
        ("{room,price}", ["room", "price"]),
        ("[O O B-PER]", ["O", "O", "B-PER"]),
        ("['a", None),
        ("[]", None),
        ("[ Reuters ] Rita", None),
    ],
)
def test_what_may_be_meant_is_a_list(text: str, meant: list[str] | None) -> None:
    found = suggestion(text)
    assert (None if found is None else json.loads(found)) == meant


items = st.text(max_size=8) | st.integers(-1000, 1000) | st.booleans() | st.none()


@MANY
@given(
    st.lists(items | st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=3), items, max_size=2), max_size=6)
)
def test_python_and_json_come_back(value: list[Any]) -> None:
    assert list_of(repr(value)) == value
    assert list_of(json.dumps(value)) == value
    assert list_of(json.dumps(json.dumps(value))) == value
    assert list_of(json.dumps(repr(value))) == value


@MANY
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), min_size=1, max_size=40
    )
)
def test_numpy_comes_back(value: list[str]) -> None:
    import numpy as np

    array = np.array(value, dtype=object)
    assert list_of(str(array)) == value
    assert list_of(repr(array)) == value
    assert list_of(repr([np.str_(item) for item in value])) == value


@MANY
@given(st.text("[]{}()'\"\\,: abO1-.\n", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    for braces in (False, True):
        with suppress(ListFault):
            found = list_of(text, braces=braces)
            assert found == text or isinstance(found, (list, dict))


SPELLED = [
    ({"tokens": "['Rita', 'Kos']", "tags": "['B-PER', 'I-PER']"}, ["B-PER", "I-PER"]),
    ({"tokens": "['Rita' 'Kos']", "tags": "['B-PER' 'I-PER']"}, ["B-PER", "I-PER"]),
    ({"tokens": '"[\\"Rita\\", \\"Kos\\"]"', "tags": "B-PER I-PER"}, ["B-PER", "I-PER"]),
    ({"tokens": ['["Rita", "Kos"]'], "tags": ["['B-PER', 'I-PER']"]}, ["B-PER", "I-PER"]),
    ({"tokens": "Rita Kos", "tags": "B-PER,I-PER"}, ["B-PER", "I-PER"]),
    ({"tokens": "Rita Kos", "tags": "B-PER, I-PER"}, ["B-PER", "I-PER"]),
    ({"tokens": ["Rita", "Kos"], "tags": "B-PER;I-PER;"}, ["B-PER", "I-PER"]),
    ({"tokens": "Rita,Kos", "tags": "B-PER,I-PER"}, ["B-PER", "I-PER"]),
    ({"tokens": "Rita|Kos", "tags": "B-PER|I-PER"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": "[{'start': 0, 'end': 8, 'label': 'PER'}]"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": "[(0, 8, 'PER')]"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": '"[[0, 8, \\"PER\\"]]"'}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": ['{"start": 0, "end": 8, "label": "PER"}']}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "label": "[list([0, 8, 'PER'])]"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": "{(0, 8, 'PER')}"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": "((0, 8, 'PER'),)"}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "spans": {"start": 0, "end": 8, "label": "PER"}}, ["B-PER", "I-PER"]),
    ({"text": "Rita Kos", "entities": "{'PER': [[0, 8]]}"}, ["B-PER", "I-PER"]),
    ({"tokens": [["Rita", "Kos"]], "tags": [["B-PER", "I-PER"]]}, ["B-PER", "I-PER"]),
    ({"tokens": "'Rita', 'Kos'", "tags": "'B-PER', 'I-PER'"}, ["B-PER", "I-PER"]),
    ({"tokens": '"Rita","Kos"', "tags": '"B-PER","I-PER"'}, ["B-PER", "I-PER"]),
]


@pytest.mark.parametrize(("row", "tags"), SPELLED)
def test_tokens_tags_and_spans_are_read_in_every_spelling(row: dict[str, Any], tags: list[str]) -> None:
    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert sentence.tags == tags
    assert sentence.text == "Rita Kos"


def test_signs_between_tags_are_said() -> None:
    _, notes = sentences([{"tokens": "Rita Kos", "tags": "B-PER,O"}, {"tokens": "Oslo", "tags": "B-LOC"}])
    found = of_kind(notes, kinds.PARTED_TAGS)
    assert (found.count, found.values) == (1, {"sign": ","})


@pytest.mark.parametrize(
    ("row", "tags"),
    [
        ({"tokens": "1,000", "tags": "CD"}, ["CD"]),
        ({"tokens": "yes ,", "tags": "NN ,"}, ["NN", ","]),
        ({"tokens": "so", "tags": "Case=Nom|Number=Sing"}, ["Case=Nom|Number=Sing"]),
        ({"tokens": ["a", "b"], "tags": "X|Y=1 Z|Y=2"}, ["X|Y=1", "Z|Y=2"]),
    ],
)
def test_signs_inside_of_tags_stay(row: dict[str, Any], tags: list[str]) -> None:
    (sentence,), notes = sentences([row], units="tokens")
    notes.raise_errors()
    assert sentence.tags == tags


@pytest.mark.parametrize(
    ("row", "role"),
    [
        ({"tokens": "['Rita', 'Kos'", "tags": "B-PER I-PER"}, "tokens"),
        ({"tokens": "[Rita, Kos]", "tags": "B-PER I-PER"}, "tokens"),
        ({"tokens": "Rita Kos", "tags": "[B-PER, I-PER]"}, "tags"),
        ({"tokens": "Rita Kos", "tags": "['B-PER' 'I-PER'"}, "tags"),
        ({"text": "Rita Kos", "spans": "[{'start': 0, 'end': 8, 'label': PER}]"}, "spans"),
        ({"text": "Rita Kos", "label": "[0, 8, PER]"}, "spans"),
        ({"text": "Rita Kos", "spans": '[{"start": 0, "end": 8, "label": "PER"}'}, "spans"),
        ({"text": "Rita Kos", "entities": "[(0, 8, 'PER'), ...]"}, "spans"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(row: dict[str, Any], role: str) -> None:
    found, notes = sentences([row])
    assert found == []
    [fault] = refused(notes)
    assert fault.kind in (kinds.UNREADABLE_LIST, kinds.SHORTENED_LIST)
    assert fault.values["role"] == role
    assert fault.places[0].startswith("rows.jsonl:1: ")


def test_a_list_that_cannot_be_read_is_refused_in_prediction_too_and_said_with_what_may_be_meant() -> None:
    _, notes = sentences([{"tokens": "[Rita, Kos]"}, {"tokens": "['Rita' ... 'Kos']"}], labelled=False)
    unreadable, shortened = refused(notes)
    assert (unreadable.kind, shortened.kind) == (kinds.UNREADABLE_LIST, kinds.SHORTENED_LIST)
    assert unreadable.places == ["""rows.jsonl:1: tokens='[Rita, Kos]'; in JSON: ["Rita", "Kos"]"""]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"text": "Rita Kos", "entities": {"PER": ["Rita Kos"]}}, kinds.SPAN_WITHOUT_OFFSETS),
        ({"text": "Rita Kos", "entities": "{'PER': ['Rita Kos'], 'LOC': []}"}, kinds.SPAN_WITHOUT_OFFSETS),
        ({"text": "Rita Kos", "entities": [["Rita Kos", "PER"]]}, kinds.SPAN_WITHOUT_OFFSETS),
        ({"text": "Rita Kos", "entities": [{"text": "Rita Kos", "label": "PER"}]}, kinds.SPAN_WITHOUT_OFFSETS),
        ({"text": "Rita Kos", "entities": [["PER", 0]]}, kinds.SPAN_UNREADABLE),
        ({"tokens": [["Rita"], ["Kos"]], "tags": "B-PER I-PER"}, kinds.LISTS_IN_LIST),
        ({"tokens": "Rita Kos", "tags": [1, -100]}, kinds.IGNORED_TAG),
        ({"tokens": "Rita Kos", "tags": ["B-PER", "-1"]}, kinds.MISSING_TAG),
        ({"tokens": "Rita Kos", "tags": ["B-PER", "\\N"]}, kinds.MISSING_TAG),
    ],
)
def test_what_is_no_span_and_no_tag_is_refused_by_its_kind(row: dict[str, Any], kind: Any) -> None:
    [found] = refused(sentences([row])[1])
    assert found.kind is kind


def test_labels_that_are_only_copied_do_not_stop_a_prediction() -> None:
    found, notes = sentences([{"tokens": "Rita Kos", "tags": "[B-PER, I-PER]"}], labelled=False)
    notes.raise_errors()
    assert len(found) == 1
    assert counted(notes) == []
