"""Answers, candidates, targets and entities in cells: lists of any spelling, texts, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from data_helpers import counted, data_config, read, refused
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.rankings import RankingReader
from ftk.data.examples.sequences import SequenceReader
from ftk.tasks import build_task
from ftk.tasks.shared.row_task import RowTask


def examples(task: str, row: dict[str, Any], *, labelled: bool = True, cells: bool = True) -> tuple[list[Any], Notes]:
    """What a task makes of one row."""
    made, notes = build_task(values_of(f"task/{task}")), Notes()
    assert isinstance(made, RowTask)
    reading = Reading(data_config().columns, labelled, notes)
    return made.read([Row(row, "a.csv", 2, cells=cells)], reading), notes


QUESTION = {"question": "Where?", "context": "Rita sleeps in Oslo, [1] or in Rome, of finance."}


@pytest.mark.parametrize(
    "answers",
    [
        '[{"text": "Oslo", "start": 15}]',
        "[{'text': 'Oslo', 'start': 15}]",
        "[{'text': 'Oslo', 'start': np.int64(15)}]",
        "{'text': ['Oslo'], 'answer_start': [15]}",
        "{'text': array(['Oslo'], dtype=object), 'answer_start': array([15], dtype=int32)}",
        "{'text': array(['Oslo'], dtype='<U4'), 'answer_start': array([15])}",
        '"{\\"text\\": [\\"Oslo\\"], \\"answer_start\\": [15]}"',
        "['Oslo']",
        "['Oslo' 'Oslo']",
        "array(['Oslo'], dtype=object)",
        ['{"text": "Oslo", "start": 15}'],
        "Oslo",
    ],
)
@pytest.mark.parametrize("cells", [True, False])
def test_answers_in_every_spelling(answers: Any, cells: bool) -> None:
    ([example], notes) = examples("question-answering", {**QUESTION, "answers": answers}, cells=cells)
    notes.raise_errors()
    assert {(answer.text, answer.start) for answer in example.answers} == {("Oslo", 15)}


@pytest.mark.parametrize(
    "answers", ["[]", "", None, "{'text': array([], dtype=object), 'answer_start': array([], dtype=int32)}"]
)
def test_no_answer_in_every_spelling(answers: Any) -> None:
    ([example], notes) = examples("question-answering", {**QUESTION, "answers": answers})
    notes.raise_errors()
    assert example.answers == ()


def test_an_answer_that_looks_like_a_list_is_a_text_if_the_context_has_it() -> None:
    ([example], notes) = examples("question-answering", {**QUESTION, "answers": "[1] or"})
    notes.raise_errors()
    assert [(answer.text, answer.start) for answer in example.answers] == [("[1] or", 21)]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ("[Oslo]", kinds.UNREADABLE_LIST),
        ("{'text': ['Oslo'], 'answer_start': [15]", kinds.UNREADABLE_LIST),
        ("{text: Oslo}", kinds.UNREADABLE_LIST),
        ("['Oslo' ... 'Rome']", kinds.SHORTENED_LIST),
        ("nan", kinds.UNREADABLE_ANSWERS),
        ("None", kinds.UNREADABLE_ANSWERS),
    ],
)
def test_answers_that_cannot_be_read_are_refused(answers: str, kind: Any) -> None:
    found, notes = examples("question-answering", {**QUESTION, "answers": answers})
    assert found == []
    assert [fault.kind for fault in refused(notes)] == [kind]
    ([example], notes) = examples("question-answering", {**QUESTION, "answers": answers}, labelled=False)
    notes.raise_errors()  # they are only copied
    assert example.gold == answers


def ranked(row: dict[str, Any], *, labelled: bool = True, cells: bool = True) -> tuple[list[Any], Notes]:
    notes = Notes()
    reader = RankingReader(columns={}, labelled=labelled, notes=notes)
    return reader.read([Row(row, "a.csv", 2, cells=cells)]), notes


@pytest.mark.parametrize(
    "labels", ["[1, 0]", "[1 0]", "array([1, 0])", "[1.0, 0.0]", "['1' '0']", '"[1, 0]"', "[True, False]"]
)
@pytest.mark.parametrize(
    "candidates", ["['a', 'b']", "['a' 'b']", '["a", {"text": "b"}]', "array(['a', 'b'], dtype=object)"]
)
@pytest.mark.parametrize("cells", [True, False])
def test_candidates_and_their_labels_in_every_spelling(candidates: str, labels: str, cells: bool) -> None:
    ([example], notes) = ranked({"query": "q", "candidates": candidates, "labels": labels}, cells=cells)
    notes.raise_errors()
    assert (example.candidates, example.grades) == (("a", "b"), (1, 0))


@pytest.mark.parametrize("negatives", ["['b', 'c']", "['b' 'c']", "array(['b', 'c'])", '["b", "c"]'])
def test_negatives_in_every_spelling(negatives: str) -> None:
    ([example], notes) = ranked({"query": "q", "positive": "a", "negatives": negatives})
    notes.raise_errors()
    assert example.candidates == ("a", "b", "c")


@pytest.mark.parametrize(
    "row",
    [
        {"query": "q", "candidates": "['a', 'b'", "labels": "[1, 0]"},
        {"query": "q", "candidates": "[a, b]", "labels": "[1, 0]"},
        {"query": "q", "candidates": "['a', 'b']", "labels": "[1, 0"},
        {"query": "q", "positive": "a", "negatives": "['b', c]"},
        {"query": "q", "positive": "a", "negatives": "['b' ... 'c']"},
    ],
)
def test_lists_of_candidates_that_cannot_be_read_are_refused(row: dict[str, Any]) -> None:
    found, notes = ranked(row)
    assert found == []
    [fault] = refused(notes)
    assert fault.kind in (kinds.UNREADABLE_LIST, kinds.SHORTENED_LIST)


def test_candidates_to_predict_for_are_refused_alike() -> None:
    [fault] = refused(ranked({"query": "q", "candidates": "['a', 'b'"}, labelled=False)[1])
    assert fault.kind is kinds.UNREADABLE_LIST


@pytest.mark.parametrize("text", ["[sic]", "[a, b]", "[1] See below", "[Applause] Thank you"])
def test_texts_in_brackets_are_texts_and_counted(text: str) -> None:
    ([example], notes) = ranked({"query": "q", "positive": text})
    notes.raise_errors()
    assert example.candidates == (text,)
    assert [found.count for found in notes if found.kind is kinds.LIST_LIKE_TEXT] == [1] * text.endswith("]")
    notes = Notes()
    [written] = SequenceReader(columns={}, labelled=True, notes=notes).read(
        [Row({"source": "s", "target": text}, "a.csv", 2, cells=True)]
    )
    notes.raise_errors()
    assert written.targets == (text,)
    assert [found.count for found in notes if found.kind is kinds.LIST_LIKE_TEXT] == [1] * text.endswith("]")


@pytest.mark.parametrize(
    ("target", "targets"),
    [
        ("['one', 'two']", ("one", "two")),
        ("['one' 'two']", ("one", "two")),
        ("array(['one', 'two'], dtype=object)", ("one", "two")),
        ("('one', 'two')", ("('one', 'two')",)),
        ("['one', 'two'", None),
        ("['one' ... 'two']", None),
        ('["one", two]', None),
    ],
)
def test_references_in_every_spelling(target: str, targets: tuple[str, ...] | None) -> None:
    notes = Notes()
    reader = SequenceReader(columns=data_config().columns, labelled=True, notes=notes)
    found = reader.read([Row({"source": "s", "target": target}, "a.csv", 2, cells=True)])
    if targets is None:
        assert len(refused(notes)) == 1
    else:
        notes.raise_errors()
        assert found[0].targets == targets


@pytest.mark.parametrize("head", ["[0, 4]", "(0, 4)", "[0 4]", "array([0, 4])", "{'start': 0, 'end': 4}", '"[0, 4]"'])
def test_entities_in_every_spelling(head: str) -> None:
    row = {"text": "Rita sleeps in Oslo.", "head": head, "tail": "[15, 19]", "label": "in"}
    ([example], notes) = examples("relation", row)
    notes.raise_errors()
    assert (example.head, example.tail) == ((0, 4), (15, 19))


@pytest.mark.torch
def test_what_the_datasets_library_writes_as_csv_is_read_as_the_same() -> None:
    from datasets import Dataset

    rows = [
        {"tokens": ["It's", '"so"', "a,b", "é\\n"] * 9, "tags": ["B-X", "I-X", "O", "O"] * 9, "n": 1},
        {"tokens": ["one"], "tags": ["O"], "n": 2},
    ]
    Dataset.from_list(rows).to_csv("rows.csv", index=False)
    found = read(Path("rows.csv").read_bytes(), "rows.csv").rows
    task, notes = build_task(values_of("task/ner")), Notes()
    assert isinstance(task, RowTask)
    sentences = task.read(found, Reading(data_config().columns, True, notes))
    notes.raise_errors()
    assert [sentence.tokens for sentence in sentences] == [row["tokens"] for row in rows]
    assert [sentence.tags for sentence in sentences] == [row["tags"] for row in rows]
    assert counted(notes) == [(kinds.TAG_SCHEME, None, 1, [])]
