"""The answers in records: which are right is what the metrics of a run count."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Result, read_jsonl, toy_sentences, write_conll
from ftk.contracts.outcomes import UNKNOWN, Answers, Span
from ftk.tasks.multi_label.answers import label_set_answers
from ftk.tasks.question_answering.answers import question_answers
from ftk.tasks.ranking.answers import ranking_answers
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.token_classification.answers import token_answers


def test_a_row_without_a_label_asks_nothing() -> None:
    records = [{"label": "a"}, {"label": "b", "gold_label": "b"}, {"label": None, "gold_label": "a"}]
    answers = label_answers(records, {})
    assert (answers.keys, answers.given, answers.right.tolist()) == ([1, 2], ["b", None], [True, False])


def test_probabilities_are_those_of_all_labels_or_none() -> None:
    records = [{"label": "a", "gold_label": "new", "scores": {"b": 0.25, "a": 0.75}}]
    answers = label_answers(records, {})
    assert answers.options == ["b", "a", "new"]
    assert answers.probabilities is not None
    assert answers.probabilities.tolist() == [[0.25, 0.75, 0]]
    some = [*records, {"label": "c", "gold_label": "a", "scores": {"c": 0.5, "b": 0.1}}]
    assert label_answers(some, {}).probabilities is None
    assert label_answers(some, {}).options == ["a", "b", "c", "new"]


def test_tags_of_tokens_may_be_in_a_text() -> None:
    tags = [{"start": 0, "end": 2, "tag": "X", "score": 1.0}, {"start": 3, "end": 4, "tag": None, "score": None}]
    records = [{"tokens": ["a"], "tags": ["X"], "gold_tags": ["Y"]}, {"tags": tags, "gold_tags": ["X", "Y"]}]
    answers = token_answers(records, {})
    assert answers.keys == [(0, 0), (1, 0), (1, 1)]
    assert answers.given == ["X", "X", None]
    assert answers.right.tolist() == [False, True, False]


def test_tags_that_continue_nothing_are_no_span() -> None:
    records = [{"tags": ["B-A", "I-A", "O", "I-A"], "gold_tags": ["B-A", "I-B", "I-A", "B-A"], "entities": []}]
    answers = token_answers(records, {})
    assert answers.gold == [Span("A", 0, 1), Span("A", 3, 4)]
    assert answers.given == [Span("A", 0, 2), None]


def test_labels_that_a_row_has_and_those_that_it_is_given() -> None:
    answers = label_set_answers([{"gold_labels": ["a", "b"], "labels": ["b", "c"]}, {"labels": ["c"]}], {})
    assert answers.keys == [(0, "a"), (0, "b"), (0, "c")]
    assert (answers.gold, answers.given) == (["a", "b", None], [None, "b", "c"])
    assert answers.right.tolist() == [False, True, False]


def test_answers_to_questions_are_equal_where_their_words_are() -> None:
    gold = [{"text": "the Oslo Fjord", "start": 3}, {"text": "Fjord", "start": 7}]
    records = [
        {"gold_answers": gold, "answer": {"text": "a fjord!", "score": 0.5}},
        {"gold_answers": gold, "answer": None},
        {"gold_answers": [], "answer": None},
    ]
    answers = question_answers(records, {"language": "en"})
    assert answers.right.tolist() == [True, False, True]
    assert answers.gold == ["oslo fjord", "oslo fjord", ""]
    assert answers.given == ["oslo fjord", "", ""]


def test_the_first_candidate_of_a_query_answers_it() -> None:
    texts = [{"text": "x", "score": 2.0, "index": 1}, {"text": "y", "score": 1.0, "index": 0}]
    records: list[dict[str, Any]] = [
        {"query": "q", "candidates": texts, "gold_labels": [1, 0], "rank": 2, "ranked_among": 2},
        {"query": "q", "candidates": texts, "gold_labels": [0, 0]},
        {"query": "p", "candidate": "one", "score": 0.1, "gold_label": 1, "rank": 2, "ranked_among": 2},
        {"query": "p", "candidate": "two", "score": 0.2, "gold_label": 0},
        {"query": "r", "candidate": "three", "score": 0.2, "rank": 4, "ranked_among": 9},
        {"query": "s", "candidate": "four", "score": 0.2, "rank": 1, "ranked_among": 9},
    ]
    answers = ranking_answers(records, {})
    assert list(answers.rows) == [0, 2, 4, 5]
    assert answers.gold == ["y", "one", "three", "four"]
    assert answers.given == ["x", "two", UNKNOWN, "four"]
    assert answers.right.tolist() == [False, False, False, True]


def conll() -> tuple[str, ...]:
    rows = list(toy_sentences(40))
    return tuple(f"data.{split}={write_conll(f'{split}.conll', rows)}" for split in ("train", "validation", "test"))


SCORES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ner": ("f1", ("train.max_steps=100",)),
    "ner of tokens": ("f1", ("train.max_steps=7",)),
    "token-classification": ("accuracy", ("train.max_steps=20",)),
    "text-classification": ("accuracy", ("train.max_steps=20",)),
    "multi-label": ("f1_micro", ("train.max_steps=20",)),
    "relation": ("accuracy", ("train.max_steps=20",)),
    "question-answering": ("exact", ("train.max_steps=20", "data.max_length=96")),
    "ranking": ("recall@1", ("train.max_steps=20",)),
}


def score(answers: Answers) -> float:
    """Accuracy, or F1 where answers may be spurious."""
    if not answers.several:
        return float(np.mean(answers.right))
    given = {(row, one) for row, one in zip(answers.rows.tolist(), answers.given, strict=True) if one is not None}
    gold = sum(one is not None for one in answers.gold)
    return float(2 * answers.right.sum() / (len(given) + gold))


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("name", SCORES)
def test_right_answers_make_the_score_of_the_run(ftk: Callable[..., Result], name: str) -> None:
    from ftk.config.paths import values_of
    from ftk.tasks import build_task

    metric, words = SCORES[name]
    task = name.split()[0]
    files = conll() if name == "ner of tokens" else ()
    short = ("model=tiny", "model.default_lr=3e-3", "hardware=cpu", "hardware.threads=1", "run.dir=run")
    result = ftk("finetune", f"task={task}", *words, *files, *short)
    assert result.code == 0, result.err
    saved = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))["test"]
    values = values_of(f"task/{task}")
    answers = build_task(values).spec.answers(read_jsonl("run/predictions/test.jsonl"), {"language": "en"})
    assert score(answers) == pytest.approx(saved[metric], abs=1e-12)
