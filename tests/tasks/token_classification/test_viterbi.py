"""Decoding: the best of all valid sequences, against trying every one of them."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from data_helpers import MANY
from ftk.data.examples.tags import iob2_labels
from ftk.tasks.token_classification.viterbi import best_sequences

TAGS = iob2_labels(["A", "B"])
SCORES = st.integers(0, 5).flatmap(
    lambda words: arrays(np.float32, (words, len(TAGS)), elements=st.floats(-20, 0, width=32))
)


def is_valid(tags: list[str]) -> bool:
    """What IOB2 is: an I- continues an entity of the same type."""
    return all(after[0] != "I" or before[1:] == after[1:] for before, after in pairwise(["O", *tags]))


def total(scores: NDArray[np.float32], path: tuple[int, ...]) -> float:
    return float(sum(scores[word, tag].astype(np.float64) for word, tag in enumerate(path)))


VALID = {
    length: [path for path in product(range(len(TAGS)), repeat=length) if is_valid([TAGS[tag] for tag in path])]
    for length in range(6)
}


@given(st.lists(SCORES, max_size=4))
@MANY
def test_the_best_valid_sequence_of_each_row(rows: list[NDArray[np.float32]]) -> None:
    found = best_sequences(rows, TAGS)
    assert len(found) == len(rows)
    for scores, path in zip(rows, found, strict=True):
        assert is_valid([TAGS[tag] for tag in path])
        best = max(total(scores, other) for other in VALID[len(scores)])
        assert total(scores, tuple(path.tolist())) == pytest.approx(best, abs=1e-4)
        greedy = tuple(scores.argmax(-1).tolist()) if len(scores) else ()
        if greedy in VALID[len(scores)]:
            assert tuple(path.tolist()) == greedy


def test_long_rows_and_many_rows_are_valid_and_independent() -> None:
    random = np.random.default_rng(0)
    rows = [random.normal(size=(length, len(TAGS))).astype(np.float32) for length in [3000, 0, 1, 5, 400, *[7] * 50]]
    together = best_sequences(rows, TAGS)
    for scores, path in zip(rows, together, strict=True):
        assert len(path) == len(scores)
        assert is_valid([TAGS[tag] for tag in path])
        assert path.tolist() == best_sequences([scores], TAGS)[0].tolist()


@pytest.mark.parametrize("tag", range(len(TAGS)))
def test_a_model_that_is_wholly_sure_of_a_tag_gets_a_valid_sequence(tag: int) -> None:
    scores = np.full((2000, len(TAGS)), -np.inf, dtype=np.float32)
    scores[:, tag] = 0
    (path,) = best_sequences([scores], TAGS)
    assert is_valid([TAGS[number] for number in path])
    assert np.count_nonzero(path == tag) >= 1999


def test_nothing_to_decode() -> None:
    assert best_sequences([], TAGS) == []


def of_all_steps(scores: NDArray[np.float32], tags: list[str]) -> list[int]:
    """Viterbi with a table of all steps, where the first of equal ones counts: the reference."""
    allowed = np.array([[to[0] != "I" or before[1:] == to[1:] for to in tags] for before in tags])
    step = np.where(allowed, 0.0, -1e9)
    best = np.maximum(scores[0], -1e4).astype(np.float64) + np.where([tag[0] == "I" for tag in tags], -1e9, 0)
    back = []
    for row in scores[1:]:
        reach = best[:, None] + step
        back.append(reach.argmax(0))
        best = reach.max(0) + np.maximum(row, np.float32(-1e4))
    path = [int(best.argmax())]
    for origin in reversed(back):
        path.insert(0, int(origin[path[0]]))
    return path


@given(
    st.integers(1, 4),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.integers(0, 10**6),
    st.sampled_from([np.float32, np.float16]),
    st.booleans(),
)
@MANY
def test_equal_sequences_are_chosen_as_with_a_table_of_all_steps(
    types: int, lengths: list[int], seed: int, rounded: type, equal: bool
) -> None:
    tags, random = iob2_labels([f"T{number}" for number in range(types)]), np.random.default_rng(seed)
    rows = []
    for length in lengths:
        scores = random.normal(size=(length, len(tags))) * 3 - 4
        # Whole numbers have many ties, and so have numbers in less than full precision.
        rows.append((np.round(scores) if equal else scores.astype(rounded)).astype(np.float32))
    greedy = [scores.argmax(-1).tolist() for scores in rows]
    for scores, path, first in zip(rows, best_sequences(rows, tags), greedy, strict=True):
        valid = is_valid([tags[tag] for tag in first])
        assert path.tolist() == (first if valid else of_all_steps(scores, tags))


def test_thousands_of_types_need_no_table_of_all_steps() -> None:
    tags = iob2_labels([f"T{number:05}" for number in range(20_000)])
    random = np.random.default_rng(0)
    rows = [random.normal(size=(20, len(tags))).astype(np.float32) for _ in range(3)]
    for scores, path in zip(rows, best_sequences(rows, tags), strict=True):
        assert is_valid([tags[tag] for tag in path])
        assert scores[np.arange(20), path].sum() > 0.9 * scores.max(-1).sum()
