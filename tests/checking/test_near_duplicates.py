"""Near-duplicates: those that brute force finds, in all scripts, within and across splits."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftk.checking.near.duplicates import MOST_COMPARED, near_duplicates
from ftk.checking.near.shingles import DENSE_WIDTH, PARTED, WIDTH, form_of, hashes_of, jaccard, shingles, width_of

LATIN = "abcdefghijklmnopqrstuvwxyz"
HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"


def sentences(number: int, draw: random.Random, letters: str = LATIN) -> list[tuple[str, ...]]:
    """Random sentences; of each three, one is an earlier one with one to three edits."""
    made: list[tuple[str, ...]] = []
    for at in range(number):
        if at % 3 == 2:
            text = draw.choice(made)[0]
            for _ in range(draw.randint(1, 3)):
                place = draw.randrange(len(text))
                text = text[:place] + draw.choice(letters) + text[place + draw.randint(0, 1) :]
        elif letters is HAN:
            text = "".join(draw.choices(letters, k=draw.randint(12, 60)))
        else:
            text = " ".join("".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(draw.randint(5, 20)))
        made.append((text,))
    return made


def parts(row: tuple[str, ...]) -> tuple[int, list[frozenset[str]]]:
    """The width of the shingles of a row, and those of each of its texts."""
    form = form_of(row)
    return width_of(form), [shingles(part, width_of(form)) for part in form.split(PARTED)]


def are_alike(one: tuple[int, list[frozenset[str]]], other: tuple[int, list[frozenset[str]]]) -> bool:
    """By the definition: the Jaccard similarity of all texts of two rows."""
    return one[0] == other[0] and all(jaccard(left, right) >= 0.8 for left, right in zip(one[1], other[1], strict=True))


@pytest.mark.parametrize("letters", [LATIN, HAN], ids=["latin", "han"])
def test_nearly_all_that_brute_force_finds_is_found_and_nothing_else(letters: str) -> None:
    rows = sentences(450, random.Random(1), letters)
    found = near_duplicates({"train": rows[:300], "test": rows[300:]})
    train, test = list(map(parts, rows[:300])), list(map(parts, rows[300:]))
    within = [at for at, row in enumerate(train) if any(are_alike(row, before) for before in train[:at])]
    across = [at for at, row in enumerate(test) if any(are_alike(row, other) for other in train)]
    for wanted, there in ((within, found.within["train"]), (across, found.of_training["test"])):
        assert len(wanted) > 20
        assert set(there.rows) <= set(wanted)
        assert len(there.rows) >= 0.95 * len(wanted)
    near = found.of_training["test"]
    assert all(are_alike(test[row], train[of]) for row, of in zip(near.rows, near.partners, strict=True))


def test_equal_rows_are_left_to_reading_and_rows_that_differ_by_case_are_near() -> None:
    text = "How do I activate the card that came this morning?"
    train = [(text,), (text,), (text.upper(),), ("Nothing of the kind stands in this row at all.",)]
    found = near_duplicates({"train": train, "test": [(text,), (f"{text} Thanks",), ("Ja",), ("",)]})
    assert found.within["train"].rows.tolist() == [2]
    assert found.within["train"].partners.tolist() == [0]
    assert found.of_training["test"].rows.tolist() == [1]
    assert found.within["test"].rows.tolist() == [1]


def test_all_texts_of_a_row_must_be_alike() -> None:
    context = "The river rises in the hills of the north. It flows through four counties, past mills, to the grey sea."
    train = [("Where does the river rise?", context), ("Where does it end after all of that?", context)]
    test = [("Where does the river rise ?", context), ("Where does the river rise?", context[:42])]
    found = near_duplicates({"train": train, "test": test})
    assert found.of_training["test"].rows.tolist() == [0]
    assert not len(found.within["train"].rows)


def test_a_thousand_rows_that_are_all_alike_are_all_found_and_said_to_be_limited() -> None:
    text = "Your parcel {number} will come between nine and twelve; the driver will ring at the door of the house."
    rows = [(text.format(number=number),) for number in range(1000)]
    found = near_duplicates({"train": rows[:900], "test": rows[900:]})
    assert len(found.within["train"].rows) == 899
    assert len(found.of_training["test"].rows) == 100
    assert found.limited
    assert not near_duplicates({"train": rows[: MOST_COMPARED // 2]}).limited


def test_one_split_alone_is_compared_with_itself() -> None:
    found = near_duplicates(
        {"test": [("the same long sentence again and again",)] * 2 + [("the same long sentence again and again!",)]}
    )
    assert found.within["test"].rows.tolist() == [2]
    assert not found.of_training


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=2), min_size=1, max_size=6),
    st.sampled_from((WIDTH, DENSE_WIDTH)),
)
def test_numbers_of_shingles_stand_for_the_shingles_of_each_text(rows: list[list[str]], width: int) -> None:
    forms = [form_of(row) for row in rows]
    hashes = hashes_of(forms, width, np.arange(len(forms)))
    ends = [*hashes.starts.tolist(), len(hashes.values)][1:]
    found = {
        text: set(hashes.values[begin:end].tolist())
        for text, begin, end in zip(hashes.texts.tolist(), hashes.starts.tolist(), ends, strict=True)
    }
    for at, form in enumerate(forms):
        parts = [part for part in form.split(PARTED) if len(part) >= width]
        wanted = frozenset[str]().union(*(shingles(part, width) for part in parts))
        assert len(found.get(at, ())) == len(wanted)
