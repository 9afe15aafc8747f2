"""Scores of tags: what scikit-learn says of the same tokens one by one."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftk.tasks.token_classification.tag_metric import TagMetric

TAGS = ["ADJ", "NOUN", "VERB", "O", "B-X"]
tag = st.sampled_from(TAGS)
sentence = st.integers(0, 6).flatmap(
    lambda n: st.tuples(st.lists(tag, min_size=n, max_size=n), st.lists(tag | st.none(), min_size=n, max_size=n))
)


def scored(sentences: list[tuple[list[str], list[str | None]]]) -> dict[str, Any]:
    metric = TagMetric()
    for gold, predicted in sentences:
        metric.update(gold, predicted)
    return metric.compute()


@given(st.lists(sentence, min_size=1, max_size=6).filter(lambda rows: any(gold for gold, _ in rows)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_scores_are_those_of_scikit_learn(sentences: list[tuple[list[str], list[str | None]]]) -> None:
    from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

    found = scored(sentences)
    gold = [tag for row, _ in sentences for tag in row]
    predicted = [tag or "nothing" for _, row in sentences for tag in row]
    names = sorted({*gold, *predicted} - {"nothing"})
    assert math.isclose(found["accuracy"], accuracy_score(gold, predicted), abs_tol=1e-9)
    for average in ("macro", "weighted"):
        expected = f1_score(gold, predicted, labels=names, average=average, zero_division=0)
        assert math.isclose(found[f"f1_{average}"], expected, abs_tol=1e-9)
    each = zip(*precision_recall_fscore_support(gold, predicted, labels=names, zero_division=0), strict=True)
    assert list(found["per_label"]) == names
    for name, values in zip(names, each, strict=True):
        assert list(found["per_label"][name].values()) == pytest.approx(list(values), abs=1e-9)
        assert isinstance(found["per_label"][name]["support"], int)


@given(st.lists(sentence, max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_sentence_is_right_if_all_its_tags_are(sentences: list[tuple[list[str], list[str | None]]]) -> None:
    rows = [gold == predicted for gold, predicted in sentences if gold]
    expected = sum(rows) / len(rows) if rows else 0.0
    assert scored(sentences)["sentence_accuracy"] == pytest.approx(expected)


def test_nothing_scores_nothing() -> None:
    for sentences in ([], [([], [])]):
        found = scored(sentences)
        assert (found.pop("per_label"), found.pop("macro_labels"), found.pop("absent_labels")) == ({}, 0, [])
        assert set(found.values()) == {0.0}


def test_labels_that_are_numbers_are_in_their_order() -> None:
    assert list(scored([(["10", "9", "2"], ["10", "9", None])])["per_label"]) == ["2", "9", "10"]
