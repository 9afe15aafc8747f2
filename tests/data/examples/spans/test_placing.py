"""Character spans on words: aligned to the words that they cover, and reported if they do not fit."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.data.examples.spans.placing import Span, WordSpan, align_to_words, tags_of, without_overlaps
from ftk.data.examples.tags import entities
from ftk.data.text.words import Words, split_words

TEXT = "Ada Lovelace's  U.S. tour, \n by Jean-Luc"
STARTS, ENDS = split_words(TEXT, Words.coarse)


@given(st.text(st.sampled_from("ab. -'\n中s"), min_size=1, max_size=15), st.data())
@MANY
def test_a_span_is_on_the_words_whose_characters_it_has(text: str, data: st.DataObject) -> None:
    starts, ends = split_words(text, Words.coarse)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = align_to_words(text, Span(start, end, "X"), starts, ends)
    visible = {at for at in range(start, end) if not text[at].isspace()}
    touched = [word for word in range(len(starts)) if visible & set(range(starts[word], ends[word]))]
    if not touched:
        assert found is None
        return
    assert found is not None
    assert list(range(found.first, found.last)) == touched
    whole = {at for word in touched for at in range(starts[word], ends[word])}
    assert found.exact == (visible == whole)


@pytest.mark.parametrize(
    ("part", "words", "exact"),
    [
        ("Ada Lovelace", (0, 2), True),
        (" by", (6, 7), True),
        ("Lovelace's  ", (1, 3), True),
        ("lace", (1, 2), False),
        ("U.S", (3, 4), False),
        ("tour, \n by", (4, 7), True),
        (", \n ", (5, 6), True),
        (" \n ", None, None),
    ],
)
def test_white_space_at_the_edges_does_not_matter(part: str, words: tuple[int, int] | None, exact: bool) -> None:
    start = TEXT.find(part)
    found = align_to_words(TEXT, Span(start, start + len(part), "X"), STARTS, ENDS)
    assert (found and (found.first, found.last)) == words
    assert (found and found.exact) == exact


placements = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from("AB")).map(
        lambda drawn: WordSpan(Span(0, 1, drawn[2]), drawn[0], drawn[0] + drawn[1], True)
    ),
    max_size=8,
)


def share(one: WordSpan, other: WordSpan) -> bool:
    return bool(set(range(one.first, one.last)) & set(range(other.first, other.last)))


@given(placements)
@MANY
def test_of_overlapping_spans_the_longest_stay(placed: list[WordSpan]) -> None:
    kept, dropped = without_overlaps(placed)
    assert sorted(map(str, kept + dropped)) == sorted(map(str, placed))
    assert not any(share(one, other) for one, other in combinations(kept, 2))
    for lost in dropped:
        assert any(share(lost, other) and other.last - other.first >= lost.last - lost.first for other in kept)
    assert entities(tags_of(kept, 12)) == [(item.span.label, item.first, item.last) for item in kept]
