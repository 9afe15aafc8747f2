"""Signs around two entities, and the window that shows them, whatever the tokenizer makes of the signs."""

import copy
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import word_pieces
from data_helpers import of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import WindowPlan
from ftk.data.text.text_windows import TextEncoder
from ftk.errors import DataError
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.relation.entity_windows import EntityEncoder, shown_parts, signed
from small_models import WORDS, make_tokenizer

pytestmark = pytest.mark.torch

MANY = settings(max_examples=300, deadline=None, derandomize=True)
KINDS = ("wordpiece", "bytes", "unigram")
SIGNS = ("@", "#")
FILLERS = ("hello", "world", "train", "slow", "again")


@cache
def tokenizer(kind: str) -> Any:
    if kind != "wordpiece":
        return make_tokenizer(kind)
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    return learn_tokenizer([" ".join([*WORDS, "@ #"])] * 4, word_pieces(300), max_length=10**9)


def encoded(text, head, tail, *, length=64, kind="wordpiece", signs=SIGNS, tok=None):
    """The window of a text, with its sub-words as texts, and what was noted."""
    tok, notes = tok or tokenizer(kind), Notes()
    encoder = EntityEncoder(TextEncoder(tok, WindowPlan(length, 2), pairs=False), signs, notes)
    [window] = encoder.windows([signed(text, head, tail, signs)], [Row({}, "rows.jsonl", 7)])
    assert len(window.input_ids) <= length
    return window, [tok.decode([i]).strip() for i in window.input_ids], list(notes.drain())


def at(text, part):
    return text.index(part), text.index(part) + len(part)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Ada] went to {Oslo}.", "@ Ada @ went to # Oslo # ."),
        ("{Oslo} by [Ada]", "# Oslo # by @ Ada @"),
        ('"[Ada]"-{Oslo}', '" @ Ada @ "- # Oslo #'),
        ("[a]{b}", "@ a @ # b #"),
        ("x[Ada Berg]y\n{Oslo}\t.", "x @ Ada Berg @ y\n# Oslo #\t."),
    ],
)
def test_signs_stand_free_around_the_entities(text, expected):
    plain = re.sub(r"[\[\]{}]", "", text)
    head, tail = (at(plain, re.search(mark, text)[1]) for mark in (r"\[(.+)\]", r"{(.+)}"))
    made = signed(plain, head, tail, SIGNS)
    assert made.text == expected
    for (opened, begin, end, closed), span, sign in ((made.head, head, "@"), (made.tail, tail, "#")):
        assert made.text[begin:end] == plain[slice(*span)]
        assert made.text[opened:closed] == f"{sign} {plain[slice(*span)]} {sign}"


@pytest.mark.parametrize("signs", [SIGNS, ("Chen", "Dora"), ("[E1]", "[E2]"), ("頭", "尾")])
@pytest.mark.parametrize("kind", KINDS)
def test_places_are_those_of_the_signs_and_of_the_entities(kind, signs):
    text = "hello Ada Berg, went to Lima by train."
    window, pieces, _ = encoded(text, at(text, "Lima"), at(text, "Ada Berg"), kind=kind, signs=signs)
    ids = tokenizer(kind)(signed(text, at(text, "Lima"), at(text, "Ada Berg"), signs).text)["input_ids"]
    assert window.input_ids.tolist() == ids
    for (sign, first, end), entity in ((window.head, "Lima"), (window.tail, "Ada Berg")):
        assert sign < first < end
        assert tokenizer(kind).decode(window.input_ids[first:end]).replace(" ", "") == entity.replace(" ", "")
    if signs == ("Chen", "Dora"):
        assert [pieces[window.head[0]][:1], pieces[window.tail[0]][:1]] == ["C", "D"]


def changed(pattern: str, content: str) -> Any:
    """A tokenizer that puts something in the place of a pattern before anything else."""
    from tokenizers import normalizers

    tok = copy.deepcopy(tokenizer("wordpiece"))
    own = tok.backend_tokenizer.normalizer
    first = normalizers.Replace(pattern, content)
    tok.backend_tokenizer.normalizer = normalizers.Sequence([first, own]) if own is not None else first
    return tok


def test_a_sign_that_the_tokenizer_drops_or_glues_gives_way_to_the_entity():
    text = "hello Ada went to Oslo ."
    for tok in (changed("@", ""), changed("@ ", "went")):
        window, pieces, _ = encoded(text, at(text, "Ada"), at(text, "Oslo"), tok=tok)
        sign, first, _ = window.head
        assert "@" not in pieces[: window.tail[0]]
        assert sign in (first - 1, first)
        assert (pieces[sign][:1] == "w") if "went" in pieces[sign] else pieces[sign][:1] == "A"
        assert pieces[window.tail[0]] == "#"


def test_an_entity_of_which_the_tokenizer_leaves_nothing_is_its_sign():
    window, pieces, _ = encoded("hello Ada went to Oslo .", (6, 9), (18, 22), tok=changed("Ada", ""))
    assert pieces[window.head[0]] == "@"
    assert window.head[1:] == (window.head[0], window.head[0] + 1)


def long_text(before: int, between: int, after: int) -> tuple[str, tuple[int, int], tuple[int, int]]:
    """Ada and Oslo with so many words before, between and after them."""
    parts = [" ".join(FILLERS[i % 5] for i in range(number)) for number in (before, between, after)]
    text = f"{parts[0]} Ada {parts[1]} Oslo {parts[2]}"
    return text, at(text, "Ada"), at(text, "Oslo")


def test_one_window_around_both_entities_where_they_fit():
    text, head, tail = long_text(60, 3, 60)
    window, pieces, notes = encoded(text, head, tail, length=32)
    assert len(window.input_ids) == 32
    left, right = window.head[0] - 1, 31 - 1 - window.tail[2]
    assert abs(left - right) <= 2
    long = of_kind(notes, kinds.LONG_ROW)
    assert (long.count, long.policy, long.values) == (1, "around_entities", {"length": 32})
    total = len(tokenizer("wordpiece")(signed(text, head, tail, SIGNS).text)["input_ids"])
    assert of_kind(notes, task_kinds.TOKENS_LEFT_OUT).count == total - 32
    assert [pieces[window.head[0]], pieces[window.tail[0]]] == ["@", "#"]


def test_the_middle_between_entities_far_apart_is_left_out_and_reported():
    text, head, tail = long_text(9, 80, 9)
    window, pieces, notes = encoded(text, head, tail, length=32)
    assert [pieces[window.head[0]], pieces[window.tail[0]]] == ["@", "#"]
    apart = of_kind(notes, task_kinds.ENTITIES_APART)
    assert (apart.count, apart.values, apart.places) == (1, {"length": 32}, ["rows.jsonl:7"])
    assert len(window.input_ids) == 32
    for sign, _, end in (window.head, window.tail):  # context on both sides of each
        assert sign > 1
        assert end < 31


def test_of_an_entity_that_is_too_long_the_beginning_is_read_and_reported():
    text = "Ada " + "again " * 100 + ". Oslo went"
    head, tail = (0, text.index(".")), at(text, "Oslo")
    window, pieces, notes = encoded(text, head, tail, length=24)
    assert [pieces[window.head[0]], pieces[window.head[1]], pieces[window.tail[0]]] == ["@", "Ada", "#"]
    assert pieces[window.tail[1] : window.tail[2]] == ["Oslo"]
    assert set(pieces[window.head[1] + 1 : window.head[2]]) == {"again"}
    assert of_kind(notes, task_kinds.ENTITY_CUT).places == ["rows.jsonl:7"]


def test_a_short_row_is_shown_whole_and_nothing_is_reported():
    text, head, tail = long_text(2, 2, 2)
    assert encoded(text, head, tail)[2] == []


def test_windows_too_short_for_two_entities_are_refused():
    encoder = TextEncoder(tokenizer("wordpiece"), WindowPlan(5, 0), pairs=False)
    with pytest.raises(DataError, match="two entities and their signs need more"):
        EntityEncoder(encoder, SIGNS, Notes())


def test_signs_that_the_tokenizer_does_not_know_are_reported():
    row = ("hello Ada went to Oslo .", (6, 9), (18, 22))
    assert encoded(*row)[2] == []
    for others, sign, read in (({"signs": ("頭", "#")}, "頭", "[UNK]"), ({"tok": changed("@", "")}, "@", "nothing")):
        [unknown] = encoded(*row, **others)[2]
        assert (unknown.kind, unknown.values) == (task_kinds.UNKNOWN_SIGN, {"sign": sign, "read": read})


@MANY
@given(
    capacity=st.integers(4, 40),
    sizes=st.tuples(*[st.integers(0, 60)] * 5).filter(lambda sizes: sizes[1] and sizes[3]),
)
def test_what_is_shown_fits_and_shows_both_entities(capacity, sizes):
    before, one, between, other, _ = sizes
    total = sum(sizes)
    left, right = (before, before + one), (before + one + between, before + one + between + other)
    parts = shown_parts(total, left, right, capacity)
    shown = {i for begin, end in parts for i in range(begin, end)}
    assert len(shown) == sum(end - begin for begin, end in parts) <= capacity
    assert shown <= set(range(total))
    assert {left[0], right[0]} <= shown
    if total <= capacity:
        assert shown == set(range(total))
    elif right[1] - left[0] <= capacity:
        assert parts == [(min(shown), max(shown) + 1)]
        assert len(shown) == capacity
        assert set(range(left[0], right[1])) <= shown
        sides = left[0] - min(shown), max(shown) + 1 - right[1]
        assert abs(sides[0] - sides[1]) <= 1 or min(shown) == 0 or max(shown) + 1 == total
    else:
        fit = one + other <= capacity
        assert {i for span in (left, right) for i in range(*span)} <= shown or not fit
