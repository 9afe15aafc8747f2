"""Scores of relations against scikit-learn, and against the rules of SemEval-2010 Task 8 counted pair by pair."""

import numpy as np
import pytest

from ftk.tasks.relation.metric import RelationMetric

LABELS = ["owns(e1,e2)", "owns(e2,e1)", "near", "part-of(e1,e2)", "part-of(e2,e1)", "Other"]


def scored(gold, found, no_relation="Other", marks=("e1", "e2")):
    metric = RelationMetric(marks=marks, no_relation=no_relation)
    for pair in zip(gold, found, strict=True):
        metric.add(*pair)
    return metric.compute()


def official(gold, found, no_relation="Other"):
    """The mean F1 of the relations of the key, each from its own pass over the rows; a wrong direction is an error."""

    def name(label):
        return label.split("(")[0]

    values = []
    for relation in sorted({name(label) for label in gold} - {no_relation}):
        right = wrong_way = given_elsewhere = missed = 0
        for key, answer in zip(gold, found, strict=True):
            if name(answer) == relation:
                if answer == key:
                    right += 1
                elif name(key) == relation:
                    wrong_way += 1
                else:
                    given_elsewhere += 1
            elif name(key) == relation:
                missed += 1
        given, there = right + wrong_way + given_elsewhere, right + wrong_way + missed
        precision, recall = right / given if given else 0.0, right / there
        values.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return sum(values) / len(values) if values else 0.0


@pytest.mark.parametrize("no_relation", ["Other", "near", None])
@pytest.mark.parametrize("seed", range(6))
def test_scores_are_those_of_scikit_learn_and_of_the_official_count(seed, no_relation):
    from sklearn import metrics

    rng = np.random.default_rng(seed)
    gold = [LABELS[i] for i in rng.integers(0, rng.integers(2, 7), 50)]
    found = [label if rng.random() < 0.5 else LABELS[rng.integers(6)] for label in gold]
    result = scored(gold, found, no_relation)
    related = [label for label in LABELS if label != no_relation]
    assert result["accuracy"] == pytest.approx(metrics.accuracy_score(gold, found))
    assert result["f1_macro"] == pytest.approx(metrics.f1_score(gold, found, average="macro"))
    micro = metrics.f1_score(gold, found, labels=related, average="micro", zero_division=0.0)
    assert result["f1_micro"] == pytest.approx(micro)
    assert result["f1_semeval"] == pytest.approx(official(gold, found, no_relation))
    report = metrics.classification_report(gold, found, output_dict=True, zero_division=0.0)
    for label, each in result["per_label"].items():
        assert each["support"] == report[label]["support"] == gold.count(label)
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert each[ours] == pytest.approx(report[label][theirs])


def test_a_wrong_direction_costs_precision_and_recall():
    right = scored(["owns(e1,e2)", "owns(e2,e1)"], ["owns(e1,e2)", "owns(e2,e1)"])
    assert right["f1_semeval"] == 1.0
    turned = scored(["owns(e1,e2)", "owns(e2,e1)"], ["owns(e1,e2)", "owns(e1,e2)"])
    assert turned["f1_semeval"] == 0.5
    assert turned["per_label"]["owns(e1,e2)"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }


def test_no_relation_is_left_out_as_a_label_but_its_rows_still_cost_precision():
    result = scored(["owns(e1,e2)", "Other", "Other"], ["owns(e1,e2)", "owns(e2,e1)", "Other"])
    assert result["f1_semeval"] == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert result["f1_micro"] == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert scored(["Other", "Other"], ["Other", "Other"])["f1_semeval"] == 0.0


def test_a_relation_that_the_rows_do_not_have_is_not_averaged():
    assert scored(["owns(e1,e2)", "owns(e1,e2)"], ["owns(e1,e2)", "near"])["f1_semeval"] == pytest.approx(2 / 3)


def test_directions_have_the_names_of_the_marks():
    gold, found = ["kin(a,b)", "kin(b,a)", "kin(e1,e2)"], ["kin(a,b)", "kin(a,b)", "kin(e1,e2)"]
    assert scored(gold, found, marks=("a", "b"))["f1_semeval"] == pytest.approx((0.5 + 1) / 2)
    assert scored(gold, found)["f1_semeval"] == pytest.approx((2 / 3 + 0 + 1) / 3)
