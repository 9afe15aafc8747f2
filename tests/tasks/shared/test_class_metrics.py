"""Scores of classifiers and of numbers against scikit-learn and scipy, called on all rows at once."""

import itertools

import numpy as np
import pytest

from ftk.tasks.multi_label.metric import LabelSetMetric
from ftk.tasks.regression.metric import NumberMetric
from ftk.tasks.shared import curve_areas
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.shared.curve_areas import areas

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


def test_areas_of_many_labels_are_those_of_scikit_learn():
    from sklearn.metrics import average_precision_score, roc_auc_score

    random = np.random.default_rng(0)
    present = random.random((40, 300)) < 0.3
    scores = (random.integers(0, 8, present.shape) / 7).astype(np.float32)  # with ties
    both = present.any(axis=0) & ~present.all(axis=0)
    found = areas(present, scores)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(present[:, both], scores[:, both]), abs=1e-12)
    expected = average_precision_score(present[:, both], scores[:, both])
    assert found["average_precision"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("labels", [2, 5, 70])
def test_correlation_is_that_of_scikit_learn_to_the_digit(labels):
    from sklearn.metrics import matthews_corrcoef

    random = np.random.default_rng(labels)
    names = [str(number) for number in range(labels)]
    metric, gold, found = ClassMetric(names), [], []
    for _ in range(200):
        gold.append(int(random.integers(labels)))
        scores = random.random(labels).astype(np.float32)
        scores[gold[-1]] += random.random()
        found.append(int(scores.argmax()))
        metric.add(names[gold[-1]], scores)
    assert metric.compute()["mcc"] == matthews_corrcoef(gold, found)


def test_scores_of_very_many_labels_are_not_kept(monkeypatch):
    monkeypatch.setattr(curve_areas, "MOST_SCORES", 100)
    names = [str(number) for number in range(30)]
    metric, sets = ClassMetric(names), LabelSetMetric(names, [0.5] * 30)
    for number in range(20):
        scores = np.eye(30, dtype=np.float32)[number]
        metric.add(str(number), scores)
        sets.add(["1"], scores)
    found = metric.compute()
    assert (found["accuracy"], found["roc_auc"], found["average_precision"]) == (1.0, None, None)
    assert sets.compute()["roc_auc"] is None
