"""Rows to sentences: any columns, each policy, and every fault at once with file, line and count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, data_config, ner_task, refused, sentences
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.data.examples.tags import entities
from ftk.data.readers.one_file import read_file
from ftk.errors import DataError

TEXT = "Ada went to Oslo."
SPANS = [{"start": 0, "end": 3, "label": "PER"}, {"start": 12, "end": 16, "label": "LOC"}]
TAGS = ["B-PER", "O", "O", "B-LOC", "O"]
WORDS = ["Ada", "went", "to", "Oslo", "."]


@pytest.mark.parametrize(
    "row",
    [
        {"text": TEXT, "spans": SPANS},
        {"sentence": TEXT, "entities": [[0, 3, "PER"], [12, 16, "LOC"]]},
        {"text": TEXT, "label": [(12, 16, "LOC"), (0, 3, "PER")]},
        {"text": TEXT, "labels": [{"start": 0, "end": 4, "type": "PER"}, {"start": 11, "end": 16, "type": "LOC"}]},
        {"text": TEXT, "spans": '[{"start": 0, "end": 3, "label": "PER"}, [12, 16, "LOC"]]'},
        {"text": TEXT, "tokens": ["something", "else"], "spans": SPANS},
        {"tokens": WORDS, "tags": TAGS},
        {"words": WORDS, "ner_tags": TAGS, "text": "shown beside"},
        {"tokens": WORDS, "labels": TAGS},
        {"tokens": " ".join(WORDS), "tags": " ".join(TAGS)},
        {"tokens": '["Ada", "went", "to", "Oslo", "."]', "ner": '["PER", "O", "O", "LOC", "O"]'},
    ],
)
def test_the_usual_columns_are_found(row: dict[str, Any]) -> None:
    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert sentence.tags == TAGS
    assert [sentence.text[a:b] for a, b in zip(sentence.starts, sentence.ends, strict=True)] == WORDS
    assert sentence.tokens == (WORDS if ("tokens" in row and "spans" not in row) or "words" in row else None)


def test_columns_are_named_in_the_config_and_the_others_are_kept() -> None:
    row = {"id": 7, "body": TEXT, "marks": SPANS, "text": "not this"}
    (sentence,), notes = sentences([row], columns={"text": "body", "spans": "marks"})
    notes.raise_errors()
    assert (sentence.text, sentence.tags) == (TEXT, TAGS)
    assert sentence.columns == {"id": 7, "text": "not this"}
    assert sentence.gold == [{**span, "text": text} for span, text in zip(SPANS, ("Ada", "Oslo"), strict=True)]


def test_a_row_of_tokens_is_kept_whole_with_offsets_in_the_joined_text() -> None:
    tokens = ["", "New York", "\u200b", " ", "x"]
    (sentence,), _ = sentences([{"tokens": tokens, "tags": ["O", "B-LOC", "O", "O", "O"], "n": None}])
    assert sentence.tokens == tokens
    assert sentence.text == " ".join(tokens)
    assert [sentence.text[a:b] for a, b in zip(sentence.starts, sentence.ends, strict=True)] == tokens
    assert sentence.gold == ["O", "B-LOC", "O", "O", "O"]
    assert sentence.columns == {"n": None}


@pytest.mark.parametrize(
    ("row", "gold"),
    [
        ({"text": TEXT}, None),
        ({"text": TEXT, "spans": SPANS}, [{**SPANS[0], "text": "Ada"}, {**SPANS[1], "text": "Oslo"}]),
        ({"text": TEXT, "spans": "[[0,"}, "[[0,"),
        ({"tokens": WORDS}, None),
    ],
)
def test_unlabelled_rows_need_no_labels_and_keep_those_they_have(row: dict[str, Any], gold: Any) -> None:
    (sentence,), notes = sentences([row], labelled=False)
    notes.raise_errors()
    assert sentence.tags is None
    assert sentence.gold == gold


def test_columns_named_for_labels_need_not_be_there_in_prediction() -> None:
    named = {"tags": "marks", "spans": "marks"}
    (sentence,), notes = sentences([{"text": TEXT}], labelled=False, columns=named)
    notes.raise_errors()
    assert sentence.text == TEXT


INSIDE = {"text": "Ada Lovelace's", "spans": [[4, 8, "PER"]]}


@pytest.mark.parametrize(("policy", "tags"), [("expand", ["O", "B-PER", "O"]), ("drop", ["O", "O", "O"])])
def test_a_span_inside_a_word(policy: str, tags: list[str]) -> None:
    (sentence,), notes = sentences([INSIDE], misaligned_spans=policy, words="coarse")
    notes.raise_errors()
    assert sentence.tags == tags
    assert counted(notes) == [(kinds.SPAN_INSIDE_WORD, policy, 1, ["rows.jsonl:1: PER 4-8 'Love'"])]


def test_a_span_inside_a_word_is_an_error_unless_set_otherwise() -> None:
    _, notes = sentences([INSIDE], words="coarse")
    [found] = refused(notes)
    assert (found.kind, found.places) == (kinds.SPAN_INSIDE_WORD, ["rows.jsonl:1: PER 4-8 'Love'"])


@pytest.mark.parametrize(("policy", "fails"), [("error", True), ("expand", True), ("drop", False)])
def test_a_span_without_a_word(policy: str, fails: bool) -> None:
    (sentence,), notes = sentences([{"text": "a  b", "spans": [[1, 3, "PER"]]}], misaligned_spans=policy)
    assert sentence.tags == ["O", "O"]
    if fails:
        [found] = refused(notes)
    else:
        notes.raise_errors()
        [found] = notes
        assert found.policy == "drop"
    assert (found.kind, found.count, found.places) == (kinds.SPAN_WITHOUT_WORD, 1, ["rows.jsonl:1: PER 1-3 '  '"])


OVERLAPPING = {"text": "Bank of Oslo", "spans": [[8, 12, "LOC"], [0, 12, "ORG"]]}


def test_overlapping_spans() -> None:
    _, notes = sentences([OVERLAPPING])
    [found] = refused(notes)
    assert (found.kind, found.places) == (kinds.SPANS_OVERLAP, ["rows.jsonl:1: LOC 8-12"])
    (sentence,), notes = sentences([OVERLAPPING], overlapping_spans="longest")
    notes.raise_errors()
    assert sentence.tags == ["B-ORG", "I-ORG", "I-ORG"]
    assert counted(notes) == [(kinds.SPANS_OVERLAP, "longest", 1, ["rows.jsonl:1: LOC 8-12"])]


def test_a_span_that_is_there_twice() -> None:
    row = {"text": "Bank of Oslo", "spans": [[8, 12, "LOC"], [8, 12, "LOC"]]}
    [found] = refused(sentences([row])[1])
    assert (found.kind, found.count) == (kinds.SPAN_TWICE, 1)
    (sentence,), notes = sentences([row], overlapping_spans="longest")
    assert sentence.tags == ["O", "O", "B-LOC"]
    assert counted(notes) == [(kinds.SPAN_TWICE, "longest", 1, ["rows.jsonl:1: LOC 8-12"])]


def test_neighbours_of_one_type_stay_two_entities() -> None:
    (sentence,), _ = sentences([{"text": "Ada Berg", "spans": [[0, 3, "PER"], [4, 8, "PER"]]}])
    assert sentence.tags == ["B-PER", "B-PER"]


@pytest.mark.parametrize(
    ("row", "kind", "place"),
    [
        ({"id": 1}, kinds.MISSING_TEXT_OR_TOKENS, " has id"),
        ({"tokens": ["a"]}, kinds.MISSING, " has tokens"),
        ({"text": "a"}, kinds.MISSING, " has text"),
        ({"text": "a", "label": "positive"}, kinds.MISSING, " has text, label"),
        ({"tokens": ["a", "b"], "tags": ["O"]}, kinds.UNEQUAL_TAGS, ": 2 tokens, 1 tags"),
        ({"tokens": ["a"], "tags": ["-X"]}, kinds.UNKNOWN_TAG, " (token 1): '-X' for the token 'a'"),
        ({"tokens": ["a"], "tags": [3]}, kinds.NOT_STRINGS, ": tag 1 is 3"),
        ({"tokens": ["a", None], "tags": ["O", "O"]}, kinds.NOT_STRINGS, ": token 2 is None"),
        ({"tokens": 5, "tags": ["O"]}, kinds.NOT_A_LIST, ": tokens=5"),
        ({"text": None, "spans": []}, kinds.NOT_A_STRING, ": text=None"),
        ({"text": "ab", "spans": [[0, 3, "X"]]}, kinds.SPAN_OUTSIDE, ": 0-3 in a text of 2 characters"),
        ({"text": "ab", "spans": [[-1, 1, "X"]]}, kinds.SPAN_OUTSIDE, ": -1-1 in a text of 2 characters"),
        ({"text": "ab", "spans": [[1, 1, "X"]]}, kinds.SPAN_EMPTY, ": 1-1 in a text of 2 characters"),
        ({"text": "ab", "spans": [[2, 1, "X"]]}, kinds.SPAN_EMPTY, ": 2-1 in a text of 2 characters"),
        ({"text": "ab", "spans": [[0, 1]]}, kinds.SPAN_UNREADABLE, ": [0, 1]"),
        (
            {"text": "ab", "spans": [{"start": 0, "end": True, "label": "X"}]},
            kinds.SPAN_UNREADABLE,
            ": {'start': 0, 'end': True, 'label': 'X'}",
        ),
        (
            {"text": "ab", "spans": [{"start": 0, "end": 1, "label": " "}]},
            kinds.SPAN_UNREADABLE,
            ": {'start': 0, 'end': 1, 'label': ' '}",
        ),
        (
            {"text": "ab", "spans": [{"start": 0, "end": 1, "label": 4}]},
            kinds.SPAN_NUMBERED,
            ": {'start': 0, 'end': 1, 'label': 4}",
        ),
    ],
)
def test_faults_of_rows(row: dict[str, Any], kind: FindingKind, place: str) -> None:
    found, notes = sentences([row])
    assert found == []
    assert counted(refused(notes)) == [(kind, None, 1, [f"rows.jsonl:1{place}"])]


def test_a_column_that_is_named_and_not_there() -> None:
    for labelled in (True, False):
        _, notes = sentences([{"text": "a", "spans": []}], columns={"text": "body"}, labelled=labelled)
        [found] = refused(notes)
        assert (found.kind, found.places) == (kinds.MISSING_COLUMN, ["rows.jsonl:1 has text, spans"])
        assert (found.values["column"], found.values["role"]) == ("body", "text")


def test_all_faults_come_in_one_message_with_counts_and_first_places() -> None:
    unequal = {"tokens": ["a", "b"], "tags": ["O"]}
    good = {"tokens": ["a"], "tags": ["O"]}
    outside = {"text": "ab", "spans": [[0, 9, "X"]]}
    found, notes = sentences([unequal, good, outside, *[unequal] * 7])
    assert len(found) == 1
    with pytest.raises(DataError) as caught:
        notes.raise_errors()
    first, second = str(caught.value).split("\n1 row with a span outside")
    assert first.startswith("8 rows with tokens and tags of unequal length.")
    assert [f"rows.jsonl:{line}: " in first for line in range(1, 9)] == [True, False, False, *[True] * 4, False]
    assert first.endswith("… and 3 more")
    assert "rows.jsonl:3: 0-9" in second


def test_faults_in_columned_files_name_the_line_of_the_token() -> None:
    with open("train.conll", "w", encoding="utf-8") as stream:
        stream.write("# one\na\tO\n\nb\tB-X\nc\tO\nd\t-\n")
    config, notes = data_config(), Notes()
    rows = list(read_file("train.conll", Format.auto, config, notes, labelled=True))
    ner_task().read(rows, Reading(config.columns, True, notes))
    with pytest.raises(DataError, match=r"train\.conll:6: '-' for the token 'd'"):
        notes.raise_errors()


@given(st.text(st.sampled_from("abA.'-, 中"), max_size=20), st.data())
@MANY
def test_spans_at_the_ends_of_words_come_back_from_the_tags(text: str, data: st.DataObject) -> None:
    (plain,), _ = sentences([{"text": text}], labelled=False)
    spans, word = [], 0
    while word < len(plain.starts):
        length = data.draw(st.integers(0, len(plain.starts) - word))
        if length:
            label = data.draw(st.sampled_from(["A", "B"]))
            spans.append([plain.starts[word], plain.ends[word + length - 1], label])
        word += max(1, length)
    (sentence,), notes = sentences([{"text": text, "spans": spans}])
    notes.raise_errors()
    assert sentence.tags is not None
    found = [[sentence.starts[a], sentence.ends[b - 1], kind] for kind, a, b in entities(sentence.tags)]
    assert found == spans


BOTH = {"tokens": WORDS, "tags": ["NNP", "VBD", "TO", "NNP", "."], "ner_tags": TAGS}


@pytest.mark.parametrize(
    ("row", "taken"),
    [
        (BOTH, "ner_tags"),
        ({**BOTH, "tags": ["O"] * 5}, "ner_tags"),
        ({**BOTH, "tags": ["B-NP", "B-VP", "B-PP", "B-NP", "O"]}, "ner_tags"),
        ({"tokens": WORDS, "tags": TAGS, "labels": TAGS}, "labels"),
        ({**BOTH, "tags": ["B-PER", "I-PER", "I-PER", "I-PER", "O"]}, "tags"),
        ({"words": WORDS, "labels": ["a"], "ner": TAGS}, "ner"),
    ],
)
def test_of_several_columns_of_tags_one_is_taken_for_a_reason(row: dict[str, Any], taken: str) -> None:
    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert sentence.gold == row[taken]


def test_columns_of_tags_without_a_reason_are_refused() -> None:
    row = {"tokens": WORDS, "tags": TAGS, "ner_tags": ["B-ORG", "O", "O", "B-LOC", "O"]}
    with pytest.raises(DataError, match=r"data\.columns\.tags=tags or data\.columns\.tags=ner_tags"):
        sentences([row])
    (sentence,), _ = sentences([row], columns={"tags": "ner_tags"})
    assert sentence.gold == row["ner_tags"]
