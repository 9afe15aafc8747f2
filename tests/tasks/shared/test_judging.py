"""Macro averages are over the labels that occur, in all tasks; a model that answers alike is reported."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME
from ftk.contracts.notes import Notes
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.generation.metrics import GeneratedTextMetric
from ftk.tasks.multi_label.metric import LabelSetMetric
from ftk.tasks.question_answering.metric import AnswerMetric, Language
from ftk.tasks.regression.metric import NumberMetric
from ftk.tasks.relation.metric import RelationMetric
from ftk.tasks.shared import curve_areas
from ftk.tasks.shared.class_metric import ClassMetric
from ftk.tasks.token_classification.entity_metric import EntityMetric
from ftk.tasks.token_classification.tag_metric import TagMetric

KNOWN = ("a", "b", "c", "d")
Pairs = list[tuple[str, str]]


def scores(label: str) -> Any:
    return np.array([name == label for name in KNOWN], dtype=np.float32)


def classes(pairs: Pairs) -> Any:
    metric = ClassMetric(KNOWN)
    for gold, found in pairs:
        metric.add(gold, scores(found))
    return metric


def relations(pairs: Pairs) -> Any:
    metric = RelationMetric(marks=("e1", "e2"), no_relation=None, known=KNOWN)
    for gold, found in pairs:
        metric.add(gold, found)
    return metric


def tags(pairs: Pairs) -> Any:
    metric = TagMetric(KNOWN)
    for gold, found in pairs:
        metric.update([gold], [found])
    return metric


def label_sets(pairs: Pairs) -> Any:
    metric = LabelSetMetric(KNOWN, [0.5] * len(KNOWN))
    for gold, found in pairs:
        metric.add([gold], scores(found))
    return metric


ONE_LABEL = {"classes": classes, "relations": relations, "tags": tags}
METRICS = {**ONE_LABEL, "label sets": label_sets}
SOME_PAIRS = st.lists(st.tuples(st.sampled_from("abcz"), st.sampled_from(KNOWN)), min_size=1, max_size=12)


def judged(metric: Any) -> Notes:
    metric.compute()
    notes = Notes()
    metric.judge(notes)
    return notes


def found_in(notes: Notes) -> dict[str, Any]:
    return {one.kind.id: one for one in notes}


@SOME
@given(SOME_PAIRS, st.sampled_from(sorted(METRICS)))
def test_macro_averages_have_one_convention(pairs: Pairs, name: str) -> None:
    from sklearn.metrics import f1_score

    metric = METRICS[name](pairs)
    result = metric.compute()
    gold, found = zip(*pairs, strict=True)
    assert result["f1_macro"] == pytest.approx(f1_score(gold, found, average="macro", zero_division=0))
    assert result["macro_labels"] == len({*gold, *found})
    assert result["absent_labels"] == [label for label in KNOWN if label not in {*gold, *found}]
    note = found_in(judged(metric)).get(kinds.WITHOUT_ROWS.id)
    absent = [label for label in KNOWN if label not in gold]
    assert (note is None) == (not absent)
    assert note is None or (note.count, note.values["over"]) == (len(absent), len({*gold, *found}))


@SOME
@given(SOME_PAIRS, st.sampled_from(sorted(ONE_LABEL)))
def test_one_label_for_all_rows_is_reported(pairs: Pairs, name: str) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    gold, found = zip(*pairs, strict=True)
    note = found_in(judged(METRICS[name](pairs))).get(kinds.ONE_LABEL_PREDICTED.id)
    assert (note is not None) == (len(set(found)) == 1 and len(set(gold)) > 1)
    if note is not None:
        most = [max(sorted(set(gold)), key=gold.count)] * len(gold)
        assert note.values["rows"] == len(gold)
        assert note.values["accuracy"] == pytest.approx(accuracy_score(gold, most))
        assert note.values["f1_macro"] == pytest.approx(f1_score(gold, most, average="macro", zero_division=0))


def numbers(gold: Sequence[float], found: Sequence[float]) -> Any:
    metric = NumberMetric(["size"])
    for pair in zip(gold, found, strict=True):
        metric.add(*([one] for one in pair))
    return metric


def answers(gold: Sequence[Sequence[str]], found: Sequence[str]) -> Any:
    metric = AnswerMetric(Language.en, None)
    for pair in zip(gold, found, strict=True):
        metric.add(*pair)
    return metric


def entity_tags(gold: Sequence[str], found: Sequence[str]) -> Any:
    metric = EntityMetric(["PER", "LOC"])
    for pair in zip(gold, found, strict=True):
        metric.update(*(one.split() for one in pair))
    return metric


class _Texts(GeneratedTextMetric):
    def add(self, references: Sequence[str], text: str) -> None:
        return

    def scores(self) -> dict[str, float]:
        return {"rouge1": 0.0}


def texts(gold: Sequence[str], found: Sequence[str]) -> Any:
    metric = _Texts()
    for reference, text in zip(gold, found, strict=True):
        metric.update(SimpleNamespace(references=[reference]), SimpleNamespace(text=text, unfinished=False))  # type: ignore[arg-type]
    return metric


ALIKE = {
    "one number": (numbers([1, 2, 3], [2, 2, 2]), {kinds.ONE_ANSWER.id}),
    "two numbers": (numbers([1, 2, 3], [2, 2, 2.1]), set()),
    "one number, as it should be": (numbers([2, 2], [2, 2]), set()),
    "no answer": (answers([["a b"], ["c"], []], ["", "", ""]), {kinds.NOTHING_PREDICTED.id}),
    "no answer, as it should be": (answers([[], []], ["", ""]), set()),
    "one answer": (answers([["a b"], ["c"]], ["x", "x"]), {kinds.ONE_ANSWER.id}),
    "the right answer to all": (answers([["x"], ["x"]], ["x", "x"]), set()),
    "no entity": (entity_tags(["B-PER O", "B-LOC I-LOC"], ["O O", "O O"]), {kinds.NOTHING_PREDICTED.id}),
    "no entity of one type": (entity_tags(["B-PER O", "B-PER O"], ["B-PER O", "O O"]), {kinds.WITHOUT_ROWS.id}),
    "entities": (entity_tags(["B-PER O", "B-LOC O"], ["B-PER O", "O O"]), set()),
    "one text": (texts(["a", "b"], ["x", "x"]), {kinds.ONE_ANSWER.id}),
    "empty texts": (texts(["a", "b"], ["", ""]), {kinds.ONE_ANSWER.id}),
    "one text, as it should be": (texts(["a", "a"], ["a", "a"]), set()),
    "texts": (texts(["a", "b"], ["x", "y"]), set()),
    "one label of one": (classes([("a", "a"), ("a", "a")]), {kinds.WITHOUT_ROWS.id}),
}


@pytest.mark.parametrize("name", ALIKE)
def test_a_model_that_answers_alike_is_reported(name: str) -> None:
    metric, expected = ALIKE[name]
    assert found_in(judged(metric)).keys() == expected


def test_sets_of_labels_that_are_all_the_same() -> None:
    gold = [["a"], ["b"], ["a", "b", "c", "d"]]
    nothing, one = (LabelSetMetric(KNOWN, [0.5] * 4) for _ in range(2))
    for row in gold:
        nothing.add(row, np.zeros(4, dtype=np.float32))
        one.add(row, np.array([1, 1, 0, 0], dtype=np.float32))
    assert found_in(judged(nothing)).keys() == {kinds.NOTHING_PREDICTED.id}
    assert found_in(judged(one)).keys() == {kinds.ONE_ANSWER.id}


def test_a_token_that_the_model_does_not_read_has_no_label() -> None:
    metric = TagMetric(KNOWN)
    metric.update(["a", "b"], ["a", None])
    note = found_in(judged(metric))[kinds.WITHOUT_ROWS.id]
    assert note.values["over"] == metric.compute()["macro_labels"] == 2


@pytest.mark.parametrize("name", ["classes", "label sets"])
def test_areas_that_are_not_there_are_reported(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pairs = [("a", "a"), ("b", "a"), ("c", "d"), ("d", "b")]
    assert kinds.WITHOUT_AREAS.id not in found_in(judged(METRICS[name](pairs)))
    monkeypatch.setattr(curve_areas, "MOST_SCORES", 15)
    metric = METRICS[name](pairs)
    assert metric.compute()["roc_auc"] is None
    assert found_in(judged(metric))[kinds.WITHOUT_AREAS.id].values["scores"] == 16
