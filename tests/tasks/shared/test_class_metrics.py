"""Scores of classifiers and of numbers against scikit-learn and scipy, called on all rows at once."""

import itertools

import numpy as np
import pytest

from ftk.tasks.multi_label.metric import LabelSetMetric, best_thresholds
from ftk.tasks.regression.metric import NumberMetric
from ftk.tasks.shared.class_metric import ClassMetric

NAMES = ["a", "b", "c", "d"]


@pytest.mark.parametrize("seed", range(4))
def test_classes_are_scored_as_scikit_learn_does(seed):
    from sklearn import metrics

    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 3, 60)  # no row has d
    scores = rng.dirichlet(np.ones(4), 60).astype(np.float32)
    metric = ClassMetric(NAMES)
    for right, row in zip(gold, scores, strict=True):
        metric.add(NAMES[right], row)
    found, result = scores.argmax(-1), metric.compute()
    assert result["accuracy"] == pytest.approx(metrics.accuracy_score(gold, found))
    for average in ("macro", "micro", "weighted"):
        assert result[f"f1_{average}"] == pytest.approx(metrics.f1_score(gold, found, average=average))
    assert result["mcc"] == pytest.approx(metrics.matthews_corrcoef(gold, found))
    curves = [(metrics.roc_auc_score(gold == k, scores[:, k]), k) for k in range(3)]
    assert result["roc_auc"] == pytest.approx(np.mean([area for area, _ in curves]))
    precision = [metrics.average_precision_score(gold == k, scores[:, k]) for k in range(3)]
    assert result["average_precision"] == pytest.approx(np.mean(precision))
    assert sum(each["support"] for each in result["per_label"].values()) == 60


def test_a_label_the_model_does_not_know_is_missed():
    metric = ClassMetric(["a", "b"])
    metric.add("a", np.array([0.9, 0.1], dtype=np.float32))
    metric.add("z", np.array([0.9, 0.1], dtype=np.float32))
    result = metric.compute()
    assert result["accuracy"] == 0.5
    assert result["per_label"]["z"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    assert result["f1_macro"] == pytest.approx((2 / 3 + 0) / 2)


def test_areas_that_do_not_exist_are_none():
    metric = ClassMetric(["a", "b"])
    metric.add("a", np.array([0.9, 0.1], dtype=np.float32))
    assert metric.compute()["roc_auc"] is None


@pytest.mark.parametrize("seed", range(4))
def test_label_sets_are_scored_as_scikit_learn_does(seed):
    from sklearn import metrics

    rng = np.random.default_rng(seed)
    gold = rng.random((50, 4)) < 0.4
    scores = rng.random((50, 4)).astype(np.float32)
    thresholds = [0.3, 0.5, 0.7, 0.9]
    metric = LabelSetMetric(NAMES, thresholds)
    for present, row in zip(gold, scores, strict=True):
        metric.add([name for name, there in zip(NAMES, present, strict=True) if there], row)
    found, result = scores >= np.array(thresholds), metric.compute()
    for average in ("macro", "micro"):
        assert result[f"f1_{average}"] == pytest.approx(metrics.f1_score(gold, found, average=average))
    assert result["accuracy"] == pytest.approx((gold == found).all(-1).mean())
    assert result["lrap"] == pytest.approx(metrics.label_ranking_average_precision_score(gold, scores))
    assert result["mean_average_precision"] == pytest.approx(metrics.average_precision_score(gold, scores))
    assert [each["threshold"] for each in result["per_label"].values()] == thresholds


@pytest.mark.parametrize("seed", range(6))
def test_a_threshold_is_the_best_of_all(seed):
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(seed)
    gold = rng.random(25) < 0.4
    scores = np.round(rng.random(25), 1).astype(np.float32)  # with ties
    found = best_thresholds([["a"] if there else [] for there in gold], list(scores[:, None]), ["a"])
    reached = f1_score(gold, scores >= found["a"])
    tried = [f1_score(gold, scores >= cut, zero_division=0) for cut in np.linspace(0.0, 1.001, 200)]
    assert reached == pytest.approx(max(tried))


def test_a_label_that_no_row_has_gets_no_threshold():
    found = best_thresholds([["a"], []], [np.array([0.9, 0.2]), np.array([0.1, 0.3])], ["a", "b"])
    assert found == {"a": 0.5}


def test_numbers_are_scored_as_scipy_does():
    from scipy.stats import pearsonr, spearmanr

    rng = np.random.default_rng(0)
    gold, noise = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    metric = NumberMetric(["x", "y"])
    for right, found in zip(gold, gold + noise, strict=True):
        metric.add(right, found)
    result = metric.compute()
    for column, name in enumerate(["x", "y"]):
        scores = result["per_target"][name]
        one, other = gold[:, column], (gold + noise)[:, column]
        assert scores["pearson"] == pytest.approx(pearsonr(one, other).statistic)
        assert scores["spearman"] == pytest.approx(spearmanr(one, other).statistic)
        assert scores["rmse"] == pytest.approx(float(np.sqrt(np.mean(noise[:, column] ** 2))))
        assert scores["mae"] == pytest.approx(float(np.mean(np.abs(noise[:, column]))))
    assert result["rmse"] == pytest.approx(np.mean([each["rmse"] for each in result["per_target"].values()]))


def test_a_correlation_with_a_constant_is_none():
    metric = NumberMetric(["x"])
    for number in range(3):
        metric.add([float(number)], [1.0])
    assert metric.compute()["pearson"] is None
    assert metric.compute()["mae"] == pytest.approx(np.mean([1, 0, 1]))


def test_every_pair_of_labels_is_counted_once():
    metric = ClassMetric(["a", "b"])
    for gold, found in itertools.product("ab", "ab"):
        metric.add(gold, np.array([found == "a", found == "b"], dtype=np.float32))
    assert metric.compute()["accuracy"] == 0.5
    assert metric.compute()["mcc"] == 0.0
