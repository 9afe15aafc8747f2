"""Predictions of ftk, whose labels are in columns called ``gold_…``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import parse_json_list


@dataclass(frozen=True, slots=True)
class _Gold:
    """A gold column.

    Attributes:
        column: what it becomes.
        beside: columns with a prediction, one of which is there if ftk wrote the row.
        written: the columns that ftk wrote and that are left out.
    """

    column: str
    beside: frozenset[str]
    written: tuple[str, ...]


_GOLD = {
    "gold_entities": _Gold("entities", frozenset({"entities"}), ("entities", "raw_entities")),
    "gold_tags": _Gold("tags", frozenset({"tags"}), ("tags", "raw_tags", "entities", "scores")),
    "gold_label": _Gold("label", frozenset({"label", "candidate"}), ("label", "score", "scores")),
    "gold_labels": _Gold("labels", frozenset({"labels", "candidates"}), ("labels", "score", "scores")),
    "gold_value": _Gold("value", frozenset({"value"}), ("value",)),
    "gold_values": _Gold("values", frozenset({"values"}), ("values",)),
    "gold_answers": _Gold("answers", frozenset({"answer"}), ("answer", "candidates", "no_answer_score")),
    "gold_target": _Gold("target", frozenset({"target"}), ("target", "unfinished")),
}


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row has labels and what was predicted for them."""
    return any(name in values and not gold.beside.isdisjoint(values) for name, gold in _GOLD.items())


def lacks_labels(values: Mapping[str, Any]) -> bool:
    """Whether a row of a file of predictions has what was predicted, or an error, and no labels."""
    predicted = any(not gold.beside.isdisjoint(values) for gold in _GOLD.values())
    return (predicted or "error" in values) and not recognises(values)


def are_labels_predicted(values: Mapping[str, Any]) -> bool:
    """Whether the label of a row is what a model of ftk predicted: it has the scores of it."""
    scores = values.get("scores")
    if not isinstance(scores, dict) or recognises(values):
        return False
    label, labels = values.get("label"), values.get("labels")
    several = isinstance(labels, list) and all(isinstance(one, str) and one in scores for one in labels)
    return several or (isinstance(label, str) and label in scores and "score" in values)


def without_predictions(row: Row) -> Row:
    """A row without labels, without what was predicted for it."""
    written = {name for gold in _GOLD.values() for name in gold.written}
    return replace(row, values={name: value for name, value in row.values.items() if name not in written})


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with its labels where they were, and without what was predicted."""
    values = dict(row.values)
    for name, gold in _GOLD.items():
        if name not in values:
            continue
        value = values.pop(name)
        if name == "gold_entities" and "gold_tags" in values:
            continue  # it is beside the tags of tokens for spans that overlap
        notes.add(kinds.GOLD_COLUMN, gold=name, column=gold.column, left_out=gold.written)
        if name == "gold_labels" and isinstance(candidates := parse_json_list(values.get("candidates")), list):
            values["candidates"] = _as_given(candidates)
        for written in gold.written:
            values.pop(written, None)
        values[gold.column] = value
    yield replace(row, values=values)


def _as_given(candidates: list[Any]) -> list[Any]:
    """The candidates of a ranking in the order of the labels, which is that of the row."""
    if not all(isinstance(one, dict) and type(one.get("index")) is int for one in candidates):
        return candidates
    ordered = sorted(candidates, key=lambda one: one["index"])
    return [{name: value for name, value in one.items() if name not in ("index", "score")} for one in ordered]
