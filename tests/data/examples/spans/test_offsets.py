"""What offsets count, found by the texts of spans and by words; and spans that the tags cannot have."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, of_kind, refused, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.data.text.words import Words, split_words
from ftk.errors import DataError

WORDS = ["Ada", "Oslo", "💩", "小明", "né", "😀😀", "𝔘lm", "и", "\r\n", "\n", "Kos"]


def width(text: str, unit: str, breaks: str) -> int:
    """The length of a text as another program counts it."""
    if breaks == "one":
        text = text.replace("\r\n", "\n")
    elif breaks == "two":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return {"characters": len(text), "utf16": len(text.encode("utf-16-le")) // 2, "bytes": len(text.encode())}[unit]


def as_counted(text: str, start: int, end: int, unit: str, breaks: str, to_last: bool, origin: int) -> tuple[int, int]:
    begin, stop = width(text[:start], unit, breaks), width(text[:end], unit, breaks)
    return begin + origin, stop + origin - to_last


COUNTINGS = list(product(("characters", "utf16", "bytes"), ("as is", "one", "two"), (False, True), (0, 1)))


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=1, max_size=6), st.data())
@MANY
def test_spans_with_their_own_texts_are_found_in_any_counting(texts: list[list[str]], data: st.DataObject) -> None:
    unit, breaks, to_last, origin = data.draw(st.sampled_from(COUNTINGS))
    rows, expected = [], []
    for words in texts:
        text = " ".join(words)
        starts, ends = split_words(text, Words.fine)
        spans, gold, word = [], [], 0
        while word < len(starts):
            length = data.draw(st.integers(0, min(3, len(starts) - word)))
            if length:
                start, end = starts[word], ends[word + length - 1]
                begin, stop = as_counted(text, start, end, unit, breaks, to_last, origin)
                spans.append({"start": begin, "end": stop, "label": "X", "text": text[start:end]})
                gold.append({"label": "X", "start": start, "end": end, "text": text[start:end]})
            word += max(1, length)
        rows.append({"text": text, "spans": spans})
        expected.append(gold)
    found, notes = sentences(rows)
    notes.raise_errors()
    # Two countings that fit all texts may place a repeated text differently; what is marked is the same.
    read = [[(one["label"], one["text"]) for one in sentence.gold] for sentence in found]
    assert read == [[(one["label"], one["text"]) for one in gold] for gold in expected]


EMOJI = {"text": "💩 Rita Kos sleeps in Oslo.", "spans": [[3, 11, "PER"], [22, 26, "LOC"]]}


@pytest.mark.parametrize(
    ("text", "spans", "marked"),
    [
        (EMOJI["text"], EMOJI["spans"], ["Rita Kos", "Oslo"]),
        ("😀😀 Ada naps", [[5, 8, "PER"]], ["Ada"]),
        ("Ada 👍🏽 met Oslo", [[0, 3, "PER"], [13, 17, "LOC"]], ["Ada", "Oslo"]),
        ("né à Oslo", [[7, 11, "LOC"]], ["Oslo"]),
        ("Zoë naps in Köln now", [[0, 4, "PER"], [13, 18, "LOC"]], ["Zoë", "Köln"]),
        ("one\r\ntwo Ada", [[8, 11, "PER"]], ["Ada"]),
        ("one\r\ntwo\r\nAda naps", [[8, 11, "PER"]], ["Ada"]),
        ("one\ntwo Ada", [[9, 12, "PER"]], ["Ada"]),
        ("one\ntwo\nAda naps", [[10, 13, "PER"]], ["Ada"]),
        ("𝔘 Ada naps", [[3, 6, "PER"]], ["Ada"]),
        ("Ada naps 💩", [[0, 3, "PER"]], ["Ada"]),
    ],
)
def test_without_own_texts_the_borders_of_words_tell(text: str, spans: list[Any], marked: list[str]) -> None:
    (sentence,), notes = sentences([{"text": text, "spans": spans}])
    notes.raise_errors()
    assert [one["text"] for one in sentence.gold] == marked


@pytest.mark.parametrize("policy", ["error", "expand", "drop"])
def test_no_policy_keeps_the_offsets_from_being_understood(policy: str) -> None:
    (sentence,), notes = sentences([EMOJI], misaligned_spans=policy)
    notes.raise_errors()
    assert [one["text"] for one in sentence.gold] == ["Rita Kos", "Oslo"]
    assert of_kind(notes, kinds.OFFSETS_FOUND).policy == "borders"


def test_offsets_that_nothing_explains_are_refused_with_both_texts() -> None:
    row = {"text": "Rita Kos sleeps in Oslo.", "spans": [{"start": 9, "end": 15, "label": "PER", "text": "Rita Kos"}]}
    with pytest.raises(DataError) as error:
        sentences([row])
    [found] = error.value.findings
    assert found.kind == kinds.SPAN_TEXT_DIFFERS
    assert found.places == ["rows.jsonl:1: PER 9-15 is 'sleeps', and its text 'Rita Kos'"]
    (sentence,), notes = sentences([row], offsets="characters")
    notes.raise_errors()
    assert sentence.tags == ["O", "O", "B-PER", "O", "O", "O"]
    assert of_kind(notes, kinds.SPAN_TEXT_IGNORED).count == 1


def test_one_wrong_span_among_right_ones_is_refused() -> None:
    right = {"text": "😀 Ada naps", "spans": [{"start": 3, "end": 6, "label": "PER", "text": "Ada"}]}
    wrong = {"text": "😀 Ada naps", "spans": [{"start": 2, "end": 5, "label": "PER", "text": "Ada"}]}
    with pytest.raises(DataError) as error:
        sentences([right, right, wrong])
    [found] = error.value.findings
    assert (found.kind, found.places) == (
        kinds.SPAN_TEXT_DIFFERS,
        ["rows.jsonl:3: PER 2-5 is ' Ad', and its text 'Ada'"],
    )


@pytest.mark.parametrize("text", ["ADA  B", "Ada\tB", "ada b", "Adá B", "##ada b"])
def test_the_own_text_may_be_normalised(text: str) -> None:
    (sentence,), notes = sentences(
        [{"text": "Ada B naps", "spans": [{"start": 0, "end": 5, "label": "P", "text": text}]}]
    )
    notes.raise_errors()
    assert sentence.tags == ["B-P", "I-P", "O"]


@pytest.mark.parametrize(("offsets", "marked"), [("characters", "ita"), ("utf16", "Rit"), ("bytes", "Ri")])
def test_the_config_can_say_what_offsets_count(offsets: str, marked: str) -> None:
    row = {"text": "💩 Rita", "spans": [[3, {"bytes": 7}.get(offsets, 6), "PER"]]}
    row["spans"][0][0] = {"bytes": 5}.get(offsets, 3)
    (sentence,), _ = sentences([row], offsets=offsets, misaligned_spans="expand")
    assert sentence.gold[0]["text"] == marked


def test_a_shift_of_all_spans_is_no_reason_to_widen_them() -> None:
    rows = [{"text": "Ada Berg went to Oslo", "spans": [[1, 4, "PER"], [18, 21, "LOC"]]} for _ in range(4)]
    _, notes = sentences(rows)
    [found] = refused(notes)
    assert (found.kind, found.count, found.values["spans"]) == (kinds.SPANS_SHIFTED, 8, 8)
    _, notes = sentences(rows, misaligned_spans="expand")
    notes.raise_errors()
    assert of_kind(notes, kinds.SPANS_SHIFTED).severity == "warning"


def test_ends_that_may_be_inclusive_are_said() -> None:
    rows = [{"text": "Ada Berg went to Oslo", "spans": [[0, 7, "PER"], [17, 20, "LOC"]]} for _ in range(4)]
    _, notes = sentences(rows)
    [found] = refused(notes)
    assert (found.kind, found.count) == (kinds.SPANS_SHORT, 8)


def test_spans_after_emoji_that_nothing_confirms_are_counted() -> None:
    (sentence,), notes = sentences([{"text": "😀 小明在北京", "spans": [[2, 4, "PER"]]}])
    assert sentence.gold[0]["text"] == "小明"
    assert of_kind(notes, kinds.OFFSETS_UNCHECKED).count == 1
    confirmed = {"text": "😀 Ada naps", "spans": [[2, 5, "PER"]]}
    _, notes = sentences([{"text": "😀 小明在北京", "spans": [[2, 4, "PER"]]}, confirmed])
    assert list(notes) == []
    _, notes = sentences([{"text": "😀 小明在北京", "spans": [[2, 4, "PER"]]}], offsets="characters")
    assert list(notes) == []


def test_a_span_that_is_there_twice_is_missed_once_at_most() -> None:
    row = {"text": "Ada naps", "spans": [[0, 3, "PER"], [0, 3, "PER"]]}
    (sentence,), _ = sentences([row], overlapping_spans="longest")
    assert (sentence.tags, sentence.unmarked, sentence.overlapped) == (["B-PER", "O"], (), ())


def test_a_span_of_tokens_with_another_text_is_refused() -> None:
    row = {"tokens": TOKENS, "entities": [{"start": 2, "end": 3, "label": "P", "text": "Rita Kos"}]}
    _, notes = sentences([row])
    assert [found.kind for found in refused(notes)] == [kinds.TOKEN_TEXT_DIFFERS]
    _, notes = sentences([row], offsets="characters")
    notes.raise_errors()


def test_names_with_particles_are_no_shift() -> None:
    rows = [{"text": "김철수는 서울에 갔다", "spans": [[0, 3, "PER"], [5, 7, "LOC"]]} for _ in range(4)]
    _, notes = sentences(rows)
    assert [found.kind for found in refused(notes)] == [kinds.SPAN_INSIDE_WORD]


@pytest.mark.parametrize(
    ("row", "fields", "unmarked", "overlapped", "widened"),
    [
        ({"text": "Berger naps", "spans": [[0, 4, "PER"]]}, {"misaligned_spans": "drop"}, ("PER",), (), ()),
        ({"text": "Berger naps", "spans": [[0, 4, "P"]]}, {"misaligned_spans": "expand"}, ("P",), (), (("P", 0, 1),)),
        ({"text": "a  b", "spans": [[1, 3, "X"]]}, {"misaligned_spans": "drop"}, ("X",), (), ()),
        ({"text": "Berger naps", "spans": [[0, 4, "P"], [0, 4, "P"]]}, {"misaligned_spans": "drop"}, ("P",), (), ()),
        (
            {"text": "Bank of Oslo", "spans": [[8, 12, "L"], [0, 12, "O2"]]},
            {"overlapping_spans": "longest"},
            (),
            (("L", 2, 3),),
            (),
        ),
        ({"text": "Oslo naps", "spans": [[0, 4, "L"]]}, {}, (), (), ()),
    ],
)
def test_spans_that_the_tags_do_not_have_are_kept_for_the_score(
    row: dict[str, Any],
    fields: dict[str, Any],
    unmarked: tuple[str, ...],
    overlapped: tuple[Any, ...],
    widened: tuple[Any, ...],
) -> None:
    (sentence,), notes = sentences([row], **fields)
    notes.raise_errors()
    assert (sentence.unmarked, sentence.overlapped, sentence.widened) == (unmarked, overlapped, widened)


TOKENS = ["Rita", "Kos", "met", "Ada", "in", "Oslo"]
OF_TOKENS = ["B-P", "I-P", "O", "B-P", "O", "B-L"]


@pytest.mark.parametrize(
    ("spans", "found_by"),
    [
        ([{"start": 0, "end": 2, "type": "P"}, {"start": 3, "end": 4, "type": "P"}, [5, 6, "L"]], "last_token"),
        ([{"start": 0, "end": 1, "type": "P"}, {"start": 3, "end": 3, "type": "P"}, [5, 5, "L"]], "single_tokens"),
        ([{"start": 0, "last": 1, "type": "P"}, [3, 3, "P"], [5, 5, "L"]], "single_tokens"),
    ],
)
def test_spans_of_tokens(spans: list[Any], found_by: str) -> None:
    (sentence,), notes = sentences([{"tokens": TOKENS, "entities": spans}])
    notes.raise_errors()
    assert sentence.tags == sentence.gold == OF_TOKENS
    assert of_kind(notes, kinds.TOKEN_SPANS).policy == found_by


@pytest.mark.parametrize(("end", "text"), [(2, "Rita Kos"), (1, "Rita Kos"), (2, "RitaKos")])
def test_the_text_of_a_span_of_tokens_says_where_it_ends(end: int, text: str) -> None:
    row = {"tokens": TOKENS, "entities": [{"start": 0, "end": end, "label": "P", "text": text}]}
    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert sentence.tags == ["B-P", "I-P", "O", "O", "O", "O"]


def test_spans_of_tokens_that_end_in_both_ways_are_refused() -> None:
    _, notes = sentences([{"tokens": TOKENS, "entities": [[3, 3, "P"], [5, 6, "L"]]}])
    assert counted(refused(notes))[0][:3] == (kinds.TOKEN_ENDS_DIFFER, None, 1)
