"""What the offsets of answers count, and where their texts and offsets stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, of_kind, read, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.questions import QuestionExample
from ftk.errors import DataError

EMOJI = "😀 Ada lives in Oslo. Oslo is cold."
UMLAUTS = "Zoë ärgert Ada in Oslo."


def questions(
    rows: list[Row] | list[dict[str, Any]], *, offsets: str = "auto", columns: dict[str, Any] | None = None, **task: Any
) -> tuple[list[QuestionExample], Notes]:
    """What the task makes of labelled rows, and what it notes."""
    notes = Notes()
    numbered = [
        row if isinstance(row, Row) else Row({"question": "Where?", **row}, "rows.jsonl", number)
        for number, row in enumerate(rows, start=1)
    ]
    reading = Reading(columns or {}, True, notes, offsets=offsets)
    return shipped_task("question-answering", **task).read(numbered, reading), notes


def starts(examples: list[QuestionExample]) -> list[int | None]:
    return [answer.start for example in examples for answer in example.answers or ()]


def answered(context: str, text: str, start: int) -> dict[str, Any]:
    return {"context": context, "answers": [{"text": text, "answer_start": start}]}


@pytest.mark.parametrize(
    ("rows", "found", "what"),
    [
        ([answered(EMOJI, "Oslo", 16), answered(EMOJI, "Ada", 3)], [15, 2], "UTF-16 units"),
        ([answered(EMOJI, "Oslo", 18), answered("Ada naps", "naps", 4)], [15, 4], "UTF-8 bytes"),
        ([answered(UMLAUTS, "Oslo", 20)], [18], "UTF-8 bytes"),
        ([answered("Ada in Oslo", "Oslo", 8), answered("Ada in Oslo", "Ada", 1)], [7, 0], "characters from 1"),
        ([answered("Ada\r\nlives in\r\nOslo", "Oslo", 13)], [15], "characters, a line end as one"),
        ([answered("Ada\nlives in\nOslo", "Oslo", 15)], [13], "characters, a line end as two"),
        ([answered("😀\r\nAda\r\nOslo", "Oslo", 7)], [8], "UTF-16 units, a line end as one"),
        (
            [{"context": EMOJI, "answers": {"text": ["Oslo", "cold"], "answer_start": [22, 30]}}],
            [21, 29],
            "UTF-16 units",
        ),
    ],
)
def test_offsets_count_what_puts_answers_at_their_places(rows: list[Any], found: list[int], what: str) -> None:
    examples, notes = questions(rows)
    notes.raise_errors()
    assert starts(examples) == found
    assert of_kind(notes, kinds.ANSWER_OFFSETS).values["what"] == what


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (answered(EMOJI, "Oslo", 15), 15),
        (answered("Ada\r\nlives in\r\nOslo", "Oslo", 15), 15),
        (answered("Ada in Oslo", " Oslo ", 6), 7),
    ],
)
def test_characters_that_fit_are_taken_without_a_word(row: dict[str, Any], found: int) -> None:
    examples, notes = questions([row])
    assert (starts(examples), list(notes)) == ([found], [])
    [example] = examples
    assert example.answers is not None
    assert example.context.startswith(example.answers[0].text, found)


@pytest.mark.parametrize(
    ("context", "text", "start"),
    [
        ("Ada\r\nlives in\r\nOslo", "in\nOslo", 11),
        ("Ada\nlives in\nOslo", "in\r\nOslo", 10),
        ("Ada lives in\xa0Oslo", " in Oslo", 9),
        ("Ada lives in\u3000Oslo", "in  Oslo", 10),
        ("Ada lives in Oslo", "in\tOslo", None),
    ],
)
def test_answers_have_the_white_space_of_the_context(context: str, text: str, start: int | None) -> None:
    examples, notes = questions([{"context": context, "answers": [{"text": text, "start": start}]}])
    notes.raise_errors()
    assert of_kind(notes, kinds.OTHER_SPACES).count == 1
    [answer] = examples[0].answers or ()
    assert answer.start is not None
    assert context.startswith(answer.text, answer.start)
    assert answer.text.split() == text.split()


def test_the_config_says_what_offsets_count() -> None:
    assert starts(questions([answered(EMOJI, "Oslo", 16)], offsets="utf16")[0]) == [15]
    _, notes = questions([answered(EMOJI, "Oslo", 16)], offsets="characters")
    [found] = refused(notes)
    assert (found.kind, found.values["what"]) == (kinds.MISPLACED_ANSWER, "characters")


def test_single_mistakes_are_no_other_count() -> None:
    rows = [answered(EMOJI, "Oslo", 16), answered(EMOJI, "Ada", 3), answered(EMOJI, "cold", 7)]
    [found] = refused(questions(rows)[1])
    assert (found.kind, found.count, found.values["what"]) == (kinds.MISPLACED_ANSWER, 1, "UTF-16 units")
    examples, notes = questions(rows, misplaced_answers="search")
    notes.raise_errors()
    assert starts(examples) == [15, 2, 29]
    shifted = [answered("Ada in Oslo", "Ada", 0), answered("Ada in Oslo", "in", 4), answered("Ada in Oslo", "Oslo", 8)]
    [found] = refused(questions(shifted)[1])
    assert (found.count, found.values["what"]) == (1, "characters")


WORDS = ["Ada", "Oslo", "😀", "Zoë", "北京", "𝒜da", "naps", "é", "x"]


@given(
    st.lists(st.permutations(WORDS), min_size=1, max_size=4),
    st.sampled_from([" ", "\n", "\r\n"]),
    st.sampled_from(["characters", "utf-16-le", "utf-8"]),
    st.data(),
)
@MANY
def test_every_unit_gives_the_same_answers(texts: list[list[str]], space: str, unit: str, draw: st.DataObject) -> None:
    rows, expected = [], []
    for words in texts:
        context, number = space.join(words), draw.draw(st.integers(0, len(words) - 1))
        at = len(space.join([*words[:number], ""]))
        before = context[:at]
        start = at if unit == "characters" else len(before.encode(unit)) // (2 if unit == "utf-16-le" else 1)
        rows.append(answered(context, words[number], start))
        expected.append(at)
    examples, notes = questions(rows)
    notes.raise_errors()
    assert starts(examples) == expected


@pytest.mark.parametrize(
    "content",
    [
        "question,context,answer,answer_start\nW?,Ada in Oslo or Oslo,Oslo,15\n",
        "question,context,answer_text,answer_start\nW?,Ada in Oslo or Oslo,Oslo,15.0\n",
        "question,passage,answer,answer_offset\nW?,Ada in Oslo or Oslo,Oslo,15\n",
        "query,paragraph,answers,answers_start\nW?,Ada in Oslo or Oslo,Oslo,15\n",
        'question,context,answers.text,answers.answer_start\nW?,Ada in Oslo or Oslo,"[""Oslo""]",[15]\n',
        "question,context,answers.text,answers.answer_start\nW?,Ada in Oslo or Oslo,\"array(['Oslo'], dtype=object)\","
        '"array([15], dtype=int32)"\n',
        "question,context,answers\nW?,Ada in Oslo or Oslo,\"{'text': ['Oslo'], 'answer_start': [15]}\"\n",
    ],
)
def test_offsets_may_have_a_column_of_their_own(content: str) -> None:
    examples, notes = questions(read(content, "rows.csv").rows)
    notes.raise_errors()
    assert starts(examples) == [15]


@pytest.mark.parametrize("start", ["", None, float("nan")])
def test_without_an_offset_the_first_place_is_taken_and_said(start: Any) -> None:
    row = {"context": "Oslo or Oslo", "answer": "Oslo", "answer_start": start}
    examples, notes = questions([row])
    assert starts(examples) == [0]
    assert of_kind(notes, kinds.REPEATED_ANSWER).count == 1


@pytest.mark.parametrize("start", ["x", [1, 2], True, 3.5])
def test_offsets_that_cannot_be_read_are_refused(start: Any) -> None:
    [found] = refused(questions([{"context": "in Oslo", "answer": "Oslo", "answer_start": start}])[1])
    assert found.kind == kinds.UNREADABLE_STARTS


@pytest.mark.parametrize(
    ("rows", "role"),
    [
        (
            [{"context": "in Oslo", "answers": [], "answer": "Oslo"}, {"context": "Oslo", "answers": ["Oslo"]}],
            "answers",
        ),
        ([{"context": "in Oslo", "answers": ["Oslo"]}, {"passage": "in Oslo", "answers": ["Oslo"]}], "context"),
        ([{"context": "", "passage": "in Oslo", "answers": ["Oslo"]}, {"context": "Oslo", "answers": []}], "context"),
        (
            [{"query": "Who?", "question": None, "context": "a", "answers": []}, {"context": "a", "answers": []}],
            "question",
        ),
    ],
)
def test_rows_that_leave_a_column_open_are_refused_and_the_key_named(rows: list[Any], role: str) -> None:
    with pytest.raises(DataError) as error:
        questions(rows)
    [found] = error.value.findings
    assert (found.kind, found.values["role"]) == (kinds.COMPETING_COLUMNS, role)


@pytest.mark.parametrize(
    ("row", "chosen", "policy"),
    [
        ({"context": "in Oslo", "answers": ["Oslo"], "answer": "in Oslo"}, "answers", "first"),
        ({"context": "in Oslo", "answers": [], "answer": "Oslo"}, "answer", "filled"),
        ({"context": "in Oslo", "answers": {"text": []}, "answer": "Oslo"}, "answer", "filled"),
        ({"context": "in Oslo", "passage": "Rome", "answers": ["Oslo"]}, "context", "first"),
        ({"context": None, "paragraph": "in Oslo", "answers": ["Oslo"]}, "paragraph", "filled"),
    ],
)
def test_a_choice_of_columns_is_said_with_its_reason(row: dict[str, Any], chosen: str, policy: str) -> None:
    examples, notes = questions([row, row])
    notes.raise_errors()
    found = of_kind(notes, kinds.COLUMN_CHOSEN)
    assert (found.values["column"], found.policy) == (chosen, policy)
    assert starts(examples) == [
        examples[0].context.index(answer.text) for row in examples for answer in row.answers or ()
    ]


def test_a_question_marked_as_impossible_in_a_cell_has_no_answer() -> None:
    [found] = refused(questions([{"context": "in Oslo", "answers": "Oslo", "is_impossible": "True"}])[1])
    assert found.kind == kinds.IMPOSSIBLE_ANSWERED
    _, notes = questions([{"context": "in Oslo", "answers": "Oslo", "is_impossible": "False"}])
    assert counted(notes) == []
