"""Scores of rankings against scikit-learn, and against lists that are sorted and counted by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from ftk.contracts.notes import Notes
from ftk.data.examples.rankings import Form
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.ranking.metric import RankingMetric
from ftk.tasks.ranking.query_scores import pool_scores, query_scores


def counted(scores, grades):
    """What the definitions say, read off a list that is sorted; among equal scores the worse come first."""
    order = sorted(range(len(scores)), key=lambda at: (-scores[at], grades[at]))
    ranked = [grades[at] for at in order]
    right = sum(grade > 0 for grade in ranked)
    found = {f"recall@{cut}": sum(grade > 0 for grade in ranked[:cut]) / right for cut in (1, 5, 10)}
    found["mrr"] = next(1 / place for place, grade in enumerate(ranked, start=1) if grade > 0)

    def gain(grades):
        return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades[:10], start=1))

    found["ndcg@10"] = gain(ranked) / gain(sorted(grades, reverse=True))
    return found


def lists(number, distinct, seed=3):
    """Random scores and grades of lists of many lengths, each with something right."""
    generator = np.random.default_rng(seed)
    for _ in range(number):
        size = int(generator.integers(1, 40))
        grades = generator.choice([0, 0, 0, 1, 2, 3], size=size)
        grades[generator.integers(size)] = generator.integers(1, 4)
        scores = generator.normal(size=size) if distinct else generator.integers(0, 4, size=size).astype(float)
        yield scores, grades.astype(float)


@pytest.mark.parametrize("distinct", [True, False])
def test_each_score_is_what_counting_gives(distinct):
    for scores, grades in lists(200, distinct):
        found = query_scores(scores, grades).scores
        expected = counted(scores.tolist(), grades.tolist())
        for cut in (1, 5, 10):  # among so few candidates, any model finds everything
            if len(scores) <= cut:
                del expected[f"recall@{cut}"]
        assert {name for name in found if name.startswith("recall")} <= set(expected)
        for name, value in expected.items():
            assert found[name] == pytest.approx(value), name


@pytest.mark.parametrize("distinct", [True, False])
def test_gain_and_area_are_those_of_scikit_learn(distinct):
    from sklearn.metrics import ndcg_score, roc_auc_score

    for scores, grades in lists(200, distinct):
        found = query_scores(scores, grades).scores
        if distinct and len(scores) > 1:
            assert found["ndcg@10"] == pytest.approx(ndcg_score([grades], [scores], k=10))
        if (grades == 0).any():
            assert found["auc"] == pytest.approx(roc_auc_score(grades > 0, scores))
        else:
            assert "auc" not in found


def test_a_model_that_says_the_same_of_all_gets_nothing_for_it():
    found = query_scores(np.zeros(20), np.array([1.0] + [0.0] * 19)).scores
    assert found["recall@1"] == found["recall@5"] == found["recall@10"] == 0
    assert found["mrr"] == 1 / 20
    assert found["auc"] == 0.5


def row(query, candidates, grades, form):
    return SimpleNamespace(query=query, candidates=candidates, grades=grades, form=form)


def said(scores=(), others=(), vectors=None):
    return SimpleNamespace(scores=np.array(scores), others=np.array(others), vectors=vectors)


def ranking(kind, scores):
    """Three queries, each with these scores of its candidates, the first of which is right."""
    metric = RankingMetric(temperature=None)
    vectors = np.stack([np.eye(4)[0], *[np.array([one, 1.0, 0.0, 0.0]) for one in scores]]).astype(np.float32)
    for query in "abc":
        texts, grades = [f"{query}{at}" for at in range(len(scores))], [1.0] + [0.0] * (len(scores) - 1)
        if kind == "pairs":
            for score, grade in zip(scores, grades, strict=True):
                metric.update(row(query, texts[:1], (grade,), Form.pair), said([score]))
        elif kind == "vectors":
            metric.update(row(query, texts, grades, Form.right), said(vectors=vectors))
        else:
            metric.update(row(query, texts, grades, kind), said(scores))
    metric.compute()
    notes = Notes()
    metric.judge(notes)
    return [one.kind for one in notes]


@pytest.mark.parametrize("kind", ["pairs", "vectors", Form.group, Form.right])
def test_candidates_that_all_have_one_score_are_reported(kind):
    assert ranking(kind, [0.5, 0.5, 0.5]) == [kinds.ALL_TIES]
    assert ranking(kind, [0.5, 0.5 + 1e-7, 0.5]) == [kinds.ALL_TIES]
    assert ranking(kind, [0.5, 0.5, 0.4]) == []
    assert ranking(kind, [0.501, 0.5, 0.5]) == []


def test_a_single_candidate_is_no_tie():
    assert ranking(Form.group, [0.5]) == []


def test_labelled_pairs_of_one_query_are_one_list_wherever_they_stand():
    metric, whole = RankingMetric(temperature=0.1), RankingMetric(temperature=0.1)
    pairs = [("a", 0.3, 0), ("b", 0.1, 1), ("a", 0.9, 2), ("b", 0.4, 0), ("c", 0.2, 0), ("a", 0.5, 1)]
    for query, score, grade in pairs:
        metric.update(row(query, ("x",), (grade,), Form.pair), said([score]))
    for query in "abc":
        scores, grades = zip(*[(score, grade) for one, score, grade in pairs if one == query], strict=True)
        whole.update(row(query, "xyz", grades, Form.group), said(scores))
    found = metric.compute()
    assert found == whole.compute()
    assert found["queries"] == 2
    assert found["queries_without_right"] == 1
    assert found["mrr"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["candidates"] == 2.5


def test_rows_of_one_query_are_one_query_whether_texts_are_read_apart_or_together():
    rows = [("a", ("x", "w"), (0.9, 0.7)), ("b", ("y",), (0.1,)), ("a", ("z", "w", "x"), (0.5, 0.7, 0.9))]
    others = {"a": [0.8, 0.2], "b": [0.3, 0.0]}
    metric, whole = RankingMetric(temperature=None), RankingMetric(temperature=None)
    for query, texts, scores in rows:
        grades = (1.0, *[0.0] * (len(texts) - 1))
        metric.update(row(query, texts, grades, Form.right), said(scores, others[query]))
    # By hand: x and z are right for a, so x is not wrong there, and w is one candidate.
    whole.update(row("a", "xzw12", (1.0, 1.0, 0.0, 0.0, 0.0), Form.group), said([0.9, 0.5, 0.7, 0.8, 0.2]))
    whole.update(row("b", "y12", (1.0, 0.0, 0.0), Form.group), said([0.1, 0.3, 0.0]))
    found = metric.compute()
    assert found == whole.compute()
    assert (found["queries"], found["recall@1"], found["candidates"]) == (2, 0.25, 4)


@pytest.mark.parametrize("distinct", [True, False])
def test_counting_without_sorting_says_the_same(distinct):
    generator = np.random.default_rng(5)
    block = generator.normal(size=(40, 30)) if distinct else generator.integers(0, 3, size=(40, 30)).astype(float)
    rights = [np.sort(generator.choice(30, size=1 + number % 4, replace=False)) for number in range(40)]
    rights[-1] = np.arange(30)  # nothing is wrong
    more = [block[number, : number % 3] + generator.integers(0, 2) for number in range(40)]
    more[-1] = more[-1][:0]
    expected = []
    for scores, right, beside in zip(block, rights, more, strict=True):
        grades = np.isin(np.arange(30 + len(beside)), right).astype(float)
        expected.append(query_scores(np.append(scores, beside), grades, 0.5))
    for found, one in zip(pool_scores(block.copy(), rights, more, 0.5), expected, strict=True):
        assert found.scores == pytest.approx(one.scores)
        assert [found.place(at) for at in range(len(found.rank))] == [one.place(at) for at in range(len(one.rank))]


def test_a_list_without_a_positive_can_count_as_missed():
    metric = RankingMetric(temperature=0.1, missed=True)
    metric.update(row("a", "xyz", (0.0, 1.0, 0.0), Form.group), said([1.0, 2.0, 0.5]))
    metric.update(row("b", "xyzuvw", (0.0,) * 6, Form.group), said([1.0, 2.0, 0.5, 0.0, 3.0, 1.0]))
    found = metric.compute()
    assert (found["mrr"], found["recall@1"], found["ndcg@10"], found["recall@5"]) == (0.5, 0.5, 0.5, 0.0)
    assert "recall@10" not in found
    assert (found["queries"], found["queries_without_right"]) == (2, 1)


def test_of_nothing_right_there_is_no_score():
    metric = RankingMetric(temperature=None)
    metric.update(row("a", "xy", (0.0, 0.0), Form.group), said([1.0, 2.0]))
    found = metric.compute()
    assert found["mrr"] is None
    assert found["queries"] == 0
    assert found["queries_without_right"] == 1


def test_a_pair_is_ranked_among_the_right_candidates_of_all_rows_and_its_own_wrong_ones():
    generator = np.random.default_rng(1)
    texts = [f"answer {number}" for number in range(30)]
    vector = {text: generator.normal(size=8).astype(np.float32) for text in [*texts, "decoy"]}
    metric = RankingMetric(temperature=0.5)
    rows = []
    for number in range(600):  # more than are ranked at once; each query twice, with two right answers
        question = 0 if number < 24 else number // 2  # one has very many
        query, right = f"question {question}", texts[number * 7 % 27]  # three texts are right for nobody
        of_query = vector.setdefault(query, generator.normal(size=8).astype(np.float32))
        wrong = ("decoy", texts[28]) if number % 5 == 0 else ()
        rows.append((query, right, wrong))
        vectors = np.stack([of_query, vector[right], *(vector[text] for text in wrong)])
        example = row(query, (right, *wrong), (1.0, *[0.0] * len(wrong)), Form.right)
        metric.update(example, said(vectors[1:] @ vectors[0], vectors=vectors))
    expected, losses = [], []
    everywhere = sorted({text for _, text, _ in rows})
    assert len(everywhere) == 27
    for query in dict.fromkeys(query for query, _, _ in rows):
        right = {text for one, text, _ in rows if one == query}
        named = {text for one, _, wrong in rows if one == query for text in wrong}
        pool = [*everywhere, *sorted(named - set(everywhere))]
        scores = [float(vector[query] @ vector[text]) for text in pool]
        grades = [float(text in right) for text in pool]
        expected.append(counted(scores, grades))
        bottom = sum(math.exp(score / 0.5) for score, grade in zip(scores, grades, strict=True) if not grade)
        tops = [math.exp(score / 0.5) for score, grade in zip(scores, grades, strict=True) if grade]
        losses.append(sum(-math.log(top / (top + bottom)) for top in tops) / len(tops))
    found = metric.compute()
    assert found["queries"] == len(expected) == 289
    for name in expected[0]:
        assert found[name] == pytest.approx(sum(each[name] for each in expected) / 289, rel=1e-5), name
    assert found["loss"] == pytest.approx(sum(losses) / 289, rel=1e-4)
