"""Predictions of any contender as one kind of records, which ``ftk compare`` reads, and their scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.defaults.cells import Corpus, Row, rows_of, write_rows

from ftk.comparing.opened import open_outcomes
from ftk.comparing.units import score_of

_MARK = re.compile(r"</?e[12]>")
_PREDICTED = {"multi-label": "labels", "regression": "value", "ner": "tags"}


def write_predictions(path: Path, corpus: Corpus, rows: Sequence[Row], found: Sequence[Any]) -> None:
    """Write one record a row.

    Args:
        path: the file.
        corpus: that the rows are of.
        rows: of the test.
        found: for each row what was predicted: a label, a list of labels, a number, or a list of tags.
    """
    key = _PREDICTED.get(corpus.task, "label")
    write_rows(path, (_record(row, key, value) for row, value in zip(rows, found, strict=True)))


def predictions_of(run: Path, corpus: Corpus) -> list[Any]:
    """What a run of ftk predicted for the rows of the test, in their order."""
    key = _PREDICTED.get(corpus.task, "label")
    return [record[key] for record in rows_of(run / "predictions" / "test.jsonl")]


def score(path: Path, corpus: Corpus) -> float:
    """The score of a file of predictions."""
    return score_of(open_outcomes(path, task=corpus.task).statistics_of(corpus.score))


def _record(row: Row, key: str, value: Any) -> Row:
    if key == "tags":
        return {"tokens": row["tokens"], "tags": value, "gold_tags": row["tags"]}
    asked = {"text": row["text_a"], "pair": row["text_b"]} if "text_a" in row else unmarked(row["text"])
    gold = sorted(row["labels"]) if key == "labels" else row["label"]
    return {**asked, key: value, f"gold_{key}": gold}


def unmarked(text: str) -> Row:
    """A text without marks, and where its entities are, in characters of it; a text without entities as it is."""
    places: list[int] = []
    removed = 0
    for mark in _MARK.finditer(text):
        places.append(mark.start() - removed)
        removed += len(mark.group())
    if len(places) != 4:
        return {"text": text}
    first, second = ({"start": places[at], "end": places[at + 1]} for at in (0, 2))
    head, tail = (second, first) if text.index("<e2>") < text.index("<e1>") else (first, second)
    return {"text": _MARK.sub("", text), "head": head, "tail": tail}


def in_iob2(tags: Sequence[str]) -> list[str]:
    """Tags whose spans all begin with a B-: an I- that continues nothing begins one, as seqeval reads it."""
    before, fixed = "O", []
    for tag in tags:
        begins = tag.startswith("I-") and before[2:] != tag[2:]
        fixed.append(f"B-{tag[2:]}" if begins else tag)
        before = tag
    return fixed
