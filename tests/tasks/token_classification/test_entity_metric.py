"""Entity scores: what seqeval says, in its strict and in its default mode, on any sequences."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftk.tasks.token_classification.entity_metric import EntityMetric

pytestmark = pytest.mark.torch

TYPES = ["A", "B", "C-d"]
tags = st.sampled_from(["O", "O", *(f"{letter}-{kind}" for kind in TYPES for letter in "BI")])
sentence = st.integers(0, 8).flatmap(lambda n: st.tuples(*[st.lists(tags, min_size=n, max_size=n)] * 3))


def scored(sentences: list[tuple[list[str], ...]], types: list[str]) -> dict[str, Any]:
    metric = EntityMetric(types)
    for gold, predicted, *raw in sentences:
        metric.update(gold, predicted, *raw)
    return metric.compute()


@given(st.lists(sentence, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_scores_are_those_of_seqeval(sentences: list[tuple[list[str], ...]]) -> None:
    from seqeval.metrics import classification_report, f1_score
    from seqeval.scheme import IOB2

    # seqeval cannot report on no entity at all, so there is one; the tests below see to none.
    sentences = [*sentences, (["B-A"], ["O"], ["O"])]
    found = scored(sentences, TYPES)
    gold, predicted, raw = map(list, zip(*sentences, strict=True))
    lenient = f1_score(gold, raw, zero_division=0)
    report = classification_report(gold, predicted, output_dict=True, zero_division=0, mode="strict", scheme=IOB2)
    assert math.isclose(found["f1_conlleval"], lenient, abs_tol=1e-9)
    assert_equal(found, report["micro avg"])
    for kind in TYPES:
        nothing = {"precision": 0, "recall": 0, "f1-score": 0, "support": 0}
        assert_equal(found["per_label"][kind], report.get(kind, nothing))


def assert_equal(found: dict[str, Any], reference: dict[str, Any]) -> None:
    for name, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score"), ("support", "support")):
        assert math.isclose(found[name], reference[theirs], abs_tol=1e-9), name


@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "lenient"),
    [
        ("B-A I-A O", "B-A I-A O", 1.0, 1.0),
        ("B-A I-A O", "B-A O O", 0.0, 0.0),
        ("B-A I-A O", "I-A I-A O", 0.0, 1.0),
        ("B-A B-A", "B-A I-A", 0.0, 0.0),
        ("B-A O", "B-B O", 0.0, 0.0),
        ("O O", "O O", 0.0, 0.0),
    ],
)
def test_the_two_modes(gold: str, predicted: str, strict: float, lenient: float) -> None:
    found = scored([(gold.split(), predicted.split())], ["A"])
    assert (found["f1"], found["f1_conlleval"]) == (strict, lenient)
    assert (found["scheme"], found["mode"]) == ("IOB2", "strict")


def test_raw_tags_count_leniently_and_decoded_ones_strictly() -> None:
    found = scored([(["B-A", "I-A"], ["B-A", "I-A"], ["O", "I-A"])], ["A"])
    assert (found["f1"], found["f1_conlleval"]) == (1.0, 0.0)


def test_a_type_that_only_occurs_and_one_that_is_only_known_are_listed() -> None:
    found = scored([(["B-B", "O"], ["O", "B-C"])], ["A"])
    assert {kind: scores["support"] for kind, scores in found["per_label"].items()} == {"A": 0, "B": 1, "C": 0}


def test_no_rows_score_nothing() -> None:
    found = scored([], ["A"])
    assert (found["precision"], found["recall"], found["f1"], found["f1_conlleval"], found["support"]) == (
        0,
        0,
        0,
        0,
        0,
    )


def test_entities_that_no_tags_can_mark_are_missed() -> None:
    metric = EntityMetric(["A", "B"])
    metric.update(["B-A", "O"], ["B-A", "O"], unmarked=["B"])
    found = metric.compute()
    assert (found["support"], found["precision"], found["recall"]) == (2, 1.0, 0.5)
    assert found["per_label"]["B"]["support"] == 1
    assert found["f1"] == found["f1_conlleval"] == pytest.approx(2 / 3)


def test_an_entity_that_was_widened_is_no_hit() -> None:
    metric = EntityMetric(["A"])
    metric.update(["B-A", "B-A"], ["B-A", "B-A"], unmarked=["A"], widened=[("A", 0, 1)])
    found = metric.compute()
    assert (found["support"], found["precision"], found["recall"]) == (2, 0.5, 0.5)
