"""Rows that are evidently for another task than the one that was asked for."""

from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.row_corpus import read_training_corpus
from ftk.errors import DataError

TEXT = "Rita Kos sleeps in Oslo."
SPANS: dict[str, Any] = {"text": TEXT, "label": [[0, 8, "PER"]]}
OBJECTS: dict[str, Any] = {"text": TEXT, "entities": [{"start": 0, "end": 8, "label": "PER"}]}
SEVERAL: dict[str, Any] = {"text": TEXT, "labels": ["room", "price"]}
ONE: dict[str, Any] = {"text": TEXT, "category": "travel"}
NUMBER: dict[str, Any] = {"text": TEXT, "score": 3.5}
TAGS: dict[str, Any] = {"tokens": ["Rita", "sleeps"], "tags": ["B-PER", "O"]}
PARTS: dict[str, Any] = {"tokens": ["Rita", "sleeps"], "tags": ["NOUN", "VERB"]}
QUESTION: dict[str, Any] = {"question": "Who?", "context": TEXT, "answers": ["Rita"]}
RANKED: dict[str, Any] = {"query": "who", "positive": TEXT}
RELATION: dict[str, Any] = {"text": TEXT, "head": [0, 8], "tail": [19, 23], "label": "in"}


@pytest.mark.parametrize(
    ("task", "row", "other"),
    [
        ("ner", SEVERAL, "multi-label"),
        ("ner", ONE, "text-classification"),
        ("ner", {**SEVERAL, "labels": '["room", "price"]'}, "multi-label"),
        ("ner", NUMBER, "regression"),
        ("ner", QUESTION, "question-answering"),
        ("ner", RANKED, "ranking"),
        ("ner", {"text": TEXT, "topic": "travel"}, None),
        ("multi-label", SPANS, "ner"),
        ("multi-label", OBJECTS, "ner"),
        ("multi-label", TAGS, "ner"),
        ("multi-label", PARTS, "token-classification"),
        ("multi-label", {"text": TEXT, "genre": "x"}, None),
        ("text-classification", SPANS, "ner"),
        ("text-classification", SEVERAL, "multi-label"),
        ("text-classification", QUESTION, "question-answering"),
        ("regression", ONE, "text-classification"),
        ("regression", {"text": TEXT, "label": "travel"}, "text-classification"),
        ("regression", SEVERAL, "multi-label"),
        ("relation", SPANS, "ner"),
        ("relation", ONE, "text-classification"),
        ("question-answering", SEVERAL, "multi-label"),
        ("question-answering", RANKED, "ranking"),
        ("ranking", RELATION, "relation"),
        ("ranking", NUMBER, "regression"),
    ],
)
def test_another_task_is_named(task: str, row: dict[str, Any], other: str | None) -> None:
    rows = [{**row, "id": number} for number in range(4)]
    with pytest.raises(DataError) as raised:
        read_training_corpus(data_config(train=write_jsonl("rows.jsonl", rows)), shipped_task(task), Notes())
    found = [one.values["task"] for one in raised.value.findings if one.kind is kinds.OTHER_TASK]
    assert found == ([] if other is None else [other])
