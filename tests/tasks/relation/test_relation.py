"""Relations from the command line: what is read, learned, saved, predicted and refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Reason, assert_refused, read_jsonl, write_jsonl, write_lines
from data_helpers import counted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.tables.tabular import read_csv
from ftk.errors import ConfigError, DataError
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds

NAMES = ("Ada", "Boris", "Chen", "Dora", "Emil", "Fatou")
FAST = (*TINY, "train.epochs=10", "train.batch_size=8", "model.dropout=0", "data.max_length=32", "run.dir=run")
trains = pytest.mark.torch


def shipped() -> dict[str, Any]:

    from ftk.config.paths import values_of

    return values_of("task/relation")


def task(**fields):
    return build_task({**shipped(), **fields})


def examples(*rows, columns=None, labelled=True, **fields):
    """What the task reads of rows, which have no faults."""
    notes = Notes()
    numbered = [Row(row, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    found = task(**fields).read(numbered, Reading(columns or {}, labelled, notes))
    notes.raise_errors()
    return found


def marked(number: int) -> list[dict]:
    """Rows that a tiny model learns in seconds: who feeds whom, where the verb says in which direction."""
    rows = []
    for i in range(number):
        one, other = NAMES[i % 6], NAMES[(i + 1 + i // 6) % 6]
        verb, label = (("feeds", "feeds(e1,e2)"), ("obeys", "feeds(e2,e1)"), ("sees", "Other"))[i % 3]
        one = other if one == other else one
        rows.append({"id": i, "text": f"<e1>{one}</e1> {verb} old <e2>{other} Berg</e2> .", "label": label})
    return rows


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    parts = {"train": marked(48), "validation": marked(60)[48:54], "test": marked(60)[54:]}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', rows)}" for split, rows in parts.items())


@pytest.mark.slow
@trains
@pytest.mark.parametrize("head", ["entity_start", pytest.param("r_bert", marks=pytest.mark.slow)])
def test_it_learns_directions_and_predicts_the_same_for_rows_of_every_form(ftk, files, head):
    result = ftk("finetune", "task=relation", f"task.head={head}", *FAST, *files)
    assert result.code == 0, result.err
    metrics = json.loads(Path("run/metrics.json").read_text())["test"]
    assert metrics["f1_semeval"] == metrics["accuracy"] == metrics["f1_micro"] == 1.0
    assert set(metrics["per_label"]) == {"feeds(e1,e2)", "feeds(e2,e1)", "Other"}
    rows = [
        {"text": marked(2)[1]["text"], "note": "a"},
        {"sentence": "Boris obeys old Chen Berg .", "subject": [0, 5], "object": {"start": 16, "end": 25}},
        {"tokens": ["Boris", "obeys", "old", "Chen", "Berg", "."], "head": [0, 1], "tail": [3, 5]},
        {"text": "<e2>Emil Berg</e2> feeds old <e1>Ada</e1> .", "id": 3},
        {"text": " ", "id": 4},
    ]
    argv = ("checkpoint=run/best", f"input={write_jsonl('in.jsonl', rows)}", "output=out.jsonl")
    result = ftk("predict", "--json", *argv)
    assert result.code == 0, result.err
    assert result.count(kinds.REPLACED_COLUMN) == 0
    *same, turned, empty = read_jsonl("out.jsonl")
    assert empty == {"id": 4, "text": "", "head": None, "tail": None, "label": None, "score": None, "scores": None}
    assert (kinds.EMPTY_ROW, "unlabelled", 1, ["in.jsonl:5"]) in counted(result.findings)
    for record in same:
        assert record["text"] == "Boris obeys old Chen Berg ."
        assert record["head"] == {"text": "Boris", "start": 0, "end": 5}
        assert record["tail"] == {"text": "Chen Berg", "start": 16, "end": 25}
        assert record["label"] == "feeds(e2,e1)"
        assert record["score"] == max(record["scores"].values()) == same[0]["score"]
        assert sum(record["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert same[0]["note"] == "a"
    assert same[2]["tokens"] == rows[2]["tokens"]
    assert not {"subject", "object", "sentence"} & same[1].keys()
    assert turned["head"] == {"text": "Ada", "start": 20, "end": 23}
    assert turned["tail"]["start"] == 0
    assert turned["id"] == 3
    again = ftk("evaluate", "checkpoint=run/best", "data.test=test.jsonl", "hardware=cpu", "run.dir=again")
    assert again.code == 0, again.err
    assert json.loads(Path("again/metrics.json").read_text())["test"]["f1_semeval"] == 1.0
    for record, row in zip(read_jsonl("again/predictions/test.jsonl"), marked(60)[54:], strict=True):
        assert record["gold_label"] == row["label"] == record["label"]
        assert record["id"] == row["id"]
    quantized = ftk("predict", "checkpoint=run/best", "input=in.jsonl", "output=q.jsonl", "hardware.precision=int8")
    assert quantized.code == 0, quantized.err
    assert [record["label"] for record in read_jsonl("q.jsonl")][:3] == ["feeds(e2,e1)"] * 3


@trains
@pytest.mark.slow
def test_the_folder_opens_as_an_encoder_and_another_head_begins_anew_on_it(ftk, files):
    import transformers

    short = (*TINY, "debug=one-step", *files)
    assert ftk("finetune", "task=relation", "task.head=r_bert", *short, "run.dir=one").code == 0
    encoder = transformers.AutoModel.from_pretrained("one/best")
    tokenizer = transformers.AutoTokenizer.from_pretrained("one/best")
    assert {"@", "#"} <= tokenizer.get_vocab().keys()
    assert encoder(**tokenizer("Ada", return_tensors="pt")).last_hidden_state.shape[-1] == encoder.config.hidden_size
    argv = ("model=auto", "model.name=one/best", "hardware=cpu", "hardware.threads=1", "debug=one-step", *files)
    result = ftk("finetune", "task=relation", *argv, "run.dir=two")
    assert result.code == 0, result.err
    assert "initialised from the seed: entity_start.classifier" in result.out
    words = ("checkpoint=one/best", "data.test=test.jsonl", "task=relation", "run.dir=scored", "hardware=cpu")
    result = ftk("evaluate", *words, "task.head=entity_start")
    assert result.code == 1
    assert "task.head=entity_start (trained with r_bert) needs another head than the model has" in result.err
    assert ftk("evaluate", *words).code == 0  # what is not named is as in training


@trains
def test_weights_focus_and_balance_of_labels_are_taken(ftk, files):
    argv = ["task.class_weights=balanced", "task.focal=2", "task.label_smoothing=0.1", "task.sampling=balanced"]
    result = ftk("finetune", "task=relation", *TINY, "debug=one-step", *files, *argv, "run.dir=run")
    assert result.code == 0, result.err
    fields = json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]
    assert fields["class_weights"].keys() == {"feeds(e1,e2)", "feeds(e2,e1)", "Other"}
    unknown = ftk("finetune", "task=relation", *TINY, "debug=one-step", *files, "task.class_weights={fed: 2}")
    assert unknown.code == 1
    assert "task.class_weights.fed: there is no such label" in unknown.err


@trains
def test_what_the_metric_leaves_out_must_be_a_label_or_it_is_reported(ftk, files):
    argv = ("finetune", "--json", "task=relation", *TINY, "debug=one-step", *files)
    result = ftk(*argv, "task.no_relation=none", "run.dir=run")
    assert result.code == 0, result.err
    assert result.found(task_kinds.NO_SUCH_RELATION).values == {"label": "none"}
    quiet = ftk(*argv, "task.no_relation=null", "run.dir=other")
    assert quiet.code == 0, quiet.err
    assert quiet.count(task_kinds.NO_SUCH_RELATION) == 0


@trains
def test_long_sentences_are_read_around_the_entities_and_that_is_reported(ftk, files):
    far = " and again".join([""] * 60)
    row = {"text": f"<e1>Ada</e1> feeds{far} <e2>Emil</e2>", "label": "feeds(e1,e2)"}
    write_jsonl("train.jsonl", [*marked(48), row])
    argv = ("task=relation", *TINY, "debug=one-step", "data.limit=null", "data.max_length=32", *files)
    result = ftk("finetune", "--json", *argv)
    assert result.code == 0, result.err
    assert result.found(task_kinds.ENTITIES_APART, "train", length=32).count == 1
    assert result.found(task_kinds.TOKENS_LEFT_OUT, "train").count == 95


def test_marks_leave_the_text_and_its_other_tags_as_they_are():
    [example] = examples({"text": "a <b>c</b> <e2> d  e</e2>, <e1>f</e1>", "label": "x"})
    assert example.text == "a <b>c</b>  d  e, f"
    assert [example.text[slice(*span)] for span in (example.head, example.tail)] == ["f", "d  e"]


def test_marks_signs_and_columns_have_the_names_that_the_config_gives():
    columns = {"text": "body", "label": "rel", "weight": "w", "head": None}
    row = {"body": "[x] <s>Ada</s> < <o>Oslo</o>", "rel": 1, "w": "2.5", "text": "kept"}
    named = task(head_mark="s", tail_mark="o", head_sign="[S]", tail_sign="[O]", label_names=["in", "near"])
    notes = Notes()
    [example] = named.read([Row(row, "f", 1)], Reading(columns, True, notes))
    assert (example.target, example.gold, example.weight) == ("near", "near", 2.5)
    assert example.columns == {"text": "kept", "w": "2.5"}
    assert example.key == "[x] [S] Ada [S] < [O] Oslo [O]"


def test_spans_may_stand_in_cells_of_a_table():
    write_lines("rows.csv", ["text,h,t,relation", 'Ada in Oslo,"[0, 3]","{""start"": 7, ""end"": 11}",in'])
    [example] = examples(*(row.values for row in read_csv("rows.csv", "utf-8", Notes())))
    assert (example.head, example.tail, example.target) == ((0, 3), (7, 11), "in")


def test_tokens_count_as_tokens_and_offsets_as_characters():
    row = {"tokens": ["New", "York", "hosts", "Ada"], "text": "New York hosts Ada", "label": "x"}
    [by_token] = examples({**row, "head": [0, 2], "tail": [3, 4]}, columns={"tokens": "tokens"})
    [by_character] = examples({**row, "head": [0, 8], "tail": [15, 18]}, columns={"text": "text"})
    assert by_token.text == by_character.text
    assert (by_token.head, by_token.tail) == (by_character.head, by_character.tail) == ((0, 8), (15, 18))


def test_the_same_sentence_about_other_entities_is_another_row():
    one, other = examples(
        {"text": "<e1>Ada</e1>, <e2>Boris</e2>, Chen", "label": "x"},
        {"text": "<e1>Ada</e1>, Boris, <e2>Chen</e2>", "label": "x"},
    )
    assert one.text == other.text
    assert one.key != other.key


SPANS = {"text": "Ada in Oslo", "label": "in"}
BROKEN: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "no mark": ({"text": "Ada in Oslo", "label": "in"}, kinds.MISSING_ENTITIES, ""),
    "one entity": ({"text": "<e1>Ada</e1> in Oslo", "label": "in"}, kinds.MISSING_MARK, "there is no <e2>…</e2>"),
    "no end": ({"text": "<e1>Ada in <e2>Oslo</e2>", "label": "in"}, kinds.MISSING_MARK, "there is no </e1>"),
    "doubled": ({"text": "<e1>Ada</e1> <e1>B</e1> <e2>C</e2>", "label": "in"}, kinds.REPEATED_MARK, "<e1>"),
    "no beginning": ({"text": "<e1>Ada</e1> in Oslo</e2>", "label": "in"}, kinds.UNOPENED_MARK, "</e2>"),
    "end first": ({"text": "</e1>Ada<e1> in <e2>Oslo</e2>", "label": "in"}, kinds.UNOPENED_MARK, "</e1>"),
    "empty": ({"text": "<e1> </e1> in <e2>Oslo</e2>", "label": "in"}, kinds.EMPTY_ENTITY, "the head is ' '"),
    "crossing": ({"text": "<e1>Ada <e2>in</e1> Oslo</e2>", "label": "in"}, kinds.ENTITIES_OVERLAP, ""),
    "nested": ({"text": "<e1>Ada of <e2>Oslo</e2></e1>", "label": "in"}, kinds.ENTITIES_OVERLAP, ""),
    "no label": ({"text": "<e1>Ada</e1> in <e2>Oslo</e2>"}, (kinds.MISSING, {"role": "label"}), ""),
    "nothing": ({"text": " ", "label": "in"}, kinds.EMPTY_RELATION, ""),
    "null label": ({"text": "<e1>Ada</e1> in <e2>Oslo</e2>", "label": None}, kinds.EMPTY_LABEL, ""),
    "outside": (
        {**SPANS, "head": [0, 3], "tail": [7, 12]},
        kinds.SPAN_OUTSIDE,
        "tail 7-12 in a text of 11 characters",
    ),
    "backwards": ({**SPANS, "head": [3, 0], "tail": [7, 11]}, kinds.SPAN_EMPTY, "head 3-0"),
    "zero": ({**SPANS, "head": [3, 3], "tail": [7, 11]}, kinds.EMPTY_ENTITY, "the head is ''"),
    "shared": ({**SPANS, "head": [0, 8], "tail": [7, 11]}, kinds.ENTITIES_OVERLAP, "'Ada in O'"),
    "no text of it": ({**SPANS, "head": "Eve", "tail": [7, 11]}, (kinds.ABSENT_ENTITY, {"role": "head"}), "'Eve'"),
    "a text twice": (
        {**SPANS, "text": "Ada in Oslo, Ada", "head": "Ada", "tail": [7, 11]},
        (kinds.REPEATED_ENTITY, {"role": "head"}),
        "'Ada' occurs 2 times",
    ),
    "no marks": ({"text": "<<Ada>> in <<Oslo>>", "label": "in"}, kinds.MISSING_ENTITIES, "its text has << >>"),
    "booleans": ({**SPANS, "head": [False, True], "tail": [7, 11]}, (kinds.UNREADABLE_ENTITY, {"role": "head"}), ""),
    "no tail": ({**SPANS, "head": [0, 3]}, kinds.MISSING_ENTITIES, ""),
    "tokens": (
        {"tokens": ["Ada", "in"], "head": [0, 1], "tail": [1, 3], "label": "x"},
        kinds.SPAN_OUTSIDE,
        "in a text of 2 tokens",
    ),
    "both": ({**SPANS, "tokens": ["Ada"], "head": [0, 1], "tail": [1, 2]}, kinds.TEXT_AND_TOKENS, ""),
    "no text": ({"head": [0, 1], "tail": [1, 2], "label": "x"}, kinds.MISSING_TEXT_OR_TOKENS, ""),
    "a number": ({"text": 7, "head": [0, 1], "tail": [1, 2], "label": "x"}, (kinds.NOT_A_STRING, {"role": "text"}), ""),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_rows_are_reported_with_their_place_before_anything_is_loaded(ftk, fault):
    row, reason, place = BROKEN[fault]
    good = {"text": "<e1>Ada</e1> in <e2>Oslo</e2>", "label": "in"}
    path = write_jsonl("train.jsonl", [good, row])
    result = ftk("finetune", "--json", "task=relation", *TINY, f"data.train={path}")
    assert_refused(result, reason)
    [found] = [one for one in result.findings if one.severity == "error"]
    assert found.places[0].startswith("train.jsonl:2")
    assert place in found.places[0]
    assert not Path("runs").exists()


def test_unlabelled_rows_need_no_label():
    [example] = examples({"text": "<e1>Ada</e1> in <e2>Oslo</e2>"}, labelled=False)
    assert (example.target, example.gold) == (None, None)


def test_an_empty_row_to_predict_for_is_kept_and_counted():
    notes = Notes()
    rows = [Row(row, "in.txt", line) for line, row in enumerate([{"text": ""}, {"tokens": []}], start=1)]
    found = task().read(rows, Reading({}, False, notes))
    assert [example.empty for example in found] == [True, True]
    assert counted(notes.drain()) == [(kinds.EMPTY_ROW, "unlabelled", 2, ["in.txt:1", "in.txt:2"])]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"head_mark": "e2"}, "task.tail_mark=e2: that of the head is the same"),
        ({"head_sign": "#"}, "task.tail_sign=#: that of the head is the same"),
        ({"head_mark": "<e1>"}, "task.head_mark=<e1>: it must be a name"),
        ({"tail_sign": " "}, "task.tail_sign= : it must be a sign such as @"),
        ({"head": "cls"}, "task.head=cls"),
        ({"focal": -1}, "task.focal=-1.0"),
    ],
)
def test_fields_that_mean_nothing_are_refused(fields, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        task(**fields)


def test_several_columns_of_labels_are_refused():
    with pytest.raises(DataError, match=r"data\.columns\.label: two entities have one label"):
        examples({"text": "<e1>a</e1> <e2>b</e2>"}, columns={"label": ["x", "y"]})
