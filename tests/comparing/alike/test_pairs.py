"""How alike two models are: equal to the usual libraries, and to plain loops, on random answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ftk.comparing.alike.capa import chance_adjusted
from ftk.comparing.alike.measure import mean_of
from ftk.comparing.alike.pairs import Pair
from ftk.comparing.alike.shared_questions import shared_questions
from ftk.contracts.outcomes import UNKNOWN, Answers, Span
from ftk.tasks.multi_label.answers import label_set_answers
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.token_classification.answers import token_answers

ROWS, LABELS = 240, 4
NAMES = [f"label {number}" for number in range(LABELS)]


def classified(seed: int, models: int = 2, *, scores: bool = True) -> tuple[NDArray[Any], NDArray[Any], list[Answers]]:
    """Right labels, [models, rows, labels] probabilities, and the answers of models that share what is hard."""
    random = np.random.default_rng(seed)
    gold = random.integers(LABELS, size=ROWS)
    hard = random.normal(size=(ROWS, LABELS))
    logits = hard + random.normal(size=(models, ROWS, LABELS))
    logits[:, np.arange(ROWS), gold] += 1
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    answers = []
    for table in shares:
        records = [
            {"gold_label": NAMES[right], "label": NAMES[int(row.argmax())]}
            | ({"scores": dict(zip(NAMES, row.tolist(), strict=True))} if scores else {})
            for right, row in zip(gold, table, strict=True)
        ]
        answers.append(label_answers(records, {}))
    return gold, shares, answers


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_capa_and_error_consistency_are_those_of_lm_sim(seed: int, scores: bool) -> None:
    metrics = pytest.importorskip("lmsim.metrics", reason="pip install lm-sim")
    gold, shares, answers = classified(seed, scores=scores)
    measures = Pair(shared_questions(answers), 0, 1).measures
    tables = list(shares) if scores else [np.eye(LABELS)[table.argmax(-1)] for table in shares]
    expected = metrics.CAPA(prob=scores).compute_k(*map(list, tables), gold)
    assert measures["capa"].value == pytest.approx(expected, abs=1e-9)
    assert measures["kappa_right"].value == pytest.approx(metrics.EC().compute_k(*map(list, tables), gold), abs=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_kappas_are_those_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score, jaccard_score

    gold, shares, answers = classified(seed)
    one, other = shares.argmax(-1)
    pair = Pair(shared_questions(answers), 0, 1)
    wrong = one != gold, other != gold
    expected = {
        "agreement": np.mean(one == other),
        "kappa": cohen_kappa_score(one, other),
        "kappa_right": cohen_kappa_score(*wrong),
        "errors_ratio": np.mean(wrong[0] & wrong[1]) / np.mean(wrong[0]) / np.mean(wrong[1]),
        "errors_shared": jaccard_score(*wrong),
        "same_wrong": np.mean((one == other)[wrong[0] & wrong[1]]),
        "same_wrong_uniform": 1 / (LABELS - 1),
    }
    assert {name: pair.measures[name].value for name in expected} == pytest.approx(expected)
    assert pair.counts.both_wrong_expected == pytest.approx(wrong[0].sum() * wrong[1].sum() / ROWS)


def expected_same_by_loops(gold: Any, one: Any, other: Any) -> float:
    """For each question that both get wrong, each answer against those of the other model to others like it."""
    each = []
    for at in range(len(gold)):
        if one[at] == gold[at] or other[at] == gold[at]:
            continue
        shares = []
        for mine, theirs in ((one, other), (other, one)):
            alike = [k for k in range(len(gold)) if k != at and gold[k] == gold[at] and theirs[k] != gold[k]]
            if alike:
                shares.append(np.mean([theirs[k] == mine[at] for k in alike]))
        each.append(np.mean(shares) if shares else 1 / (LABELS - 1))
    return float(np.mean(each))


@pytest.mark.parametrize("seed", range(2))
def test_the_expectation_of_each_question_is_that_of_plain_loops(seed: int) -> None:
    gold, shares, answers = classified(seed)
    one, other = shares.argmax(-1)
    measures = Pair(shared_questions(answers), 0, 1).measures
    expected = expected_same_by_loops(gold, one, other)
    assert measures["same_wrong_expected"].value == pytest.approx(expected, abs=1e-12)
    excess = measures["same_wrong"].value - expected
    assert measures["same_wrong_excess"].value == pytest.approx(excess, abs=1e-12)


def test_models_that_confuse_the_same_labels_on_other_rows_do_not_exceed_the_expectation() -> None:
    """Wrong answers that depend on the right label alone, drawn for each model by itself."""
    random = np.random.default_rng(0)
    gold = np.repeat(np.arange(LABELS), 1000)
    confused = np.array([[0, 0.8, 0.15, 0.05], [0.8, 0, 0.1, 0.1], [0.1, 0.1, 0, 0.8], [0.1, 0.1, 0.8, 0]])
    answers = []
    for _ in range(2):
        drawn = np.array([random.choice(LABELS, p=confused[right]) for right in gold])
        given = np.where(random.random(len(gold)) < 0.5, gold, drawn)
        rows = zip(gold, given, strict=True)
        answers.append(label_answers([{"gold_label": NAMES[g], "label": NAMES[a]} for g, a in rows], {}))
    measures = Pair(shared_questions(answers), 0, 1).measures
    assert measures["same_wrong"].value > 0.6 > 1 / (LABELS - 1) + 0.2
    assert abs(measures["same_wrong_excess"].value) < 0.05
    assert abs(measures["kappa_right"].value) < 0.05
    assert abs(measures["errors_ratio"].value - 1) < 0.08


def test_two_labels_say_nothing_of_the_same_wrong_answer() -> None:
    records = [{"gold_label": "a", "label": label} for label in "abab"] + [{"gold_label": "b", "label": "b"}]
    measures = Pair(shared_questions([label_answers(records, {})] * 2), 0, 1).measures
    assert "same_wrong" not in measures
    assert measures["capa"].value == measures["kappa"].value == 1


def test_answers_that_records_do_not_name_are_never_the_same() -> None:
    rows = np.arange(3)
    one = Answers(rows, rows, ["a", "b", "c"], ["a", UNKNOWN, UNKNOWN], np.array([True, False, False]))
    pair = Pair(shared_questions([one, one]), 0, 1)
    assert "same_wrong" not in pair.measures
    assert pair.measures["agreement"].value == pytest.approx(1 / 3)
    assert pair.measures["errors_shared"].value == 1


def spans(*found: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [{"label": label, "start": start, "end": end} for label, start, end in found]


def test_spans_are_answers_to_gold_spans_or_spurious() -> None:
    gold = spans(("PER", 0, 3), ("LOC", 5, 9), ("ORG", 20, 24))
    found = spans(("PER", 0, 3), ("PER", 6, 9), ("LOC", 5, 6), ("LOC", 12, 14))
    answers = token_answers([{"gold_entities": gold, "entities": found}], {})
    assert answers.gold == [Span("PER", 0, 3), Span("LOC", 5, 9), Span("ORG", 20, 24), None, None]
    assert answers.given == [Span("PER", 0, 3), Span("PER", 6, 9), None, Span("LOC", 5, 6), Span("LOC", 12, 14)]
    assert answers.right.tolist() == [True, False, False, False, False]


def test_the_same_wrong_span_has_the_same_label_and_offsets() -> None:
    gold = spans(("PER", 0, 3), ("LOC", 5, 9), ("LOC", 20, 29))
    one = spans(("ORG", 0, 3), ("LOC", 5, 8), ("LOC", 20, 24), ("PER", 40, 44))
    other = spans(("ORG", 0, 3), ("LOC", 5, 8), ("LOC", 20, 25), ("PER", 40, 44), ("PER", 50, 52))
    answers = [token_answers([{"gold_entities": gold, "entities": found}], {}) for found in (one, other)]
    pair = Pair(shared_questions(answers), 0, 1)
    assert pair.measures["same_wrong"].value == pytest.approx(2 / 3)
    assert pair.measures["spurious_shared"].value == pytest.approx(2 / 3)  # Dice: 2 * 1 / (1 + 2)
    assert pair.measures["errors_shared"].value == pytest.approx(4 / 5)
    assert pair.counts.spurious == (1, 2)


@settings(max_examples=10)
@given(st.integers(0, 2**16))
def test_capa_of_label_sets_is_the_limit_of_ever_more_labels_that_no_row_has(seed: int) -> None:
    """Against the plain formula of CAPA over gold labels, and over so many places without one."""
    random = np.random.default_rng(seed)
    gold, one, other = random.random((3, 30, 6)) < np.array([0.5, 0.4, 0.4])[:, None, None]
    other |= one & (random.random(one.shape) < 0.5)

    def names(row: NDArray[Any]) -> list[str]:
        return [str(at) for at in np.flatnonzero(row)]

    answers = [
        label_set_answers(
            [{"gold_labels": names(right), "labels": names(row)} for right, row in zip(gold, given, strict=True)], {}
        )
        for given in (one, other)
    ]
    observed = expected = 0.0
    places = 1e12
    for there, number in ((gold, gold.sum()), (~gold, places)):
        right = [1 - ((given != gold) & there).sum() / number for given in (one, other)]
        observed += ((one != other) & there).sum()
        expected += number * (1 - right[0] * right[1] - (1 - right[0]) * (1 - right[1]))
    found = chance_adjusted(shared_questions(answers), 0, 1).value
    assert found == pytest.approx(1 - observed / expected, abs=1e-3)


def test_the_mean_over_pairs_is_that_of_their_values() -> None:
    _, _, answers = classified(0, models=3)
    questions = shared_questions(answers)
    pairs = [Pair(questions, *pair) for pair in ((0, 1), (0, 2), (1, 2))]
    for name in ("kappa", "capa", "errors_ratio"):
        each = [pair.measures[name] for pair in pairs]
        assert mean_of(each).value == pytest.approx(np.mean([measure.value for measure in each]))


def test_questions_that_only_one_model_was_asked_are_left_out_and_counted() -> None:
    records = [{"gold_label": "a", "label": "a"}, {"gold_label": "b", "label": "a"}]
    questions = shared_questions([label_answers(records, {}), label_answers(records[:1], {})])
    assert (questions.asked.sum(), questions.left_out) == (1, 1)
