"""Files of the SQuAD family, and the other ways in which rows say what answers a question."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conftest import SHARED
from data_helpers import MANY, counted, data_config, read, refused
from ftk.config.paths import shipped_configs
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.questions import QuestionExample
from ftk.data.readers.hub import read_hub
from ftk.data.row_corpus import read_training_corpus
from ftk.errors import DataError
from ftk.tasks import build_task
from ftk.tasks.shared.row_task import RowTask

CONTEXT = "Ada lives in Oslo. Oslo is cold."
ANSWERED = {"id": "q1", "question": "Where?", "answers": [{"text": "Oslo", "answer_start": 13}]}
LACKING = {"id": "q2", "question": "Why?", "answers": [], "is_impossible": True}


def squad(*questions: dict[str, Any]) -> dict[str, Any]:
    """A file of one article with one paragraph."""
    return {"version": "v2.0", "data": [{"title": "Ada", "paragraphs": [{"context": CONTEXT, "qas": list(questions)}]}]}


def qa_task(**changes: Any) -> RowTask:
    """The shipped ``task=question-answering`` with some fields changed."""
    shipped = yaml.safe_load((shipped_configs() / "task/question-answering.yaml").read_text(encoding="utf-8"))
    task = build_task({**shipped, **changes})
    assert isinstance(task, RowTask)
    return task


def examples(*rows: dict[str, Any], labelled: bool = True, **fields: Any) -> tuple[list[QuestionExample], Notes]:
    """What the task makes of rows of ``rows.jsonl``, each with a question and CONTEXT where it has none."""
    notes = Notes()
    full = [{"question": "Where?", "context": CONTEXT, **row} for row in rows]
    numbered = [Row(values, "rows.jsonl", number) for number, values in enumerate(full, start=1)]
    columns = data_config(columns=fields.pop("columns", {})).columns
    return qa_task(**fields).read(numbered, Reading(columns, labelled, notes)), notes


def answers_of(value: Any, **fields: Any) -> list[tuple[str, int | None]]:
    """The answers of one row with this in its column ``answers``."""
    [example], notes = examples({"answers": value}, **fields)
    notes.raise_errors()
    assert example.answers is not None
    return [(answer.text, answer.start) for answer in example.answers]


def refusal(*rows: dict[str, Any], **fields: Any) -> Finding:
    """The one finding that stops the run."""
    [found] = refused(examples(*rows, **fields)[1])
    return found


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("format", ["auto", "squad"])
def test_a_file_of_squad_has_one_row_a_question(indent: int | None, format: str) -> None:
    text = json.dumps(squad(ANSWERED, LACKING), indent=indent)
    found = read(text, "dev.json", format=format)
    assert found.values == [{"title": "Ada", "context": CONTEXT, **item} for item in (ANSWERED, LACKING)]
    expected = [1, 1] if indent is None else [text[: text.index(f'"{name}"')].count("\n") + 1 for name in ("q1", "q2")]
    assert [row.line for row in found.rows] == expected
    assert {row.file for row in found.rows} == {"dev.json"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_hides_nothing(encoding: str) -> None:
    found = read(json.dumps(squad(ANSWERED), indent=2).encode(encoding), "dev.json", labelled=False)
    assert [row["question"] for row in found.values] == ["Where?"]


def test_other_json_is_read_as_before() -> None:
    assert read('{"data": [1], "text": "a"}', "rows.json").values == [{"data": [1], "text": "a"}]
    assert read('[{"text": "a"},\n {"text": "b"}]', "rows.json").values == [{"text": "a"}, {"text": "b"}]


def test_numbers_as_ids_are_found_too() -> None:
    text = json.dumps(squad({**ANSWERED, "id": 7}, {**LACKING, "id": 8}), indent=1)
    assert [text.splitlines()[row.line - 1].strip() for row in read(text, "dev.json").rows] == ['"id": 7,', '"id": 8,']


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"data": [{"title": "x"}], "paragraphs": 1}, r"data\[0\] has no list 'paragraphs'"),
        ({"data": [{"paragraphs": [{"context": "x"}]}]}, r"data\[0\].paragraphs\[0\] has no list 'qas'"),
        ({"data": [{"paragraphs": ["x"]}]}, r'data\[0\].paragraphs\[0\] is not an object but "x"'),
        ({"data": [{"paragraphs": [{"context": "x", "qas": [3]}]}]}, r"qas\[0\] is not an object but 3"),
        (squad({"id": "q", "question": "\ud800?"}), "half of a surrogate pair"),
    ],
)
def test_what_is_no_squad_is_reported_by_its_place(document: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(json.dumps(document), "dev.json")


def test_broken_json_is_reported_by_its_line() -> None:
    broken = json.dumps(squad(ANSWERED), indent=1).removesuffix("\n}")
    with pytest.raises(DataError, match=rf"dev\.json:{broken.count(chr(10)) + 1}: this is not JSON"):
        read(broken, "dev.json")


def test_a_file_without_articles_is_empty() -> None:
    assert read('{"version": "1", "data": []}', "dev.json").rows == []


@pytest.mark.parametrize(
    "value",
    [
        [{"text": "Oslo", "start": 13}],
        [{"text": " Oslo\n", "start": 12}],
        [{"text": " Oslo", "start": 13}],
        [{"text": "Oslo", "answer_start": 13.0}],
        {"text": ["Oslo"], "answer_start": [13]},
        {"text": "Oslo", "start": 13},
        '[{"text": "Oslo", "start": 13}]',
        '{"text": ["Oslo"], "answer_start": [13]}',
        "Oslo",
        ["Oslo"],
    ],
)
def test_answers_are_understood_however_they_are_written(value: Any) -> None:
    assert answers_of(value) == [("Oslo", 13)]


@pytest.mark.parametrize("value", [[], None, "", "  ", "[]", {"text": [], "answer_start": []}, {"text": [""]}])
def test_no_answer_is_understood_however_it_is_written(value: Any) -> None:
    assert answers_of(value) == []


def test_a_text_that_begins_like_json_is_one() -> None:
    [example], notes = examples({"answers": "[1]", "context": "See [1] for more."})
    notes.raise_errors()
    assert example.answers is not None
    assert [(answer.text, answer.start) for answer in example.answers] == [("[1]", 4)]


def test_all_gold_answers_are_kept_in_their_order() -> None:
    value = [{"text": "Oslo", "start": 19}, {"text": "in Oslo", "start": 10}]
    assert answers_of(value) == [("Oslo", 19), ("in Oslo", 10)]


def test_a_text_that_occurs_twice_is_counted() -> None:
    _, notes = examples({"answers": "Oslo"}, {"answers": "Ada"}, {"answers": ["Oslo"]})
    assert [str(finding) for finding in notes] == [
        "2 answers without an offset that occur in the context more than once: the first place is taken "
        "(rows.jsonl:1: 'Oslo', :3: 'Oslo')"
    ]


def test_an_answer_that_is_not_at_its_offset_is_an_error_by_place() -> None:
    found = refusal({"id": "q7", "answers": [{"text": "Oslo", "start": 12}]})
    assert found.kind == kinds.MISPLACED_ANSWER
    assert found.places == ["rows.jsonl:1 (id q7): 'Oslo' at 12, where the context has ' Osl'"]


@pytest.mark.parametrize(("start", "found"), [(0, 13), (15, 13), (16, 13), (17, 19), (99, 19), (-1, 13)])
def test_search_takes_the_nearest_place(start: int, found: int) -> None:
    [example], notes = examples({"answers": [{"text": "Oslo", "start": start}]}, misplaced_answers="search")
    notes.raise_errors()
    assert example.answers is not None
    assert [answer.start for answer in example.answers] == [found]
    assert [(one.kind, one.policy, one.count) for one in notes] == [(kinds.MISPLACED_ANSWER, "search", 1)]


def test_search_does_not_invent_places() -> None:
    found = refusal({"answers": [{"text": "Bergen", "start": 3}]}, misplaced_answers="search")
    assert found.kind == kinds.ABSENT_ANSWER


def test_drop_keeps_the_text_to_score_by() -> None:
    [one, two], notes = examples(
        {"answers": [{"text": "Oslo", "start": 0}, {"text": "Ada", "start": 0}]},
        {"answers": [{"text": "Bergen", "start": 3}]},
        misplaced_answers="drop",
    )
    notes.raise_errors()
    assert one.answers is not None
    assert two.answers is not None
    assert [(answer.text, answer.start) for answer in one.answers] == [("Oslo", None), ("Ada", 0)]
    assert [(answer.text, answer.start) for answer in two.answers] == [("Bergen", None)]
    assert [(one.kind, one.policy, one.count) for one in notes] == [
        (kinds.MISPLACED_ANSWER, "drop", 2),
        (kinds.NO_ANSWER_LEFT, None, 1),
    ]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({}, kinds.MISSING_ANSWERS),
        ({"answers": 3}, kinds.UNREADABLE_ANSWERS),
        ({"answers": [{"text": 3, "start": 0}]}, kinds.UNREADABLE_ANSWERS),
        ({"answers": [{"text": "Ada", "start": True}]}, kinds.UNREADABLE_ANSWERS),
        ({"answers": [{"text": "Ada", "start": "0"}]}, kinds.UNREADABLE_ANSWERS),
        ({"answers": {"text": ["Ada"], "answer_start": [0, 1]}}, kinds.UNREADABLE_ANSWERS),
        ({"answers": ["Ada", ""]}, kinds.EMPTY_ANSWER),
        ({"answers": "Bergen"}, kinds.ABSENT_TEXT_ANSWER),
        ({"answers": [], "context": " "}, kinds.EMPTY_PART),
        ({"answers": [], "question": ""}, kinds.EMPTY_PART),
        ({"answers": [], "question": None}, kinds.NOT_A_STRING),
        ({"answers": "Ada", "is_impossible": True}, kinds.IMPOSSIBLE_ANSWERED),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_its_place(row: dict[str, Any], kind: FindingKind) -> None:
    found = refusal(row)
    assert found.kind == kind
    assert found.places[0].startswith("rows.jsonl:1")


def test_a_question_not_marked_as_impossible_without_an_answer_is_counted() -> None:
    [example], notes = examples({"answers": [], "is_impossible": False})
    assert example.answers == ()
    assert [finding.kind for finding in notes] == [kinds.UNMARKED_IMPOSSIBLE]


def test_what_is_wrong_with_answers_stops_no_prediction() -> None:
    rows = ({"answers": [{"text": "Oslo", "start": 0}]}, {"answers": 3}, {}, {"context": "", "answers": []})
    found, notes = examples(*rows, labelled=False)
    notes.raise_errors()
    assert [example.gold for example in found] == [None, 3, None, []]
    assert counted(notes) == [
        (kinds.GOLD_LEFT_OUT, None, 1, ["rows.jsonl:1"]),  # Oslo is elsewhere
        (kinds.EMPTY_PART, "kept", 1, ["rows.jsonl:4"]),
    ]


def test_columns_of_other_names_are_named() -> None:
    row = {"q": "Who?", "text": CONTEXT, "gold": "Ada", "question": 1, "context": 2}
    [example], notes = examples(row, columns={"question": "q", "context": "text", "answers": "gold"})
    notes.raise_errors()
    assert (example.question, example.context, example.gold) == ("Who?", CONTEXT, [{"text": "Ada", "start": 0}])
    assert example.columns == {"question": 1, "context": 2}


@pytest.mark.parametrize(
    "value", [[{"text": "Oslo", "start": 13}], {"text": ["Oslo"], "answer_start": [13]}, "Oslo in Oslo", None]
)
def test_parquet_and_datasets_hold_the_same_as_json(value: Any) -> None:
    import datasets
    import pyarrow
    import pyarrow.parquet

    values = {"question": "Where?", "context": "Ada lives in Oslo in Oslo.", "answers": value}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([values]), "rows.parquet")
    datasets.Dataset.from_list([values]).save_to_disk("saved")
    expected, _ = examples(values)
    rows = [*read(Path("rows.parquet").read_bytes(), "again.parquet").rows, *read_hub("saved", None, None, "train")]
    assert len(rows) == 2
    for row in rows:
        [found] = qa_task().read([row], Reading(data_config().columns, True, Notes()))
        assert found.answers == expected[0].answers


@MANY
@given(st.text(max_size=30), st.data())
def test_any_passage_is_found_at_its_offset(context: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(context)))
    text = context[start : data.draw(st.integers(start, len(context)))]
    if not context.strip() or not text.strip():
        return
    [example], notes = examples({"context": context, "answers": [{"text": text, "start": start}]})
    notes.raise_errors()
    assert example.answers is not None
    [answer] = example.answers
    assert answer.text == text.strip()
    assert answer.start == start + text.index(answer.text)


def test_validation_is_cut_off_by_context(tmp_path: Path) -> None:
    """All questions on a context are on one side, though each is a row of its own."""
    paragraphs = []
    for number in range(9):
        answered = {"id": f"{number}", "question": "Which?", "answers": [{"text": str(number), "answer_start": 7}]}
        lacking = [{"id": f"{number}-{i}", "question": f"Why {i}?", "answers": []} for i in range(3)]
        paragraphs.append({"context": f"Number {number}.", "qas": [answered, *lacking]})
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")
    config = data_config(train=str(path), validation_share=0.3)
    corpus = read_training_corpus(config, qa_task(), Notes())
    sides = {split: {example.context for example in rows} for split, rows in corpus.examples.items()}
    assert len(sides["validation"]) == 3
    assert not sides["train"] & sides["validation"]
    assert {split: len(rows) for split, rows in corpus.examples.items()} == {"train": 24, "validation": 12}


def test_questions_with_one_id_are_counted() -> None:
    found = read(json.dumps(squad(ANSWERED, LACKING, {**LACKING, "id": "q1"}), indent=1), "dev.json")
    assert len(found.rows) == 3
    [repeated] = found.findings
    assert (repeated.kind, repeated.count) == (kinds.REPEATED_ID, 1)
    assert repeated.places[0].endswith("(id q1)")


@pytest.mark.parametrize("text", ['{"version": "1"}', '{\n  "version": "1"\n}'])
def test_a_file_without_articles_is_reported_with_what_is_expected(text: str) -> None:
    Path("dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"list 'data'|one object per line, or one array") as refused:
        read_training_corpus(data_config(train="dev.json"), qa_task(), Notes())
    assert "dev.json:" in str(refused.value)


def test_no_article_is_another_thing_than_an_empty_file() -> None:
    Path("dev.json").write_text('{"version": "1", "data": []}', encoding="utf-8")
    with pytest.raises(DataError, match=r"there is no row in dev\.json\."):
        read_training_corpus(data_config(train="dev.json"), qa_task(), Notes())


def test_the_facts_of_a_run_say_nothing_of_what_the_model_computes() -> None:
    Path("train.json").write_text(json.dumps(squad(ANSWERED, LACKING)), encoding="utf-8")
    notes = Notes()
    read_training_corpus(data_config(train="train.json", validation_share=0.0), qa_task(), notes)
    assert "rows: 2 train" in list(map(str, notes))


def test_one_context_cannot_be_cut() -> None:
    Path("train.json").write_text(json.dumps(squad(ANSWERED, LACKING)), encoding="utf-8")
    with pytest.raises(DataError, match="training rows that all ask of one context are too few"):
        read_training_corpus(data_config(train="train.json"), qa_task(), Notes())


@pytest.mark.skipif(not (SHARED / "qa_xquad").is_dir(), reason="shared/data/qa_xquad is not here")
@pytest.mark.parametrize("language", ["en", "de"])
def test_xquad_is_read_whole(language: str) -> None:
    """Every question stands on the line that its row names, and every answer at its offset."""
    path = SHARED / "qa_xquad" / f"xquad.{language}.json"
    rows = list(read(path.read_bytes(), "x.json").rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1190
    assert all(row.values["id"] in lines[row.line - 1] for row in rows)
    notes = Notes()
    found = qa_task().read(rows, Reading(data_config().columns, True, notes))
    notes.raise_errors()
    assert len(found) == 1190
    assert len({example.context for example in found}) == 240


def test_a_question_is_named_by_its_number_where_its_line_does_not() -> None:
    questions = [{"id": name, "question": "Who?", "answers": []} for name in ("q1", "q2")] + [{"question": "Where?"}]
    content = {"data": [{"paragraphs": [{"context": "Ada", "qas": questions}]}]}
    found = read(json.dumps(content), "a.json", format="squad").rows
    assert [row.where for row in found] == ["a.json: item 1 (id q1)", "a.json: item 2 (id q2)", "a.json: item 3"]
    indented = read(json.dumps(content, indent=1), "a.json", format="squad").rows
    assert [bool(row.item) for row in indented] == [False, False, True]
