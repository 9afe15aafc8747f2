"""Predictions of runs and files: which task, which rows, and which of them belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Result, write_jsonl
from ftk.comparing.opened import open_outcomes
from ftk.comparing.units import score_of
from ftk.config.paths import shipped_files, values_of
from ftk.errors import FtkError
from ftk.tasks import build_task

RECORDS = {
    "text-classification": {"text": "a", "label": "x", "gold_label": "x"},
    "multi-label": {"text": "a", "labels": ["x"], "gold_labels": ["x", "y"]},
    "ner": {"tokens": ["a", "b"], "tags": ["B-X", "I-X"], "gold_tags": ["B-X", "I-X"]},
    "token-classification": {"tokens": ["a", "b"], "tags": ["N", "V"], "gold_tags": ["N", "N"]},
    "regression": {"text": "a", "value": 1.0, "gold_value": 2.0},
    "relation": {
        "text": "a b",
        "head": {"start": 0, "end": 1},
        "tail": {"start": 2, "end": 3},
        "label": "X(e1,e2)",
        "gold_label": "X(e2,e1)",
    },
    "question-answering": {"question": "q", "context": "a b", "answer": "the a", "gold_answers": ["a"]},
    "ranking": {"query": "q", "candidate": "c", "score": 1.0, "rank": 2, "ranked_among": 10},
}


@pytest.mark.parametrize("name", sorted(name for name in shipped_files() if name.startswith("task/")))
def test_each_task_with_records_says_what_its_scores_are_made_of(name: str) -> None:
    spec = build_task(dict(values_of(name))).spec
    assert (spec.statistics is not None) == spec.writes_records


@pytest.mark.parametrize("task", RECORDS)
def test_the_task_of_a_file_is_seen_in_its_records(task: str) -> None:
    outcomes = open_outcomes(Path(write_jsonl("found.jsonl", [RECORDS[task]])))
    assert outcomes.facts.task == task
    score_of(outcomes.statistics)


@pytest.mark.parametrize(
    ("records", "words", "reason"),
    [
        ([{"source": "a", "target": "b", "gold_target": "c"}], {}, "compare.task="),
        ([{"text": "a", "label": "b"}], {}, "compare.gold="),
        ([{"text": "a", "label": "b"}], {"task": "text-classification"}, "gold_label"),
        ([{"text": "a", "label": "b"}], {"task": "text-clasification"}, "text-classification"),
        ([RECORDS["ner"], {"tokens": ["a"], "tags": "B-X", "gold_tags": ["O"]}], {}, "line 2"),
        ([], {}, "no predictions"),
        ([RECORDS["regression"]], {"group": "author"}, "author"),
    ],
)
def test_records_that_cannot_be_scored_are_refused(
    records: list[dict[str, Any]], words: dict[str, str], reason: str
) -> None:
    path = Path(write_jsonl("found.jsonl", records))

    def used() -> None:
        outcomes = open_outcomes(path, **words)  # type: ignore[arg-type]
        _ = outcomes.statistics, outcomes.groups

    with pytest.raises(FtkError, match=reason):
        used()


def test_a_line_that_is_not_json_is_named() -> None:
    Path("found.jsonl").write_text('{"text": "a"}\n{"text"\n', encoding="utf-8")
    with pytest.raises(FtkError, match=r"found\.jsonl:2"):
        open_outcomes(Path("found.jsonl"))


def test_the_gold_standard_may_have_another_name() -> None:
    record = {"text": "a", "label": "x", "truth": "y"}
    outcomes = open_outcomes(Path(write_jsonl("found.jsonl", [record])), task="text-classification", gold="truth")
    assert score_of(outcomes.statistics) == 0


def test_rows_are_known_by_their_input() -> None:
    rows = [{"text": text, "label": label, "gold_label": "x"} for text, label in ("ax", "bx", "ay")]
    one = open_outcomes(Path(write_jsonl("one.jsonl", rows)))
    other = open_outcomes(Path(write_jsonl("other.jsonl", [{**row, "label": "z", "score": 0.5} for row in rows])))
    assert one.keys == other.keys
    assert len(set(one.keys)) == 3


@pytest.mark.parametrize(
    ("documents", "groups"),
    [(["p", "p", "q"], [0, 0, 1]), ([1, None, 1], [0, 1, 0]), (["p", "q", "r"], [0, 1, 2])],
)
def test_rows_of_one_document_belong_together(documents: list[Any], groups: list[int]) -> None:
    rows = [{**RECORDS["ner"], "doc_id": document} for document in documents]
    outcomes = open_outcomes(Path(write_jsonl("found.jsonl", rows)))
    np.testing.assert_array_equal(outcomes.groups, groups)
    assert (outcomes.grouped_by == "doc_id") is (len(set(groups)) < 3)


@pytest.mark.slow
@pytest.mark.torch
def test_documents_that_a_file_marks_are_those_of_its_rows(ftk: Callable[..., Result]) -> None:
    sentence = "Ada\tB-PER\nnaps\tO\nin\tO\nOslo\tB-LOC\n\n"
    documents = [f"-DOCSTART-\tO\n\n{sentence.replace('Ada', name) * 2}" for name in ("Ada", "Bo", "Chen")]
    Path("rows.conll").write_text("".join(documents), encoding="utf-8")
    words = ("data.train=rows.conll", "data.validation=rows.conll", "data.test=rows.conll", "data.duplicates=keep")
    result = ftk("finetune", "task=ner", *TINY, *words, "train.max_steps=1", "run.dir=run", "run.curves=false")
    assert result.code == 0, result.err
    outcomes = open_outcomes(Path("run"))
    assert outcomes.grouped_by == "document"
    np.testing.assert_array_equal(outcomes.groups, [0, 0, 1, 1, 2, 2])
