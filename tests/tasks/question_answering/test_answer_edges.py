"""What answers leave out of the words that they begin and end in."""

from typing import Any

import pytest

from data.readers.json.test_squad import qa_task
from data_helpers import data_config
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.tasks.question_answering.answer_edges import AnswerEdges


def edges_of(*marked: str) -> AnswerEdges:
    """The edges of contexts whose answer stands in brackets."""
    rows = []
    for text in marked:
        before, rest = text.split("[")
        answer, after = rest.split("]")
        answers = [{"text": answer, "start": len(before)}]
        rows.append(Row({"question": "?", "context": before + answer + after, "answers": answers}, "rows", 1))
    examples = qa_task().read(rows, Reading(data_config().columns, True, Notes()))
    return AnswerEdges.of(examples)


@pytest.mark.parametrize(
    ("training", "context", "first", "last", "answer"),
    [
        (["She is in [Oslo]."], "He is in Lima.", "Lima.", "Lima.", "Lima"),
        (["It is “[Oslo]”, now"], "It is “Lima”, yes", "“Lima”,", "“Lima”,", "Lima"),
        (["그는 [서울]에서 잔다"], "나는 부산에서 왔다", "부산에서", "부산에서", "부산"),
        (["그는 [서울]에서 잔다"], "나는 부산에서 왔다", "부산에", "부산에", "부산"),
        (["그는 [서울]에서 잔다"], "나는 부산에서 왔다", "부산", "부산", "부산"),
        (["[Ankara]’da kaldı", "[Ali]’nin"], "şimdi İzmir’da", "İzmir’da", "İzmir’da", "İzmir"),
        (["paid $[30] today"], "cost $55 then", "$55", "$55", "55"),
        (["paid [$30] today", "cost [$7] once"], "cost $55 then", "$55", "$55", "$55"),
        (["ran [5]km fast", "ran [12]km"], "ran 42km now", "42km", "42km", "42"),
        (["in [Oslo].", "in [Lima]."], "from the U.S. itself", "U.S.", "S.", "U.S."),
        (["in [Oslo].", "by [Acme Inc.]", "by [Foo Ltd.]", "in [Co.]"], "the Co. left", "Co.", "Co.", "Co."),
        (["([Oslo], now)"], "was (Lima, once)", "(Lima,", "(Lima,", "Lima"),
        (["in [Oslo]."], "He said .", ".", ".", "."),
        (["学 [北京]。"], "在 上海。", "上海。", "上海。", "上海"),
        (["no edges [at all] here"], "in Oslo.", "Oslo.", "Oslo.", "Oslo."),
    ],
)
def test_answers_are_cut_out_of_sub_words(
    training: list[str], context: str, first: str, last: str, answer: str
) -> None:
    edges = edges_of(*training)
    places = [(context.index(part), context.index(part) + len(part)) for part in (first, last)]
    start, end = edges.cut(context, *places)
    assert context[start:end] == answer
    again = AnswerEdges.of_field(edges.to_field())
    assert again == edges


def test_only_training_says_what_is_cut_off() -> None:
    task: Any = qa_task()
    rows = [Row({"question": "?", "context": "in ${Oslo}.", "answers": ["Oslo"]}, "rows", 1)]
    learned = task.learn(task.read(rows, Reading(data_config().columns, True, Notes())))
    assert learned.answer_edges == {"before": [], "after": ["}."]}, (
        "an interpolation is nothing that a model folder has"
    )
    assert task.answer_edges is None
