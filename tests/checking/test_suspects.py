"""Rows whose label is likely wrong: how labels are judged, what is written, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Result, assert_refused, read_jsonl, toy_sentences, write_conll, write_jsonl
from ftk.checking.suspects.heads import cross_fitted, folds
from ftk.checking.suspects.scoring import confident_labels, judged, with_training
from ftk.contracts import finding_kinds as kinds

Check = Callable[..., Result]
CLASSES = ("task=text-classification", "check.near_duplicates=null")
WORDS = {"sport": ("ball", "team", "goal", "match"), "food": ("soup", "bread", "spoon", "salt")}


def blobs(number: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Points around the centre of their class, and the classes."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, classes, number)
    centres = generator.normal(size=(classes, 12)) * 2
    return (centres[labels] + generator.normal(size=(number, 12))).astype(np.float32), labels


def test_no_head_learns_the_rows_that_it_judges() -> None:
    states, labels = blobs(300, 3)
    fold = folds(labels.tolist(), list(range(300)))
    before = cross_fitted(states, labels, fold, 3)
    changed = np.where(fold == 2, (labels + 1) % 3, labels)
    after = cross_fitted(states, changed, fold, 3)
    assert np.array_equal(before[fold == 2], after[fold == 2])
    assert not np.array_equal(before[fold == 0], after[fold == 0])


def test_heads_judge_as_logistic_regressions_do() -> None:
    from sklearn.linear_model import LogisticRegression

    states, labels = blobs(600, 4)
    fold = folds(labels.tolist(), list(range(600)))
    found = cross_fitted(states, labels, fold, 4)
    expected = np.empty_like(found)
    scaled = (states - states.mean(0)) / states.std(0)
    for part in range(5):
        learned = fold != part
        # The same strength: scikit-learn's C is the inverse of the decay times the number of rows.
        head = LogisticRegression(C=1 / (0.01 * learned.sum())).fit(scaled[learned], labels[learned])
        expected[fold == part] = head.predict_proba(scaled[fold == part])
    assert np.abs(found - expected).max() < 0.02


def test_folds_keep_equal_rows_together_and_labels_in_proportion() -> None:
    labels = [number % 3 for number in range(300)]
    groups = [number // 2 for number in range(300)]
    fold = folds(labels, groups)
    assert len({(group, part) for group, part in zip(groups, fold.tolist(), strict=True)}) == 150
    assert np.bincount(fold).tolist() == [60] * 5
    alone = folds(labels, list(range(300)))
    assert {int(np.sum((alone == part) & (np.array(labels) == 1))) for part in range(5)} == {20}


def test_confident_learning_counts_as_plain_loops_do() -> None:
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.ones(4), 200)
    labels = generator.integers(0, 4, 200)
    means = [shares[labels == label, label].mean() for label in range(4)]
    expected = []
    for row in shares:
        reached = [(row[label], label) for label in range(4) if row[label] >= means[label]]
        expected.append(max(reached)[1] if reached else -1)
    assert confident_labels(shares, labels).tolist() == expected


def test_labels_are_compared_with_the_best_other_one() -> None:
    found = judged(np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.9, 0.1, 0.0]]), np.array([0, 1, 0]))
    odds = np.log([0.6 / 0.3, 0.2 / 0.6, 0.9 / 0.1])
    assert found.odds == pytest.approx(odds)
    assert found.relative == pytest.approx(odds - [odds[[0, 2]].mean(), odds[1], odds[[0, 2]].mean()])
    assert found.other.tolist() == [1, 2, 1]


def test_training_counts_by_how_it_differs_from_what_is_usual() -> None:
    joined = with_training(np.array([1.0, 1.0, 1.0, 1.0]), np.array([0.8, 0.2, np.nan, 0.5]))
    assert joined == pytest.approx([1 + np.log(4), 1 - np.log(4), 1, 1])
    assert with_training(np.array([1.0, 2.0]), np.array([np.nan, np.nan])) == pytest.approx([1, 2])


def planted(*wrong: int) -> list[dict[str, Any]]:
    """Texts of two kinds; those with these numbers have the other label."""
    generator, names = np.random.default_rng(0), list(WORDS)
    rows = []
    for number in range(80):
        name = names[number % 2]
        text = " ".join([*generator.choice(WORDS[name], 3), f"no{number}"])
        rows.append({"text": text, "label": names[(number + (number in wrong)) % 2]})
    return rows


def test_planted_labels_are_found_without_a_model_and_open_in_annotation_tools(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", planted(10, 33, 71))
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", "suspects=true")
    assert result.code == 0
    found = read_jsonl("suspects.jsonl")
    assert {(row["line"], row["split"]) for row in found} == {(11, "train"), (34, "train"), (72, "train")}
    assert {row["text"]: row["suggested"] for row in found}[planted()[10]["text"]] == "sport"
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert sorted(row["score"] for row in found) == [row["score"] for row in found]
    assert result.found(kinds.SUSPECT_LABEL, split="train").count == 3
    # Both files hold the labels as they are, for ftk's own readers, too.
    tasks = json.loads(Path("suspects.label-studio.json").read_text())
    assert tasks[0]["predictions"][0]["result"][0]["value"]["choices"] == [found[0]["suggested"]]
    for name in ("suspects.jsonl", "suspects.label-studio.json"):
        again = ftk("check", "--json", *CLASSES, f"data.train={name}")
        [facts] = [event for event in again.events if event["type"] == "facts"]
        assert facts["splits"]["train"]["rows"] == 3, again.err
    # What ftk wrote and nobody changed is made again.
    words = ("check", "--json", *CLASSES, f"data.train={train}", "suspects=true")
    before = Path("suspects.label-studio.json").read_bytes()
    assert ftk(*words).code == 0
    assert Path("suspects.label-studio.json").read_bytes() == before
    for name, (old, new) in {
        "suspects.jsonl": ("sport", "sports"),
        "suspects.label-studio.json": ("food", "Food"),
    }.items():
        text = Path(name).read_text()
        Path(name).write_text(text.replace(old, new, 1))
        assert_refused(ftk(*words), "name another")
        Path(name).write_text(text)


def test_labels_that_only_test_rows_have_are_not_judged(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", planted(10))
    test = write_jsonl("test.jsonl", [{"text": f"the ball and the team {n}", "label": "tennis"} for n in range(4)])
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.test={test}", "suspects=true")
    assert result.found(kinds.UNSEEN_LABEL).count == 4
    assert {row["split"] for row in read_jsonl("suspects.jsonl")} == {"train"}
    assert {label for row in read_jsonl("suspects.jsonl") for label in row["label"]} <= {*WORDS}


@pytest.mark.torch
@pytest.mark.slow
def test_a_run_of_another_task_is_refused_and_one_of_other_rows_reported(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", planted())
    argv = ("task=text-classification", *TINY, "data.validation_share=0", "run.curves=false")
    assert ftk("finetune", *argv, f"data.train={train}", "run.dir=run").code == 0
    others = write_jsonl("others.jsonl", [{**row, "text": f"other {row['text']}"} for row in planted()])
    check = ("check", "--json", *CLASSES, "suspects=true", "run=run")
    assert ftk(*check, f"data.train={others}").found(kinds.FEW_ROWS_OF_RUN, seen=0)
    assert not ftk(*check, f"data.train={train}").count(kinds.FEW_ROWS_OF_RUN)
    other = ("task=ner", f"data.train={train}", "model=minilm", "suspects=true", "run=run")
    assert_refused(ftk("check", "--json", *other), "name a run of the same task")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("suspects=3",), "the name of a file"),
        (("run=runs/x",), "Only suspects=true"),
        (("suspects=true", "run=runs/none"), "There is no such folder"),
        (("suspects=true", "model=tfidf-linear"), "pretrained encoder"),
        (("suspects=true", "run=."), "left no losses"),
    ],
)
def test_what_cannot_be_meant_is_refused(ftk: Check, words: tuple[str, ...], reason: str) -> None:
    train = write_jsonl("train.jsonl", planted())
    assert_refused(ftk("check", "--json", *CLASSES, f"data.train={train}", *words), reason)
    assert not Path("suspects.jsonl").exists()


def test_tasks_without_such_labels_are_refused(ftk: Check) -> None:
    rows = write_jsonl("train.jsonl", [{"text": f"text {number}", "label": number / 7} for number in range(9)])
    assert_refused(ftk("check", "--json", "task=regression", f"data.train={rows}", "suspects=true"), "not of this task")
    assert_refused(ftk("check", "--json", "task=ner", f"data.train={rows}", "suspects=true"), "name one")


@pytest.mark.torch
@pytest.mark.slow
def test_planted_spans_are_found_with_the_states_of_a_model_and_the_losses_of_a_run(ftk: Check) -> None:
    sentences = toy_sentences(64)
    for wrong in (5, 20):
        place = next(at for at, (_, tag) in enumerate(sentences[wrong]) if tag == "B-LOC")
        sentences[wrong][place] = (sentences[wrong][place][0], "B-PER")
    train = write_conll("train.conll", sentences)
    argv = ("finetune", "task=ner", *TINY, f"data.train={train}", "data.validation_share=0", "train.epochs=8")
    assert ftk(*argv, "run.dir=run").code == 0
    words = ("model=auto", "model.name=run/best", "run=run", "hardware=cpu", "hardware.threads=1", "suspects=true")
    result = ftk("check", "--json", "task=ner", f"data.train={train}", "check.near_duplicates=null", *words)
    assert result.code == 0, result.err
    assert result.found(kinds.ROWS_OF_RUN, seen=64, rows=64)
    found = read_jsonl("suspects.jsonl")[:2]
    lines = {1 + sum(len(one) + 1 for one in sentences[:wrong]) for wrong in (5, 20)}
    assert {row["line"] for row in found} == lines
    for row in found:
        [doubtful] = row["suspects"][:1]
        assert (doubtful["label"], doubtful["suggested"]) == ("PER", "LOC")
        assert row["text"][doubtful["start"] : doubtful["end"]] == doubtful["text"]
    again = ftk("check", "--json", "task=ner", "data.train=suspects.label-studio.json")
    assert again.code == 0, again.err
