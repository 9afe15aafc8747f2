"""What a record says of the gold standard has the form and the words of its prediction."""

from typing import Any

import numpy as np
import pytest

from ftk.config.paths import values_of
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Scores
from ftk.tasks import build_task
from ftk.tasks.token_classification.decoding import TagPrediction

COLUMNS = dict.fromkeys(values_of("data/auto")["columns"])


def read(name: str, row: dict[str, Any], *, labelled: bool, cells: bool = False, **fields: Any) -> tuple[Any, Any]:
    """A task, and the example that it makes of a row; fields with a dot are columns."""
    columns = {**COLUMNS, **fields.pop("columns", {})}
    task = build_task({**values_of(f"task/{name}"), **fields})
    notes = Notes()
    [example] = task.read([Row(row, "rows", 1, cells=cells)], Reading(columns, labelled, notes))
    notes.raise_errors()
    return task, example


NAMES = ["negative", "positive"]
ONE_LABEL = [
    ("pos", {}, "pos"),
    (1, {"label_names": NAMES}, "positive"),
    ("1", {"label_names": NAMES}, "positive"),
    ("0.0", {"label_names": NAMES}, "negative"),
    ("negative", {"label_names": NAMES}, "negative"),
    (1, {}, "1"),
    (1.0, {}, "1"),
    (True, {}, "true"),
    ("TRUE", {}, "true"),
    (" pos ", {}, "pos"),
]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(("value", "fields", "gold"), ONE_LABEL)
def test_one_label(value: Any, fields: dict[str, Any], gold: str, labelled: bool) -> None:
    task, example = read("text-classification", {"text": "a", "label": value}, labelled=labelled, **fields)
    record = task.record(example, Scores(("x", "y"), np.array([0.25, 0.75], dtype=np.float32)))
    assert record["gold_label"] == gold


@pytest.mark.parametrize("value", [None, 7.5, "", [1, 2]])
def test_a_label_that_cannot_be_read_stays_as_it_is(value: Any) -> None:
    task, example = read("text-classification", {"text": "a", "label": value}, labelled=False)
    record = task.record(example, Scores(("x", "y"), np.array([0.25, 0.75], dtype=np.float32)))
    assert record.get("gold_label") == value


LABEL_SETS = [
    ("room,price", {}, ["room", "price"]),
    ('["room", "price"]', {}, ["room", "price"]),
    (["room"], {}, ["room"]),
    ([1], {"label_names": NAMES}, ["positive"]),
    ([2, 0], {"label_names": ["a", "b", "c"]}, ["c", "a"]),
    ("1", {"label_names": NAMES}, ["positive"]),
    ([], {}, []),
    ("", {}, []),
]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(("value", "fields", "gold"), LABEL_SETS)
def test_several_labels(value: Any, fields: dict[str, Any], gold: list[str], labelled: bool) -> None:
    task, example = read("multi-label", {"text": "a", "labels": value}, labelled=labelled, **fields)
    record = task.record(example, Scores(("x", "y"), np.array([0.25, 0.75], dtype=np.float32)))
    assert (record["labels"], record["gold_labels"]) == (["y"], gold)


@pytest.mark.parametrize(
    ("value", "gold"),
    [([1, 0, 0], ["a"]), ([True, False, True], ["a", "c"]), ("[0.0, 0.0, 0.0]", []), ([1, 1, 1], ["a", "b", "c"])],
)
def test_vectors_beside_a_prediction_are_the_names_of_their_places(value: Any, gold: list[str]) -> None:
    task, example = read("multi-label", {"text": "a", "labels": value}, labelled=False, label_names=["a", "b", "c"])
    record = task.record(example, Scores(("a",), np.array([0.25], dtype=np.float32)))
    assert record["gold_labels"] == gold


def test_a_list_that_may_be_a_vector_or_numbers_of_labels_stays_as_it_is() -> None:
    task, example = read("multi-label", {"text": "a", "labels": [0, 1]}, labelled=False, label_names=NAMES)
    assert task.record(example, Scores(("a",), np.array([0.25], dtype=np.float32)))["gold_labels"] == [0, 1]


@pytest.mark.parametrize("labelled", [True, False])
def test_columns_of_labels_are_their_names(labelled: bool) -> None:
    columns = {"label": ["toxic", "insult", "spam"]}
    row = {"text": "a", "toxic": 1, "insult": "0", "spam": True}
    task, example = read("multi-label", row, labelled=labelled, columns=columns)
    record = task.record(example, Scores(("x",), np.array([0.25], dtype=np.float32)))
    assert record["gold_labels"] == ["toxic", "spam"]


def test_columns_of_labels_that_cannot_be_read_are_no_gold_standard() -> None:
    row = {"text": "a", "toxic": "", "insult": 1}
    task, example = read("multi-label", row, labelled=False, columns={"label": ["toxic", "insult"]})
    record = task.record(example, Scores(("x",), np.array([0.25], dtype=np.float32)))
    assert "gold_labels" not in record


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(("value", "gold"), [("3.4", 3.4), (3, 3.0), ("-1e-2", -0.01), (2.5, 2.5)])
def test_numbers(value: Any, gold: float, labelled: bool) -> None:
    task, example = read("regression", {"text": "a", "score": value}, labelled=labelled)
    record = task.record(example, Scores(("score",), np.array([1 / 3])))
    assert (record["value"], record["gold_value"]) == (1 / 3, gold)


def test_several_numbers_have_their_names() -> None:
    row = {"text": "a", "joy": "3", "fear": 1}
    task, example = read("regression", row, labelled=False, columns={"label": ["joy", "fear"]})
    record = task.record(example, Scores(("joy", "fear"), np.array([1.5, 2.5])))
    assert record["values"].keys() == record["gold_values"].keys()
    assert record["gold_values"] == {"joy": 3.0, "fear": 1.0}


@pytest.mark.parametrize(("value", "gold"), [("eins", "eins"), (["eins", "ein"], ["eins", "ein"]), (["x"], "x")])
@pytest.mark.parametrize("labelled", [True, False])
def test_texts(value: Any, gold: Any, labelled: bool) -> None:
    _, example = read("translation", {"source": "one", "target": value}, labelled=labelled)
    assert example.gold == gold


def test_lists_of_texts_in_a_cell() -> None:
    _, example = read("translation", {"source": "one", "target": '["eins", "ein"]'}, labelled=False, cells=True)
    assert example.gold == ["eins", "ein"]


TAGS = [
    ("S-PER O", "B-PER O"),
    ("B-PER E-PER", "B-PER I-PER"),
    ("I-PER I-PER", "B-PER I-PER"),
    ("U-PER L-LOC", "B-PER B-LOC"),
    ("PER O", "B-PER O"),
    ("B_PER I_PER", "B-PER I-PER"),
    ("B-PER I-PER", "B-PER I-PER"),
    ("B-PER B-PER", "B-PER B-PER"),
    ("O O", "O O"),
]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(("tags", "gold"), TAGS)
def test_tags_are_in_the_scheme_of_the_prediction(tags: str, gold: str, labelled: bool) -> None:
    row = {"tokens": ["Rita", "Kos"], "tags": tags.split()}
    task, example = read("ner", row, labelled=labelled)
    found = TagPrediction(["O", "O"], ["O", "I-PER"], np.array([0.5, 0.5], dtype=np.float32))
    record = task.record(example, found)
    assert record["gold_tags"] == gold.split()
    assert ("raw_tags" in record) == labelled


SPANS = [
    [0, 4, "PER"],
    {"start": 0, "end": 4, "label": "PER"},
    {"start": 0, "end": 4, "type": "PER", "id": 7},
    {"start": 0, "end": 4, "entity": "PER", "text": "Rita"},
]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("span", SPANS)
def test_spans_are_entities(span: Any, labelled: bool) -> None:
    task, example = read("ner", {"text": "Rita sleeps.", "spans": [span]}, labelled=labelled)
    number = len(example.starts)
    raw = ["O", "I-LOC", *["O"] * (number - 2)]
    found = TagPrediction(["O"] * number, raw, np.full(number, 0.5, dtype=np.float32))
    record = task.record(example, found)
    assert record["gold_entities"] == [{"label": "PER", "start": 0, "end": 4, "text": "Rita"}]
    assert record.get("raw_entities", None) == (
        [{"label": "LOC", "start": 5, "end": 11, "text": "sleeps"}] if labelled else None
    )


def test_scores_of_single_precision_are_written_so_that_they_can_be_read_back() -> None:
    values = np.random.default_rng(0).random(500, dtype=np.float32)
    scores = Scores(tuple(map(str, range(500))), values)
    assert (np.array(list(scores.by_name.values()), dtype=np.float32) == values).all()
    assert max(len(str(value)) for value in scores.by_name.values()) <= 13
    best = Scores(scores.names, values, highest=3).by_name
    assert list(best.values()) == sorted(scores.by_name.values(), reverse=True)[:3]
